"""What is parked, one row per key, as a person reads it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import ColumnElement, Subquery, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared.bus.parking import BEHIND
from shared.bus.tables import parked


@dataclass(frozen=True, slots=True)
class ParkedKey:
    """The event that holds a key back: one that failed, else one that waits for another."""

    key: str
    topic: str
    event_type: str
    cause: str
    waits_for: str | None
    """The key whose event must come first; it then goes on by itself. None: a person decides."""
    attempts: int
    events: int
    """How many of the key are parked, this one included."""
    parked_at: datetime
    seen_at: datetime | None


async def list_parked(
    session: AsyncSession,
    consumer: str,
    *,
    county: str | None = None,
    key: str | None = None,
    cause: str | None = None,
    after: str = "",
    limit: int = 100,
) -> Sequence[ParkedKey]:
    """In order of key; ids begin with the time, so the oldest come first.

    `county`: only its events and those that name none. `cause`: only those whose cause begins so.
    `after`: the last key of the page before.
    """
    first = _first_of_each_key(consumer, county, key)
    columns = [first.c[each.name] for each in fields(ParkedKey)]
    statement = select(*columns).where(first.c.key > after).order_by(first.c.key).limit(limit)
    if cause is not None:
        statement = statement.where(first.c.cause.startswith(cause, autoescape=True))
    return [ParkedKey(*row) for row in await session.execute(statement)]


def _first_of_each_key(consumer: str, county: str | None, key: str | None) -> Subquery:
    rows = (
        select(
            parked,
            func.coalesce(parked.c.headers["ce_type"].astext, "").label("event_type"),
            func.count().over(partition_by=parked.c.key).label("events"),
        )
        .where(parked.c.consumer == consumer)
        .distinct(parked.c.key)
        .order_by(
            parked.c.key, parked.c.cause == BEHIND, parked.c.waits_for.is_not(None), parked.c.id
        )
    )
    if county is not None:
        rows = rows.where(_is_of(county))
    if key is not None:
        rows = rows.where(parked.c.key == key)
    return rows.subquery()


def _is_of(county: str) -> ColumnElement[bool]:
    return or_(parked.c.county == county, parked.c.county.is_(None))


async def mark_seen(
    session: AsyncSession,
    consumer: str,
    keys: Collection[str],
    seen_by: str,
    now: datetime,
    *,
    county: str,
) -> None:
    """A person of this county has read these: `waterdesk verify` no longer warns of them."""
    await session.execute(
        update(parked)
        .where(
            parked.c.consumer == consumer,
            parked.c.key.in_(list(keys)),
            parked.c.seen_at.is_(None),
            _is_of(county),
        )
        .values(seen_at=now, seen_by=seen_by)
    )
