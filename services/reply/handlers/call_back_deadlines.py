"""The call-back (回访): due from the delivery of the answer that says it is solved."""

from datetime import datetime

from services.reply.context import Context
from services.reply.loading import DEADLINES, History, rows
from services.reply.models import Complaint, Deadline
from services.reply.rules.call_backs import AskedBy
from services.reply.rules.counting import count_call_back
from services.reply.rules.deadlines import Stage
from services.reply.rules.milestones import Facts

from .deadline_recount import policy_of


def call_back_due(
    context: Context, complaint: Complaint, history: History, facts: Facts
) -> Deadline | None:
    """The deadline that starts with the first answer of the newest round that says "solved". None
    where the platform itself asks the resident: we have nothing to do in time there."""
    if context.config.profile(complaint.platform).asked_by is AskedBy.PLATFORM:
        return None
    if history.later is not None:
        facts = facts.after(history.later.start)
    solved = [each.at for each in facts.answers if each.solved and not each.returned]
    if not solved:
        return None
    rulebook = context.editions.of(complaint.county)
    policy = policy_of(rulebook, complaint, history)
    calendar = rulebook.calendars.of(complaint.county)
    counted = count_call_back(policy, complaint.round, min(solved), calendar)
    return None if counted is None else Deadline.set(complaint, counted)


async def meet_call_back(context: Context, complaint: Complaint, at: datetime) -> None:
    """The resident of a (locked) complaint has answered, or somebody has tried to reach them.

    Meets the call-back of the newest round; the first time counts. Does nothing where there is
    none.
    """
    for deadline in await rows(context.session, DEADLINES, [complaint.id]):
        is_it = deadline.stage == Stage.CALL_BACK and deadline.round == complaint.round
        if is_it and deadline.is_met_by(at):
            context.tell(*deadline.judge(at, context.now))
