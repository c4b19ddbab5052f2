"""The sender: carries queued messages to their providers, once each."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from services.dispatch.rules.staff_messages import Attempt, Result, Tried
from shared.database_time import DatabaseTime
from shared.db import Database
from shared.http import PlatformRejected, PlatformUnavailable
from shared.send_once import Ambiguous, Refused

from .deliveries import Claimed, SendingRules, claim, record_attempt
from .health import note_ways
from .ways import Delivered, LookUpWay, MessageWay, Ways

_AT_ONCE = 8

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Ended:
    result: Result
    delivered: Delivered | None = None
    unavailable: PlatformUnavailable | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class MessageSender:
    """`ways`: those that are configured; what is queued for another one fails over."""

    database: Database
    rules: SendingRules
    ways: Ways

    @property
    def _time(self) -> DatabaseTime:
        return DatabaseTime(self.database.clock)

    async def once(self) -> int:
        """Send, or ask for, some messages that are due now. Returns how many."""
        async with self.database.work() as (session, _):
            now = await self._time.now(session)
            claims = await claim(session, self.rules, _AT_ONCE, now)
        ends = await asyncio.gather(*map(self._carry, claims), return_exceptions=True)
        for end in ends:
            # The row still says that it is being sent: it will be asked for, or sent again.
            if isinstance(end, BaseException):
                raise end
        results = [
            (claimed.way, end.result)
            for claimed, end in zip(claims, ends, strict=True)
            if isinstance(end, _Ended)
        ]
        if results:
            async with self.database.work() as (session, _):
                await note_ways(session, results, await self._time.now(session))
        return len(claims)

    async def _carry(self, claimed: Claimed) -> _Ended | None:
        """None: nothing was tried."""
        if await self._half_the_lease_is_over(claimed):
            return None  # this process was asleep; another may take over before the message arrives
        ended = await self._try(self.ways[claimed.way], claimed)
        async with self.database.work() as (session, _):
            now = await self._time.now(session)
            tried = Tried(
                claimed.attempt,
                ended.result,
                claimed.number,
                claimed.due_since,
                claimed.sent_at,
                self._pause(ended.unavailable),
            )
            state = await record_attempt(
                session, self.rules, claimed, tried, ended.delivered, now, code=ended.code
            )
        log.info(
            "staff_message_attempt",
            message_id=claimed.id,
            way=claimed.way.value,
            attempt=claimed.attempt.value,
            result=ended.result.value,
            state=state,
        )
        return ended

    async def _half_the_lease_is_over(self, claimed: Claimed) -> bool:
        async with self.database.reading() as session:
            now: datetime = await self._time.now(session)
        return now >= claimed.until - self.rules.pace.lease / 2

    async def _try(self, way: MessageWay, claimed: Claimed) -> _Ended:
        try:
            if claimed.attempt is Attempt.LOOK:
                assert isinstance(way, LookUpWay), claimed.way
                there = await way.has(claimed.id)
                return _Ended(Result.SENT if there else Result.NOT_THERE)
            return _Ended(Result.SENT, await way.send(claimed.outgoing))
        except PlatformUnavailable as unavailable:
            if isinstance(unavailable, PlatformRejected):
                log.error(  # noqa: TRY400 - a traceback says nothing here
                    "message_provider_rejects_us",
                    way=claimed.way.value,
                    status=unavailable.status,
                    code=unavailable.code,
                )
            return _Ended(Result.UNAVAILABLE, unavailable=unavailable)
        except Ambiguous:
            return _Ended(Result.AMBIGUOUS)
        except Refused as refused:
            return _Ended(Result.REFUSED, code=str(refused))

    def _pause(self, unavailable: PlatformUnavailable | None) -> timedelta | None:
        if isinstance(unavailable, PlatformRejected):
            return self.rules.pace.longest_wait
        return unavailable.retry_after if unavailable else None
