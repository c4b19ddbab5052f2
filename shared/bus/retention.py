"""How long the bus remembers: one setting for inbox, sent events and log; pruned in small steps.

The inbox must know every event that can still be read: it is kept a little longer than the log.
"""

from datetime import timedelta

from sqlalchemy import bindparam, delete, select, tuple_

from shared.bus.protocol import Bus
from shared.bus.tables import inbox, outbox, outbox_unsent
from shared.db import Database

_STEP = 1000
_INBOX_LONGER = timedelta(days=2)
"""Kafka forgets by whole segments, of one day (see kafka.py)."""

# Both look at the beginning of a primary key that begins with the time: no further index is
# written on the hot path. A row out of order is pruned later, never too early.
_oldest_recorded = (
    select(outbox.c.id, outbox.c.recorded_at)
    .order_by(outbox.c.id)
    .limit(_STEP)
    .with_for_update(skip_locked=True)
    .cte("oldest")
)
_PRUNE_SENT = delete(outbox).where(
    outbox.c.id.in_(
        select(_oldest_recorded.c.id).where(
            _oldest_recorded.c.recorded_at < bindparam("before"),
            _oldest_recorded.c.id.not_in(select(outbox_unsent.c.id)),
        )
    )
)
_oldest_handled = (
    select(inbox.c.consumer, inbox.c.event_id, inbox.c.handled_at)
    .order_by(inbox.c.consumer, inbox.c.event_id)
    .limit(_STEP)
    .with_for_update(skip_locked=True)
    .cte("oldest")
)
_PRUNE_INBOX = delete(inbox).where(
    tuple_(inbox.c.consumer, inbox.c.event_id).in_(
        select(_oldest_handled.c.consumer, _oldest_handled.c.event_id).where(
            _oldest_handled.c.handled_at < bindparam("before")
        )
    )
)


async def prune(database: Database, bus: Bus, retention: timedelta) -> int:
    """One small step in each; any replica may do it at any time. Returns how many rows went."""
    now = database.clock.now()
    pruned = await bus.prune(retention)
    async with database.connect() as connection:
        for statement, before in (
            (_PRUNE_SENT, now - retention),
            (_PRUNE_INBOX, now - retention - _INBOX_LONGER),
        ):
            result = await connection.execute(statement, {"before": before})
            pruned += result.rowcount
    return pruned
