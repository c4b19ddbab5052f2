"""Count deadlines again: the ticket changed, or a policy or the calendar of a year came out."""

from collections.abc import Collection, Sequence

from sqlalchemy import or_, select, text
from sqlmodel import col

from services.reply.context import Context
from services.reply.loading import DEADLINES, by_complaint, rows
from services.reply.models import Complaint, Deadline, deadlines_set
from services.reply.rules.deadlines import count_deadlines, is_limit_unreadable
from shared.bulk_insert import bulk_insert
from shared.sql import table_of

_BATCH = 200


async def recount_outdated(context: Context) -> int:
    """Count again some open complaints that were counted by another edition of the rulebook.

    Returns how many; 0: all are counted by this one.
    """
    edition = context.config.rulebook.edition
    # Not `<>`, which no index answers; and the state as the partial index has it.
    other_edition = or_(col(Complaint.counted_by) < edition, col(Complaint.counted_by) > edition)
    found = await context.session.execute(
        select(Complaint)
        .where(text("state = 'open'"), other_edition)
        .order_by(col(Complaint.id))
        .limit(_BATCH)
        .with_for_update(skip_locked=True)
    )
    complaints = found.scalars().all()
    if complaints:
        await recount(context, complaints)
    return len(complaints)


async def recount(
    context: Context, complaints: Sequence[Complaint], *, limited_anew: Collection[str] = ()
) -> None:
    """Count the deadlines of these (locked) complaints again, and tell where they changed.

    What is done already is judged by the new limit; a recorded miss stays one; time a platform has
    granted stays, unless it printed a new limit afterwards (`limited_anew`).
    """
    ids = [complaint.id for complaint in complaints]
    present = by_complaint(await rows(context.session, DEADLINES, ids))
    new: list[Deadline] = []
    for complaint in complaints:
        deadlines = {row.stage: row for row in present.get(complaint.id, ())}
        added, changed = _recount_one(
            context, complaint, deadlines, may_shorten=complaint.id in limited_anew
        )
        if changed or added:
            context.tell(deadlines_set(complaint, [*deadlines.values(), *added]))
        new += added
    await bulk_insert(context.session, table_of(Deadline), new)


def _recount_one(
    context: Context, complaint: Complaint, deadlines: dict[str, Deadline], *, may_shorten: bool
) -> tuple[list[Deadline], bool]:
    """The deadlines that are new, and whether anything else changed."""
    rulebook = context.config.rulebook
    counted = count_deadlines(
        complaint.ticket, rulebook.policies, rulebook.calendars.of(complaint.county)
    )
    changed = complaint.count(rulebook.edition, limit_unreadable=is_limit_unreadable(counted))
    added = []
    for one in counted:
        deadline = deadlines.get(one.stage.value)
        if deadline is None:
            added.append(Deadline.set(complaint, one))
        elif deadline.extensions_granted == 0 or may_shorten:
            moved, events = deadline.count_again(one, context.now)
            changed |= moved
            context.tell(*events)
    return added, changed
