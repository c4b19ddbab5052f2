"""The sender: carries approved replies to their platforms, at most once for each version."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from shared.db import Database
from shared.http import PlatformRejected, PlatformUnavailable

from .channels.channel import Ambiguous, Channel, OutgoingReply, Receipt, Refused, Unreachable
from .context import ReplyConfig, transaction
from .handlers.deliveries import Claimed, claim, record_attempt
from .handlers.platform_health import note_platforms
from .resident_handle import ResidentHandles
from .rules.delivery import Attempt, AttemptResult, LookUp, Tried

_AT_ONCE = 8

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Ended:
    result: AttemptResult
    receipt: Receipt | None = None
    asked_for: timedelta | None = None
    """The pause it asks for."""
    was_asked: bool = True
    """Whether the platform itself was."""


@dataclass(frozen=True, slots=True)
class Sender:
    """`channels`: by platform. A platform without one is answered by hand."""

    database: Database
    config: ReplyConfig
    channels: Mapping[str, Channel]
    handles: ResidentHandles
    sms: Channel | None = None
    """Reaches residents whom their platform does not reach."""

    async def once(self) -> int:
        """Send, or look for, some replies that are due now. Returns how many."""
        async with transaction(self.database, self.config) as context:
            claims = await claim(context, tuple(self.channels), _AT_ONCE)
        ends = await asyncio.gather(*map(self._carry, claims), return_exceptions=True)
        results: dict[str, list[AttemptResult]] = defaultdict(list)
        for claimed, end in zip(claims, ends, strict=True):
            # The row still says that it is being sent: it will be looked for.
            if isinstance(end, BaseException):
                raise end
            if end is not None and end.was_asked:
                way = self._channel_of(claimed).profile.name
                results[way].append(end.result)
        if results:
            async with transaction(self.database, self.config) as context:
                await note_platforms(context, results)
        return len(claims)

    async def _carry(self, claimed: Claimed) -> _Ended | None:
        """None: nothing was tried."""
        channel = self._channel_of(claimed)
        if await self._half_the_lease_is_over(claimed):
            return None  # this process was asleep; another may take over before the reply arrives
        ended = await self._try(channel, claimed)
        tried = Tried(
            claimed.attempt,
            ended.result,
            claimed.number,
            claimed.sent_at,
            ended.asked_for,
            other_way=self.sms is not None and not claimed.by_sms,
        )
        look_up = LookUp(channel.profile.can_look, channel.appears_within)
        async with transaction(self.database, self.config) as context:
            state = await record_attempt(context, claimed, tried, look_up, ended.receipt)
        log.info(
            "reply_attempt",
            complaint_id=claimed.complaint_id,
            version=claimed.version,
            attempt=claimed.attempt.value,
            result=ended.result.value,
            state=state,
        )
        return ended

    def _channel_of(self, claimed: Claimed) -> Channel:
        return self.sms if claimed.by_sms and self.sms else self.channels[claimed.platform]

    async def _half_the_lease_is_over(self, claimed: Claimed) -> bool:
        async with self.database.reading() as session:
            now = await self.config.time.now(session)
        return now >= claimed.until - self.config.pace.lease / 2

    async def _try(self, channel: Channel, claimed: Claimed) -> _Ended:
        try:
            if claimed.attempt is Attempt.SEND:
                outgoing = await self._addressed(channel, claimed)
                if isinstance(outgoing, _Ended):
                    return outgoing
                if not channel.profile.can_look:
                    await channel.probe()  # an outage found here is surely not a reply sent
                receipt = await channel.send(outgoing)
                return _Ended(AttemptResult.RECEIPT if receipt else AttemptResult.TAKEN, receipt)
            if not channel.profile.can_look:
                return _Ended(AttemptResult.CANNOT_LOOK, was_asked=False)
            receipt = await channel.look(claimed.outgoing)
            return _Ended(AttemptResult.RECEIPT if receipt else AttemptResult.NOT_SHOWN, receipt)
        except PlatformUnavailable as unavailable:
            if isinstance(unavailable, PlatformRejected):
                log.error(  # noqa: TRY400 - a traceback says nothing here
                    "platform_rejects_us",
                    complaint_id=claimed.complaint_id,
                    platform=claimed.platform,
                    status=unavailable.status,
                )
            return _Ended(AttemptResult.UNAVAILABLE, asked_for=self._pause(unavailable))
        except Ambiguous as ambiguous:
            return _Ended(AttemptResult.AMBIGUOUS, asked_for=ambiguous.retry_after)
        except Refused as refused:
            unreachable = isinstance(refused, Unreachable)
            log.warning(
                "resident_unreachable" if unreachable else "reply_refused",
                complaint_id=claimed.complaint_id,
                platform=claimed.platform,
                why=str(refused),
            )
            return _Ended(AttemptResult.UNREACHABLE if unreachable else AttemptResult.REFUSED)

    async def _addressed(self, channel: Channel, claimed: Claimed) -> OutgoingReply | _Ended:
        """With the resident's handle where it needs one; the end where intake is unavailable."""
        by_sms = channel is self.sms
        if not (by_sms or channel.profile.answers_person):
            return claimed.outgoing
        of = self.handles.phone_of if by_sms else self.handles.of
        try:
            handle = await of(claimed.complaint_id, claimed.county)
        except PlatformUnavailable as unavailable:
            pause = self._pause(unavailable)
            return _Ended(AttemptResult.UNAVAILABLE, asked_for=pause, was_asked=False)
        return replace(claimed.outgoing, handle=handle)

    def _pause(self, unavailable: PlatformUnavailable) -> timedelta | None:
        if isinstance(unavailable, PlatformRejected):
            return self.config.pace.longest_wait
        return unavailable.retry_after
