"""Count deadlines again: the order changed, or a policy or the calendar of a year came out."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import insert, or_, select, text
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.reply.models import Complaint, Promise
from services.reply.rulebook import Rulebook
from services.reply.rules import deadlines
from services.reply.rules.escalation import Standing, kept, moved
from shared.bus.outbox import Outbox

from .counting import armed_again, become, counted, limit_unreadable, promise_row, watched

_BATCH = 200
_promises = Promise.__table__  # type: ignore[attr-defined]


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
    """Count the promises of these (locked) complaints again, and tell where they changed.

    What is done already is judged by the new limit; a miss recorded stays one; time a platform has
    granted stays, unless it printed a new limit afterwards (`limited_anew`).
    """
    found = await session.execute(
        select(Promise)
        .where(col(Promise.complaint_id).in_([complaint.id for complaint in complaints]))
        .order_by(col(Promise.complaint_id), col(Promise.stage))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    rows: dict[str, dict[str, Promise]] = {complaint.id: {} for complaint in complaints}
    for row in found.scalars():
        rows[row.complaint_id][row.stage] = row
    for complaint in complaints:
        promises = counted(
            rulebook,
            county=complaint.county,
            platform=complaint.platform,
            category=complaint.category,
            urgent=complaint.urgent,
            sent_at=complaint.sent_at,
            time_limit=complaint.time_limit,
        )
        complaint.counted_by = rulebook.edition
        unreadable = limit_unreadable(promises)
        changed = unreadable != complaint.limit_unreadable
        complaint.limit_unreadable = unreadable
        mine = rows[complaint.id]
        for promise in promises:
            known = mine.get(promise.stage.value)
            if known is None:
                new = promise_row(complaint.id, complaint.county, promise)
                mine[promise.stage.value] = Promise(**new)
                await session.execute(insert(_promises), [new])
                changed = True
            elif known.extensions_granted == 0 or complaint.id in limited_anew:
                changed |= _count_again(known, promise, outbox, now)
        if changed:
            outbox.add(
                armed_again(
                    complaint.id, complaint.county, list(mine.values()), unreadable=unreadable
                )
            )


def _count_again(row: Promise, promise: deadlines.Promise, outbox: Outbox, now: datetime) -> bool:
    """Whether anything of it changed."""
    said = (row.due_at, row.warn_at, row.provisional, row.source)
    before = watched(row)
    if before.kept_at is not None:
        limited = replace(
            before,
            standing=Standing.OPEN,
            kept_at=None,
            warn_at=promise.warn_at,
            due_at=promise.due_at,
        )
        after = kept(limited, before.kept_at)
    else:
        after = moved(before, promise.warn_at, promise.due_at)
    if after.due_at != promise.due_at:
        return False  # it ended as missed: that is not counted away
    row.provisional = promise.provisional
    row.source = promise.source
    row.warn_before_seconds = int(promise.warn_before.total_seconds())
    row.extensions_allowed = promise.extensions_allowed
    become(row, after, outbox, now)
    return said != (row.due_at, row.warn_at, row.provisional, row.source)
