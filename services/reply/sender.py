"""The sender: carries approved replies to their platforms, at most once for each version."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from shared.db import Database
from shared.http import PlatformRejected, PlatformUnavailable

from .channels.channel import Ambiguous, Channel, OutgoingReply, Receipt, Refused
from .handlers.drafting import Office
from .handlers.sending import Claimed, claim, record
from .resident_handle import ResidentHandles
from .rules.delivery import Attempt, Outcome, Pace, next_step

_AT_ONCE = 8

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Ended:
    outcome: Outcome
    receipt: Receipt | None = None
    away: PlatformUnavailable | None = None


@dataclass(frozen=True, slots=True)
class Sender:
    """`channels`: the way out of each platform. A platform without one is answered by hand."""

    database: Database
    channels: Mapping[str, Channel]
    handles: ResidentHandles
    pace: Pace
    office: Office

    async def once(self) -> int:
        """Send, or look for, some replies that are due now. Returns how many."""
        now = self.database.clock.now()
        async with self.database.work() as (session, _):
            claims = await claim(session, tuple(self.channels), now, pace=self.pace, limit=_AT_ONCE)
        ends = await asyncio.gather(*map(self._carry, claims), return_exceptions=True)
        for end in ends:
            # The row still says that it is on its way: it will be looked for.
            if isinstance(end, BaseException):
                raise end
        return len(claims)

    async def _carry(self, claimed: Claimed) -> None:
        channel = self.channels[claimed.platform]
        if self.database.clock.now() >= claimed.until - self.pace.lease / 2:
            return  # we were asleep; another may think us dead by the time this arrives
        ended = await self._try(channel, claimed)
        now = self.database.clock.now()
        step = next_step(
            claimed.attempt,
            ended.outcome,
            now=now,
            sent_at=claimed.sent_at,
            attempts=claimed.number,
            can_look=channel.can_look,
            appears_within=channel.appears_within,
            pace=self.pace,
            asked_for=self._pause(ended.away),
        )
        async with self.database.work() as (session, outbox):
            await record(session, outbox, claimed, step, ended.receipt, now, office=self.office)
        log.info(
            "reply_attempt",
            complaint_id=claimed.complaint_id,
            version=claimed.version,
            attempt=claimed.attempt.value,
            outcome=ended.outcome.value,
            state=step.state.value,
        )

    async def _try(self, channel: Channel, claimed: Claimed) -> _Ended:
        try:
            if claimed.attempt is Attempt.SEND:
                outgoing = await self._addressed(claimed)
                receipt = await channel.send(outgoing)
                return _Ended(Outcome.RECEIPT if receipt else Outcome.TAKEN, receipt)
            if not channel.can_look:
                return _Ended(Outcome.CANNOT_LOOK)
            receipt = await channel.look(claimed.outgoing)
            return _Ended(Outcome.RECEIPT if receipt else Outcome.NOT_SHOWN, receipt)
        except PlatformUnavailable as away:
            if isinstance(away, PlatformRejected):
                log.error(  # noqa: TRY400 - a traceback says nothing here
                    "platform_refuses_us",
                    complaint_id=claimed.complaint_id,
                    platform=claimed.platform,
                    status=away.status,
                )
            return _Ended(Outcome.AWAY, away=away)
        except Ambiguous:
            return _Ended(Outcome.AMBIGUOUS)
        except Refused as refused:
            log.warning(
                "reply_refused",
                complaint_id=claimed.complaint_id,
                platform=claimed.platform,
                why=str(refused),
            )
            return _Ended(Outcome.REFUSED)

    async def _addressed(self, claimed: Claimed) -> OutgoingReply:
        if claimed.platform != "wechat":
            return claimed.outgoing
        handle = await self.handles.of(claimed.complaint_id, claimed.county)
        return replace(claimed.outgoing, handle=handle)

    def _pause(self, away: PlatformUnavailable | None) -> timedelta | None:
        if isinstance(away, PlatformRejected):
            return self.pace.longest_wait
        return away.retry_after if away else None
