"""The deadline sweep: warn before, record after. Any number of replicas may sweep at once."""

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from services.reply.context import Context
from services.reply.models import Deadline, SweepHeartbeat
from shared.sql import compiled_once

BATCH = 500
_DUE = (
    select(Deadline)
    .where(col(Deadline.next_at) <= bindparam("now"))
    .order_by(col(Deadline.next_at))
    .limit(BATCH)
    .with_for_update(skip_locked=True)
)
_HEARTBEAT = insert(SweepHeartbeat)
_LATER_HEARTBEAT = compiled_once(
    _HEARTBEAT.on_conflict_do_update(
        index_elements=["id"],
        set_={"last_swept_at": _HEARTBEAT.excluded.last_swept_at},
        where=col(SweepHeartbeat.last_swept_at) < _HEARTBEAT.excluded.last_swept_at,
    ),
    ("id", "last_swept_at"),
)


async def sweep(context: Context) -> int:
    """Do what is due now for up to BATCH deadlines; returns how many. Another replica's are passed
    over, so that nobody waits and nothing is done twice."""
    found = await context.session.execute(_DUE, {"now": context.now})
    deadlines = found.scalars().all()
    for deadline in deadlines:
        context.tell(*deadline.sweep(context.now))
    if len(deadlines) < BATCH:
        # All that is due by now is done. A later sweep says so for later, never for earlier.
        await context.session.execute(_LATER_HEARTBEAT, {"id": 1, "last_swept_at": context.now})
    return len(deadlines)
