"""What a consumer has heard already: each event's effects happen once."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ARRAY, DateTime, Text, func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.bus.tables import inbox


async def first_heard(
    session: AsyncSession, consumer: str, event_ids: Sequence[str], now: datetime
) -> set[str]:
    """Enter the events into the inbox; returns those that were not there yet.

    In the transaction of their effects: both commit or neither. Where another replica is at the
    same events right now, this waits for its commit.
    """
    # Sorted, so that two replicas at the same events never wait for each other in a ring.
    # One array rather than a row of parameters each: one statement for every size of batch.
    event_id = func.unnest(literal(sorted(set(event_ids)), ARRAY(Text))).column_valued("event_id")
    heard = await session.execute(
        insert(inbox)
        .from_select(
            ["consumer", "event_id", "heard_at"],
            select(literal(consumer, Text), event_id, literal(now, DateTime(timezone=True))),
        )
        .on_conflict_do_nothing()
        .returning(inbox.c.event_id)
    )
    return set(heard.scalars())
