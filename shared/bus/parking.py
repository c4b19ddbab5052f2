"""Events that cannot be handled now: kept, with all later ones of their key from the same source.

Order is by `sequence`, which each source counts by itself; a topic has one source. So the events of
a key stand in one line per topic, and the first of a line holds back the rest of it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic_core import from_json
from sqlalchemy import Text, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared.advisory_locks import AdvisoryLock
from shared.bus.protocol import Message
from shared.bus.tables import parked
from shared.bus.transient_errors import NotYetKnown
from shared.sql import any_of

BEHIND = "behind an earlier parked event"
_NO_SEQUENCE = 0
"""Of an event whose sequence cannot be read: everything else of its key comes after it."""

_CONCERNING = (
    select(
        parked.c.topic,
        parked.c.key,
        func.min(parked.c.sequence).label("first"),
        func.coalesce(func.bool_or(parked.c.waits_for == any_of("keys", Text)), False).label(
            "waits_for_us"
        ),
    )
    .where(parked.c.consumer == bindparam("its_consumer"))
    .where(or_(parked.c.key == any_of("keys", Text), parked.c.waits_for == any_of("keys", Text)))
    .group_by(parked.c.topic, parked.c.key)
)


@dataclass(frozen=True, slots=True)
class Concerning:
    """What is parked that a batch has to do with."""

    _first: Mapping[tuple[str, str], int]
    waiting_keys: frozenset[str]
    """Keys with an event that waits for one of the batch's keys."""

    def is_behind(self, message: Message) -> bool:
        """Whether an earlier event of its key, from the same source, is parked."""
        first = self._first.get((message.topic, message.key))
        return first is not None and first < sequence_of(message)


def sequence_of(message: Message) -> int:
    try:
        return int(message.headers["ce_sequence"])
    except (KeyError, ValueError):
        return _NO_SEQUENCE


def _county_of(message: Message) -> str | None:
    try:
        county = from_json(message.value)["county"]
    except (ValueError, KeyError, TypeError):
        return None
    return county if isinstance(county, str) else None


def cause_of(error: BaseException) -> tuple[str, str | None]:
    """(what a person reads, the key it waits for). Names the kind of error, never what stood in
    the event."""
    if isinstance(error, NotYetKnown):
        return f"waits for {error.key}", error.key
    return type(error).__name__, None


async def park(
    session: AsyncSession,
    consumer: str,
    messages: Sequence[Message],
    cause: str,
    now: datetime,
    *,
    waits_for: str | None = None,
) -> None:
    """`cause` and `waits_for`: see cause_of, or BEHIND."""
    await session.execute(
        insert(parked),
        [
            {
                "consumer": consumer,
                "topic": message.topic,
                "key": message.key,
                "sequence": sequence_of(message),
                "headers": dict(message.headers),
                "value": message.value,
                "county": _county_of(message),
                "cause": cause,
                "waits_for": waits_for,
                "attempts": 0 if cause == BEHIND else 1,
                "parked_at": now,
                "tried_at": now,
            }
            for message in messages
        ],
    )


async def parked_concerning(
    session: AsyncSession, consumer: str, messages: Collection[Message]
) -> Concerning:
    """What is parked of the messages' keys, or waits for them.

    Holds off the release of these keys until we commit, so that nothing is parked behind an event
    that has just left.
    """
    keys = {message.key for message in messages}
    found = await _concerning(session, consumer, keys)
    blocked = sorted({key for _, key in found._first} & keys)
    if not blocked:
        return found
    for key in blocked:
        await lock_parked_key(session, consumer, key)
    return await _concerning(session, consumer, keys)


async def _concerning(session: AsyncSession, consumer: str, keys: Collection[str]) -> Concerning:
    rows = (
        await session.execute(_CONCERNING, {"its_consumer": consumer, "keys": list(keys)})
    ).all()
    return Concerning(
        {(row.topic, row.key): row.first for row in rows},
        frozenset(row.key for row in rows if row.waits_for_us),
    )


async def lock_parked_key(session: AsyncSession, consumer: str, key: str) -> None:
    name = func.hashtext(f"{consumer}/{key}")
    await session.execute(select(func.pg_advisory_xact_lock(AdvisoryLock.PARKED_KEY, name)))


@dataclass(frozen=True, slots=True)
class ParkedEvent:
    id: int
    message: Message
    waits: bool
    """For another event, and not for a person."""


async def first_of_each_topic(
    session: AsyncSession, consumer: str, key: str
) -> Sequence[ParkedEvent]:
    """The parked events of a key that hold back the rest: the first by sequence in each topic.
    Those a person must decide about come first, and of these the one that was parked first."""
    rows = await session.execute(
        select(parked)
        .where(parked.c.consumer == consumer, parked.c.key == key)
        .distinct(parked.c.topic)
        .order_by(parked.c.topic, parked.c.sequence, parked.c.id)
    )
    return [
        ParkedEvent(
            row.id, Message(row.topic, row.key, row.headers, row.value), row.waits_for is not None
        )
        for row in sorted(rows, key=lambda row: (row.waits_for is not None, row.id))
    ]


async def forget_parked(session: AsyncSession, parked_id: int) -> None:
    await session.execute(delete(parked).where(parked.c.id == parked_id))


async def failed_again(
    session: AsyncSession, parked_id: int, error: BaseException, now: datetime
) -> None:
    cause, waits_for = cause_of(error)
    await session.execute(
        update(parked)
        .where(parked.c.id == parked_id)
        .values(attempts=parked.c.attempts + 1, cause=cause, waits_for=waits_for, tried_at=now)
    )


async def waiting_keys(
    session: AsyncSession, consumer: str, tried_before: datetime, limit: int
) -> Sequence[str]:
    """Keys whose events wait for another event, those that were tried longest ago first."""
    rows = await session.execute(
        select(parked.c.key)
        .where(parked.c.consumer == consumer, parked.c.waits_for.is_not(None))
        .group_by(parked.c.key)
        .having(func.min(parked.c.tried_at) < tried_before)
        .order_by(func.min(parked.c.tried_at))
        .limit(limit)
    )
    return rows.scalars().all()
