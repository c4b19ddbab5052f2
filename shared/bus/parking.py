"""Events that cannot work: kept, with all that follows of their key, until a person acts."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Row, Text, bindparam, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared.advisory_locks import AdvisoryLock
from shared.bus.protocol import Message
from shared.bus.tables import parked
from shared.sql import any_of

BEHIND = "behind an earlier parked event"
_PARKED_AMONG = (
    select(parked.c.key)
    .where(parked.c.consumer == bindparam("its_consumer"))
    .where(parked.c.key == any_of("keys", Text))
    .distinct()
)


async def park(
    session: AsyncSession, consumer: str, messages: Sequence[Message], why: str, now: datetime
) -> None:
    """`why` names the kind of error, never what stood in the event."""
    await session.execute(
        insert(parked),
        [
            {
                "consumer": consumer,
                "topic": message.topic,
                "key": message.key,
                "headers": dict(message.headers),
                "value": message.value,
                "why": why,
                "attempts": 1 if why != BEHIND else 0,
                "parked_at": now,
            }
            for message in messages
        ],
    )


async def blocked_keys(session: AsyncSession, consumer: str, keys: Collection[str]) -> set[str]:
    """Those of `keys` with something parked. Holds off their release until we commit, so that
    nothing is parked behind an event that has just left."""
    found = await _parked_among(session, consumer, keys)
    if not found:
        return found
    for key in sorted(found):
        await lock_parked_key(session, consumer, key)
    return await _parked_among(session, consumer, found)


async def _parked_among(session: AsyncSession, consumer: str, keys: Collection[str]) -> set[str]:
    rows = await session.execute(_PARKED_AMONG, {"its_consumer": consumer, "keys": list(keys)})
    return set(rows.scalars())


async def lock_parked_key(session: AsyncSession, consumer: str, key: str) -> None:
    name = func.hashtext(f"{consumer}/{key}")
    await session.execute(select(func.pg_advisory_xact_lock(AdvisoryLock.PARKED_KEY, name)))


async def first_parked(
    session: AsyncSession, consumer: str, key: str
) -> tuple[int, Message] | None:
    row = (
        await session.execute(
            select(parked)
            .where(parked.c.consumer == consumer, parked.c.key == key)
            .order_by(parked.c.id)
            .limit(1)
        )
    ).one_or_none()
    return (row.id, Message(row.topic, row.key, row.headers, row.value)) if row else None


async def forget_parked(session: AsyncSession, parked_id: int) -> None:
    await session.execute(delete(parked).where(parked.c.id == parked_id))


async def failed_again(session: AsyncSession, parked_id: int, why: str) -> None:
    await session.execute(
        update(parked)
        .where(parked.c.id == parked_id)
        .values(attempts=parked.c.attempts + 1, why=why)
    )


async def mark_seen(session: AsyncSession, seen_by: str, now: datetime) -> None:
    """A person has all that is parked before their eyes: `waterdesk verify` no longer warns."""
    await session.execute(
        update(parked).where(parked.c.seen_at.is_(None)).values(seen_at=now, seen_by=seen_by)
    )


async def list_parked(session: AsyncSession) -> Sequence[Row[tuple[str, str, str, int]]]:
    """(consumer, key, why of the first, how many) for every blocked key, the oldest first."""
    first = select(func.min(parked.c.id)).group_by(parked.c.consumer, parked.c.key)
    counts = (
        select(parked.c.consumer, parked.c.key, func.count().label("waiting"))
        .group_by(parked.c.consumer, parked.c.key)
        .subquery()
    )
    rows = await session.execute(
        select(parked.c.consumer, parked.c.key, parked.c.why, counts.c.waiting)
        .join(
            counts,
            (counts.c.consumer == parked.c.consumer) & (counts.c.key == parked.c.key),
        )
        .where(parked.c.id.in_(first))
        .order_by(parked.c.id)
    )
    return rows.all()
