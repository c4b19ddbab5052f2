"""Which events a consumer has handled: each event's effects happen once."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ARRAY, DateTime, Text, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.bus.tables import inbox
from shared.sql import compiled_once

_EVENT_ID = func.unnest(bindparam("event_ids", type_=ARRAY(Text))).column_valued("event_id")
# One array rather than a row of parameters each: one statement for every size of batch.
_ENTER = compiled_once(
    insert(inbox)
    .from_select(
        ["consumer", "event_id", "handled_at"],
        select(
            bindparam("consumer", type_=Text),
            _EVENT_ID,
            bindparam("now", type_=DateTime(timezone=True)),
        ),
    )
    .on_conflict_do_nothing()
    .returning(inbox.c.event_id)
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
    return set(entered.scalars())
