"""What dispatch asks reply by itself, in nobody's name: working days, and platforms that do not
answer."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import httpx

from shared.auth.permissions import Role
from shared.auth.tokens import Person, issue_token
from shared.clock import Clock
from shared.http import PlatformUnavailable, RetryPolicy, open_client, read_json

_RETRY_POLICY = RetryPolicy(attempts=2)
_WORKED = frozenset({"workday", "make_up"})
_MONDAY_TO_FRIDAY = range(5)


class ReplyFacts:
    """Close it after use."""

    def __init__(
        self,
        reply_url: str,
        secret: str,
        clock: Clock,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._secret, self._clock = secret, clock
        self._client = open_client(reply_url, transport=transport)

    async def close(self) -> None:
        await self._client.aclose()

    async def is_working_day(self, county: str, day: date) -> bool:
        """By the county's calendar; while reply cannot be reached, Monday to Friday."""
        try:
            year = await self._read(county, f"/calendar/years/{day.year}")
        except PlatformUnavailable:
            return day.weekday() in _MONDAY_TO_FRIDAY
        kinds = {each["date"]: each["kind"] for each in year["days"]}
        return kinds[day.isoformat()] in _WORKED

    async def outages(self, county: str, tolerated: timedelta) -> Sequence[str] | None:
        """Platforms that have not answered for longer than is tolerated; None: reply cannot be
        reached."""
        try:
            platforms = await self._read(county, "/platforms")
        except PlatformUnavailable:
            return None
        since = self._clock.now() - tolerated
        return [
            str(each["platform"])
            for each in platforms
            if each["unavailable_since"]
            and datetime.fromisoformat(each["unavailable_since"]) <= since
        ]

    async def _read(self, county: str, path: str) -> Any:
        asker = Person("service:dispatch", Role.ADMIN, county)
        token = issue_token(asker, self._secret, self._clock.now(), audience="service")
        headers = {"Authorization": f"Bearer {token}"}
        return await read_json(
            self._client,
            lambda: self._client.build_request("GET", path, headers=headers),
            _RETRY_POLICY,
        )
