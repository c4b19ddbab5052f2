"""Which platforms do not answer, as reply says: asked for at most every few seconds."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from fastapi import Request

from services.dispatch.console.service_clients import reply_of

_KEPT = timedelta(seconds=5)
_LONGEST_SECONDS = 1.5
"""A page waits no longer for it."""


@dataclass(frozen=True, slots=True)
class Platform:
    """As reply's GET /platforms."""

    platform: str
    last_success_at: datetime | None
    last_failure_at: datetime | None
    failure: str | None
    unavailable_since: datetime | None
    waiting: int
    waiting_since: datetime | None


@dataclass(frozen=True, slots=True)
class PlatformHealth:
    """`tolerated`: for how long a platform may be unavailable before everybody is told."""

    tolerated: timedelta
    kept: dict[str, tuple[datetime, Sequence[Platform] | None]] = field(default_factory=dict)

    async def read(self, request: Request, county: str) -> Sequence[Platform] | None:
        """None: reply cannot be reached."""
        now = request.app.state.database.clock.now()
        read_at, platforms = self.kept.get(county, (None, None))
        if read_at is None or now - read_at >= _KEPT:
            platforms = await _ask(request)
            self.kept[county] = (now, platforms)
        return platforms

    def outages(self, platforms: Sequence[Platform], now: datetime) -> tuple[Platform, ...]:
        return tuple(
            each
            for each in platforms
            if each.unavailable_since and now - each.unavailable_since >= self.tolerated
        )


async def _ask(request: Request) -> Sequence[Platform] | None:
    try:
        async with asyncio.timeout(_LONGEST_SECONDS):
            answer = await reply_of(request).read(request, "/platforms")
    except TimeoutError:
        return None
    return None if answer is None else tuple(map(_platform, answer))


def _platform(told: Mapping[str, Any]) -> Platform:
    def at(name: str) -> datetime | None:
        return datetime.fromisoformat(told[name]) if told[name] else None

    return Platform(
        platform=told["platform"],
        last_success_at=at("last_success_at"),
        last_failure_at=at("last_failure_at"),
        failure=told["failure"],
        unavailable_since=at("unavailable_since"),
        waiting=told["waiting"],
        waiting_since=at("waiting_since"),
    )
