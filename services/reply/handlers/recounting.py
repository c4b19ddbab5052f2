"""Count deadlines again: the order changed, or a policy or the calendar of a year came out."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import insert, or_, select, text
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.reply.models import Complaint, Deadline
from services.reply.rulebook import Rulebook
from services.reply.rules.deadlines import CountedDeadline
from services.reply.rules.escalation import Standing, met, moved
from shared.bus.outbox import Outbox

from .counting import become, counted, deadline_row, deadlines_set_again, limit_unreadable, watched

_BATCH = 200
_deadlines = Deadline.__table__  # type: ignore[attr-defined]


async def recount_outdated(
    session: AsyncSession, outbox: Outbox, now: datetime, *, rulebook: Rulebook
) -> int:
    """Count again some open complaints that another edition of the rulebook was used for.

    Returns how many; 0: all are counted by this one.
    """
    # Not `<>`, which no index answers; and the state as the partial index has it.
    other_edition = or_(
        col(Complaint.counted_by) < rulebook.edition, col(Complaint.counted_by) > rulebook.edition
    )
    found = await session.execute(
        select(Complaint)
        .where(text("state = 'open'"), other_edition)
        .order_by(col(Complaint.id))
        .limit(_BATCH)
        .with_for_update(skip_locked=True)
    )
    complaints = found.scalars().all()
    if complaints:
        await recount(session, outbox, complaints, now, rulebook=rulebook)
    return len(complaints)


async def recount(
    session: AsyncSession,
    outbox: Outbox,
    complaints: Sequence[Complaint],
    now: datetime,
    *,
    rulebook: Rulebook,
    limited_anew: Collection[str] = (),
) -> None:
    """Count the deadlines of these (locked) complaints again, and tell where they changed.

    What is done already is judged by the new limit; a miss recorded stays one; time a platform has
    granted stays, unless it printed a new limit afterwards (`limited_anew`).
    """
    found = await session.execute(
        select(Deadline)
        .where(col(Deadline.complaint_id).in_([complaint.id for complaint in complaints]))
        .order_by(col(Deadline.complaint_id), col(Deadline.stage))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    rows: dict[str, dict[str, Deadline]] = {complaint.id: {} for complaint in complaints}
    for row in found.scalars():
        rows[row.complaint_id][row.stage] = row
    for complaint in complaints:
        deadlines = counted(
            rulebook,
            county=complaint.county,
            platform=complaint.platform,
            category=complaint.category,
            urgent=complaint.urgent,
            sent_at=complaint.sent_at,
            time_limit=complaint.time_limit,
        )
        complaint.counted_by = rulebook.edition
        unreadable = limit_unreadable(deadlines)
        changed = unreadable != complaint.limit_unreadable
        complaint.limit_unreadable = unreadable
        mine = rows[complaint.id]
        for deadline in deadlines:
            known = mine.get(deadline.stage.value)
            if known is None:
                new = deadline_row(complaint.id, complaint.county, deadline)
                mine[deadline.stage.value] = Deadline(**new)
                await session.execute(insert(_deadlines), [new])
                changed = True
            elif known.extensions_granted == 0 or complaint.id in limited_anew:
                changed |= _count_again(known, deadline, outbox, now)
        if changed:
            outbox.add(
                deadlines_set_again(
                    complaint.id, complaint.county, list(mine.values()), unreadable=unreadable
                )
            )


def _count_again(row: Deadline, deadline: CountedDeadline, outbox: Outbox, now: datetime) -> bool:
    """Whether anything of it changed."""
    said = (row.due_at, row.warn_at, row.provisional, row.source)
    before = watched(row)
    if before.met_at is not None:
        limited = replace(
            before,
            standing=Standing.OPEN,
            met_at=None,
            warn_at=deadline.warn_at,
            due_at=deadline.due_at,
        )
        after = met(limited, before.met_at)
    else:
        after = moved(before, deadline.warn_at, deadline.due_at)
    if after.due_at != deadline.due_at:
        return False  # it ended as missed: that is not counted away
    row.provisional = deadline.provisional
    row.source = deadline.source
    row.warn_before_seconds = int(deadline.warn_before.total_seconds())
    row.extensions_allowed = deadline.extensions_allowed
    become(row, after, outbox, now)
    return said != (row.due_at, row.warn_at, row.provisional, row.source)
