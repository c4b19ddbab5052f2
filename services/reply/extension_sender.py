"""Asks platforms for more time, each request once; reads their answers; tells residents."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import structlog

from shared.db import Database
from shared.http import PlatformUnavailable

from .channels.channel import Ambiguous, Channel, ExtendingChannel, Refused, TimeAnswer
from .context import ReplyConfig, transaction
from .handlers.extension_requests import (
    ClaimedRequest,
    claim,
    record_attempt,
    record_telling,
)
from .handlers.platform_health import note_platforms
from .resident_handle import ResidentHandles
from .rules.delivery import Attempt, AttemptResult

_AT_ONCE = 8

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ExtensionSender:
    """`channels`: all that are open; `extending`: those that can be asked for more time."""

    database: Database
    config: ReplyConfig
    channels: Mapping[str, Channel]
    extending: Mapping[str, ExtendingChannel]
    handles: ResidentHandles

    async def once(self) -> int:
        """Do some of what is due now. Returns how many."""
        async with transaction(self.database, self.config) as context:
            claims = await claim(context, tuple(self.channels), _AT_ONCE)
        for claimed in claims:
            if claimed.attempt is None:
                result = await self._tell(claimed)
                async with transaction(self.database, self.config) as context:
                    await record_telling(context, claimed, result)
            else:
                result, answer = await self._ask(claimed, claimed.attempt)
                async with transaction(self.database, self.config) as context:
                    await record_attempt(context, claimed, claimed.attempt, result, answer)
                    await note_platforms(context, {claimed.platform: [result]})
            log.info(
                "extension_attempt",
                complaint_id=claimed.complaint_id,
                attempt=claimed.attempt.value if claimed.attempt else "tell_resident",
                result=result.value,
            )
        return len(claims)

    async def _ask(
        self, claimed: ClaimedRequest, attempt: Attempt
    ) -> tuple[AttemptResult, TimeAnswer | None]:
        channel = self.extending[claimed.platform]
        try:
            if attempt is Attempt.SEND:
                await channel.ask_time(claimed.asked)
                return AttemptResult.TAKEN, None
            answer = await channel.look_time(claimed.asked)
        except PlatformUnavailable:
            return AttemptResult.UNAVAILABLE, None
        except Ambiguous:
            return AttemptResult.AMBIGUOUS, None
        except Refused as refused:
            log.warning("extension_refused", complaint_id=claimed.complaint_id, why=str(refused))
            return AttemptResult.REFUSED, None
        return (AttemptResult.TAKEN if answer else AttemptResult.NOT_SHOWN), answer

    async def _tell(self, claimed: ClaimedRequest) -> AttemptResult:
        """A message that may have arrived is not sent again: a person phones."""
        if claimed.message is None:
            return AttemptResult.CANNOT_LOOK
        channel = self.channels[claimed.platform]
        try:
            handle = await self.handles.of(claimed.complaint_id, claimed.county)
            await channel.probe()
            await channel.send(replace(claimed.message, handle=handle))
        except PlatformUnavailable:
            return AttemptResult.UNAVAILABLE
        except Ambiguous:
            return AttemptResult.AMBIGUOUS
        except Refused:
            return AttemptResult.REFUSED
        return AttemptResult.RECEIPT
