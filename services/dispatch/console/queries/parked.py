"""Parked events, as far as they are this county's."""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.bus.tables import parked

_READ = 2000


@dataclass(frozen=True, slots=True)
class ParkedKey:
    """The first parked event of a thing, with how many wait behind it."""

    key: str
    consumer: str
    type: str
    why: str
    attempts: int
    parked_at: datetime
    events: int


async def read_parked(session: AsyncSession, consumer: str, county: str) -> tuple[ParkedKey, ...]:
    """The oldest first. An event that names no county is everybody's."""
    rows = await session.execute(
        select(parked).where(parked.c.consumer == consumer).order_by(parked.c.id).limit(_READ)
    )
    first: dict[str, ParkedKey] = {}
    behind: dict[str, int] = {}
    for row in rows:
        if _county_of(row.value) not in (county, None):
            continue
        behind[row.key] = behind.get(row.key, 0) + 1
        event_type = str(row.headers.get("ce_type", ""))
        first.setdefault(
            row.key,
            ParkedKey(row.key, consumer, event_type, row.cause, row.attempts, row.parked_at, 0),
        )
    return tuple(
        ParkedKey(one.key, consumer, one.type, one.why, one.attempts, one.parked_at, behind[key])
        for key, one in first.items()
    )


def _county_of(value: bytes) -> str | None:
    try:
        county = json.loads(value)["county"]
    except (ValueError, KeyError, TypeError):
        return None
    return county if isinstance(county, str) else None
