"""A reply as a text message, where WeChat does not reach its resident and intake knows a number."""

from datetime import timedelta
from typing import Final

import httpx

from shared.clock import Clock
from shared.platform_kit.sms import Sms
from shared.platform_kit.sms_provider import read_provider

from .channels.channel import OutgoingReply, Receipt, Refused, Unreachable
from .rules.platform_profile import PlatformProfile
from .settings import ReplySettings

NAME: Final = "sms"


class SmsChannel:
    """A Channel; a reply's `handle` is the resident's number. Close it after use."""

    def __init__(self, sms: Sms, clock: Clock) -> None:
        self.sms, self.clock = sms, clock
        self.appears_within = sms.appears_within or timedelta(0)
        self.profile = PlatformProfile(
            NAME,
            can_look=sms.appears_within is not None,
            reaches_resident=True,
            told_by=NAME,
        )

    async def close(self) -> None:
        await self.sms.close()

    async def send(self, reply: OutgoingReply) -> Receipt | None:
        """Raises Unreachable, PlatformUnavailable or Ambiguous."""
        if not reply.handle:
            raise Unreachable("no number")
        try:
            number = await self.sms.send(reply.request_id, reply.handle, reply.text)
        except Refused as refused:
            raise Unreachable(str(refused)) from None
        return Receipt(number or reply.request_id, self.clock.now())

    async def look(self, reply: OutgoingReply) -> Receipt | None:
        """Raises PlatformUnavailable."""
        has_it = await self.sms.has(reply.request_id)
        return Receipt(reply.request_id, self.clock.now()) if has_it else None

    async def probe(self) -> None:
        """No provider has a request that changes nothing and needs no message."""


def open_residents_sms(
    settings: ReplySettings, clock: Clock, transport: httpx.AsyncBaseTransport | None
) -> SmsChannel | None:
    """None: it is not configured. Raises FileInvalid."""
    if settings.resident_sms_provider is None:
        return None
    provider = read_provider(settings.resident_sms_provider)
    secret = settings.resident_sms_secret.get_secret_value()
    return SmsChannel(Sms(provider, secret, clock, transport=transport), clock)
