"""More time: a person asks the platform for it, and the platform grants or declines it.

No platform we know lets a machine ask (its ticket form does). So what was asked is stored, the old
limit counts until there is an answer, and a person enters the answer.
"""

from collections.abc import Sequence

from services.reply.commands import AnswerExtension, AskExtension
from services.reply.context import Context
from services.reply.loading import DEADLINES, complaint_of_county, rows
from services.reply.models import Complaint, Deadline, deadlines_set
from services.reply.rules.deadlines import Stage
from services.reply.rules.extensions import ExtensionRequest, first_objection
from services.reply.rules.objections import CommandRejected, Objection, reject_if
from shared.auth.tokens import Person


async def ask_for_extension(
    context: Context, complaint_id: str, stage: Stage, command: AskExtension, person: Person
) -> None:
    """Note that the platform is asked. Raises CommandRejected."""
    _, deadlines = await _deadlines(context, complaint_id, person)
    deadline = _of_stage(deadlines, stage)
    request = ExtensionRequest(command.new_due_at, command.reason, context.now)
    reject_if(first_objection(deadline.extensible, request))
    deadline.ask_extension(command.new_due_at, command.reason.strip(), context.now)


async def answer_extension(
    context: Context, complaint_id: str, stage: Stage, command: AnswerExtension, person: Person
) -> None:
    """The platform's answer: the new limit counts from now on, or the old one still does.

    Raises CommandRejected.
    """
    complaint, deadlines = await _deadlines(context, complaint_id, person)
    deadline = _of_stage(deadlines, stage)
    due_at = deadline.extension_asked_until
    if due_at is None:
        raise CommandRejected(Objection.NOTHING_ASKED)
    if not command.granted:
        deadline.decline_extension()
        return
    climb = context.editions.of(complaint.county).climb(complaint.county, deadline.ladder)
    context.tell(
        *deadline.extend(due_at, climb, context.now),
        deadlines_set(complaint, deadlines),
    )


def _of_stage(deadlines: Sequence[Deadline], stage: Stage) -> Deadline:
    """Of the newest round."""
    for deadline in reversed(deadlines):
        if deadline.stage == stage:
            return deadline
    raise CommandRejected(Objection.UNKNOWN_DEADLINE)


async def _deadlines(
    context: Context, complaint_id: str, person: Person
) -> tuple[Complaint, Sequence[Deadline]]:
    complaint = await complaint_of_county(context.session, complaint_id, person.county)
    return complaint, await rows(context.session, DEADLINES, [complaint_id])
