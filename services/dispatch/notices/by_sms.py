"""Text messages, by the provider that a file describes."""

from datetime import timedelta

import httpx

from services.dispatch.rules.staff_messages import Way, WayProfile
from services.dispatch.settings import DispatchSettings
from shared.clock import Clock
from shared.platform_kit.sms import Sms
from shared.platform_kit.sms_provider import read_provider

from .ways import Delivered, OutgoingMessage


class SmsWay:
    """Close it after use."""

    def __init__(self, sms: Sms) -> None:
        self._sms = sms
        self.profile = WayProfile(
            Way.SMS,
            can_look=sms.appears_within is not None,
            appears_within=sms.appears_within or timedelta(0),
            repeats_dropped_for=sms.repeats_dropped_for,
        )

    async def close(self) -> None:
        await self._sms.close()

    async def send(self, message: OutgoingMessage) -> Delivered:
        text = f"{message.title}：{message.body}"
        return Delivered(await self._sms.send(message.id, message.address, text))

    async def has(self, message_id: str) -> bool:
        return await self._sms.has(message_id)


def open_sms(
    settings: DispatchSettings, clock: Clock, transport: httpx.AsyncBaseTransport | None
) -> SmsWay | None:
    """Raises FileInvalid."""
    if settings.sms_provider is None:
        return None
    provider = read_provider(settings.sms_provider)
    secret = settings.sms_secret.get_secret_value()
    return SmsWay(Sms(provider, secret, clock, transport=transport))
