"""The deadline sweep: warn before, record after. Any number of replicas may sweep at once."""

from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.reply.models import Deadline, SweepHeartbeat
from services.reply.rules.deadlines import Stage
from services.reply.rules.escalation import Action, next_action, swept
from shared.bus.outbox import Outbox
from shared.events.replies import DeadlineWarned
from shared.sql import compiled_once

from .counting import become, watched

BATCH = 500
_DUE = (
    select(Deadline)
    .where(col(Deadline.next_at) <= bindparam("now"))
    .order_by(col(Deadline.next_at))
    .limit(BATCH)
    .with_for_update(skip_locked=True)
)
_BEAT = insert(SweepHeartbeat)
_LATER_BEAT = compiled_once(
    _BEAT.on_conflict_do_update(
        index_elements=["id"],
        set_={"last_swept_at": _BEAT.excluded.last_swept_at},
        where=col(SweepHeartbeat.last_swept_at) < _BEAT.excluded.last_swept_at,
    ),
    ("id", "last_swept_at"),
)


async def sweep(session: AsyncSession, outbox: Outbox, now: datetime) -> int:
    """Do what is due now for up to BATCH deadlines; returns how many. What another replica has in
    hand is passed over, so nobody waits and nothing is done twice."""
    rows = (await session.execute(_DUE, {"now": now})).scalars().all()
    for row in rows:
        before = watched(row)
        if next_action(before, now) is Action.WARN:
            row.warned_at = now
            outbox.add(
                DeadlineWarned(
                    complaint_id=row.complaint_id,
                    county=row.county,
                    stage=Stage(row.stage).value,
                    due_at=row.due_at,
                    warned_at=now,
                )
            )
        become(row, swept(before, now), outbox, now)
    if len(rows) < BATCH:
        await _record_swept(session, now)
    return len(rows)


async def _record_swept(session: AsyncSession, now: datetime) -> None:
    """All that is due by `now` is done: a later sweep says so for later, never for earlier."""
    await session.execute(_LATER_BEAT, {"id": 1, "last_swept_at": now})
