"""Messages by WeCom (企业微信): a card with buttons for each."""

from collections.abc import Sequence
from typing import Final

import httpx

from services.dispatch.rules.staff_messages import Button, Way, WayProfile
from services.dispatch.settings import DispatchSettings
from shared.clock import Clock
from shared.platform_kit.wecom import (
    PER_MINUTE,
    REPEATS_DROPPED_FOR,
    Card,
    WeCom,
    WeComApplication,
)

from .ways import Delivered, OutgoingMessage

_SOURCE: Final = "供水投诉处理"
_WORDS: Final = {Button.ACCEPT: "接单", Button.ON_SITE: "已到场", Button.ACKNOWLEDGE: "知道了"}


class WeComWay:
    """Close it after use."""

    profile = WayProfile(
        Way.WECOM,
        repeats_dropped_for=REPEATS_DROPPED_FOR,
        per_minute=PER_MINUTE - 5,  # a repetition that WeCom drops may count as well
    )

    def __init__(self, wecom: WeCom) -> None:
        self._wecom = wecom

    async def close(self) -> None:
        await self._wecom.close()

    async def send(self, message: OutgoingMessage) -> Delivered:
        taken = await self._wecom.send(message.address, _card(message, message.buttons))
        return Delivered(taken.message_id, taken.response_code)

    async def show(
        self, message: OutgoingMessage, response_code: str, words: str, buttons: Sequence[Button]
    ) -> None:
        """The card says `words` from now on, and keeps `buttons`. Raises Refused where the code was
        used before or is too old, Ambiguous or PlatformUnavailable."""
        if not buttons:
            await self._wecom.replace_buttons(message.address, response_code, words)
            return
        card = _card(message, buttons, f"{words}。{message.body}")
        await self._wecom.replace_card(message.address, response_code, card)


def _card(message: OutgoingMessage, buttons: Sequence[Button], text: str | None = None) -> Card:
    """WeCom takes a card only with a button."""
    shown = [(button.value, _WORDS[button]) for button in buttons or (Button.ACKNOWLEDGE,)]
    return Card(message.id, _SOURCE, message.title, text or message.body, shown)


def open_wecom(
    settings: DispatchSettings, clock: Clock, transport: httpx.AsyncBaseTransport | None
) -> WeComWay | None:
    if settings.wecom_secret is None:
        return None
    assert settings.wecom_agent_id is not None
    application = WeComApplication(
        settings.wecom_url,
        settings.wecom_corp_id,
        settings.wecom_agent_id,
        settings.wecom_secret.get_secret_value(),
    )
    return WeComWay(WeCom(application, clock, transport=transport))
