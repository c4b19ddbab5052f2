"""Which events a consumer has handled: each event's effects happen once."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ARRAY, Boolean, DateTime, Text, bindparam, func, literal_column, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.bus.tables import inbox
from shared.sql import compiled_once

_EVENT_ID = func.unnest(bindparam("event_ids", type_=ARRAY(Text))).column_valued("event_id")
_INSERT = insert(inbox).from_select(
    ["consumer", "event_id", "handled_at"],
    select(
        bindparam("consumer", type_=Text),
        _EVENT_ID,
        bindparam("now", type_=DateTime(timezone=True)),
    ),
)
# One array rather than a row of parameters each: one statement for every size of batch. An event
# that comes again lies on the bus anew, so it is remembered anew (see retention.py). A row that
# this statement has inserted, and not updated, has no xmax.
_ENTER = compiled_once(
    _INSERT.on_conflict_do_update(
        index_elements=["consumer", "event_id"], set_={"handled_at": _INSERT.excluded.handled_at}
    ).returning(inbox.c.event_id, literal_column("xmax = 0", Boolean).label("is_new"))
)


async def enter_new(
    session: AsyncSession, consumer: str, event_ids: Sequence[str], now: datetime
) -> set[str]:
    """Enter the events into the inbox; returns those that were not there yet.

    In the transaction of their effects: both commit or neither. Where another replica handles the
    same events right now, this waits for its commit.
    """
    # Sorted, so that two replicas at the same events never wait for each other in a ring.
    entered = await session.execute(
        _ENTER, {"consumer": consumer, "event_ids": sorted(set(event_ids)), "now": now}
    )
    return {row.event_id for row in entered if row.is_new}
