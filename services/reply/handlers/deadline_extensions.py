"""More time: a person asks for it, and the platform grants or declines it.

Where a machine can ask (12345), the request is sent by extension_sender.py, and the answer is read
there; elsewhere a person asks, and enters the answer. The old limit counts until it is granted.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlmodel import col

from services.reply.commands import AnswerExtension, AskExtension
from services.reply.context import Context
from services.reply.loading import DEADLINES, complaint_of_county, rows
from services.reply.models import Complaint, Deadline, ExtensionRequest, deadlines_set
from services.reply.rules.counting import PRINTED_LIMIT_STAGES
from services.reply.rules.deadlines import Stage
from services.reply.rules.escalation import WAITING
from services.reply.rules.extensions import (
    UNANSWERED,
    ExtensionState,
    ResidentNews,
    first_objection,
)
from services.reply.rules.extensions import ExtensionRequest as Request
from services.reply.rules.ladder import Climb
from services.reply.rules.objections import CommandRejected, Objection, reject_if
from shared.auth.tokens import Person
from shared.sql import any_of

_OF_COMPLAINT = (
    select(ExtensionRequest)
    .where(col(ExtensionRequest.complaint_id) == any_of("complaint_ids"))
    .with_for_update()
    .execution_options(populate_existing=True)
)


async def ask_for_extension(
    context: Context, complaint_id: str, stage: Stage, command: AskExtension, person: Person
) -> None:
    """Ask the platform, or note that a person asks it. Raises CommandRejected."""
    complaint, deadlines = await _deadlines(context, complaint_id, person)
    deadline = _of_stage(deadlines, stage)
    by_machine = _is_asked_by_machine(context, complaint, stage)
    limit = None if by_machine else _next_stage_due_at(deadline, deadlines)
    request = Request(command.new_due_at, command.reason, context.now)
    reject_if(first_objection(deadline.extensible(limit), request))
    deadline.ask_extension(command.new_due_at)
    asked = ExtensionRequest.ask(
        deadline,
        platform=complaint.platform,
        until=command.new_due_at,
        reason=command.reason.strip(),
        by=person.name,
        now=context.now,
        by_machine=by_machine,
    )
    context.session.add(asked)
    context.tell(asked.changed)


async def answer_extension(
    context: Context, complaint_id: str, stage: Stage, command: AnswerExtension, person: Person
) -> None:
    """A person enters the platform's answer. Raises CommandRejected."""
    complaint, deadlines = await _deadlines(context, complaint_id, person)
    deadline = _of_stage(deadlines, stage)
    found = await context.session.execute(_OF_COMPLAINT, {"complaint_ids": [complaint_id]})
    waiting = [
        each
        for each in found.scalars()
        if (each.stage, each.round) == (deadline.stage, deadline.round) and each.state in UNANSWERED
    ]
    if not waiting or deadline.extension_asked_until is None:
        raise CommandRejected(Objection.NOTHING_ASKED)
    (request,) = waiting
    until = (command.new_due_at or request.until) if command.granted else None
    if until is not None and until <= deadline.due_at:
        raise CommandRejected(Objection.NOT_LATER)
    take_answer(context, complaint, deadlines, request, until, by=person.name)


def take_answer(
    context: Context,
    complaint: Complaint,
    deadlines: Sequence[Deadline],
    request: ExtensionRequest,
    granted_until: datetime | None,
    *,
    by: str | None = None,
) -> None:
    """The new limit counts from now on (None: the old one stays), and the resident is told of it.

    All are locked. The same answer again changes nothing: the request is answered then.
    """
    deadline = next(
        each for each in deadlines if (each.stage, each.round) == (request.stage, request.round)
    )
    request.answer(granted_until, context.now, by)
    if granted_until is None:
        deadline.decline_extension()
    else:
        _grant(context, complaint, deadlines, deadline, granted_until)
    if granted_until is not None and deadline.standing in WAITING:
        profile = context.config.profile(complaint.platform)
        can_write = profile.answers_person and complaint.platform in context.config.channels
        request.tell_resident(context.now, by_channel=can_write)
    context.tell(request.changed)


def _grant(
    context: Context,
    complaint: Complaint,
    deadlines: Sequence[Deadline],
    deadline: Deadline,
    until: datetime,
) -> None:
    next_due_at = _next_stage_due_at(deadline, deadlines)
    whole_ticket = _is_asked_by_machine(context, complaint, Stage(deadline.stage))
    if next_due_at is not None and not whole_ticket:
        until = min(until, next_due_at)
    edition = context.editions.of(complaint.county)

    def climb(each: Deadline) -> Climb:
        return edition.climb(complaint.county, each.ladder)

    context.tell(*deadline.extend(until, climb(deadline), context.now))
    for later in _later_stages(deadline, deadlines):
        if later.due_at < until:
            context.tell(*later.move(until, climb(later), context.now))
    context.tell(deadlines_set(complaint, deadlines))


async def note_told(context: Context, request_id: str, person: Person) -> None:
    """The call sheet: the resident was phoned about a new limit. Raises CommandRejected."""
    request = await context.session.get(ExtensionRequest, request_id, with_for_update=True)
    if request is None or request.county != person.county:
        raise CommandRejected(Objection.UNKNOWN_EXTENSION)
    if request.resident == ResidentNews.TOLD:
        return
    if request.resident != ResidentNews.BY_HAND:
        raise CommandRejected(Objection.NOT_BY_HAND)
    context.tell(request.told(context.now, person.name))


async def look_now(context: Context, complaint_ids: Sequence[str]) -> None:
    """Their tickets have changed: the platform may have answered."""
    found = await context.session.execute(_OF_COMPLAINT, {"complaint_ids": list(complaint_ids)})
    for request in found.scalars():
        if request.state == ExtensionState.ASKED:
            request.next_at = context.now


def _is_asked_by_machine(context: Context, complaint: Complaint, stage: Stage) -> bool:
    """The limit that a platform changes is the ticket's, as it is printed."""
    profile = context.config.profile(complaint.platform)
    reachable = complaint.platform in context.config.channels
    return profile.grants_time and reachable and stage in PRINTED_LIMIT_STAGES


def _later_stages(deadline: Deadline, deadlines: Sequence[Deadline]) -> list[Deadline]:
    order = list(Stage)
    return [
        each
        for each in deadlines
        if each.round == deadline.round
        and order.index(Stage(each.stage)) > order.index(Stage(deadline.stage))
    ]


def _next_stage_due_at(deadline: Deadline, deadlines: Sequence[Deadline]) -> datetime | None:
    later = _later_stages(deadline, deadlines)
    return min((each.due_at for each in later), default=None)


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
