"""Answers to followers of the WeChat official account (公众号).

Within 48 hours of the resident's last message five customer messages (客服消息) may be sent;
outside that a subscription notice (订阅通知), which holds little text and only reaches who asked
for it. Source of both and of the codes: WeChat's developer documentation, 全局返回码. Nothing that
was sent can be looked up.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, cast

import httpx

from services.reply.rules.call_backs import AskedBy
from services.reply.rules.platform_profile import PlatformProfile
from services.reply.settings import ReplySettings
from shared.clock import Clock
from shared.http import (
    PlatformRejected,
    PlatformUnavailable,
    exchange,
    open_client,
    printable_code,
)
from shared.platform_kit.wechat_token import BUSY, TOKEN_REFUSED, AccessToken, stable_token
from shared.send_once import answer_of, send_once

from .channel import Ambiguous, OutgoingReply, Receipt, Refused, Unreachable

PROFILE: Final = PlatformProfile(
    name="wechat",
    longest_reply=600,  # it takes 2,048 bytes, and a Chinese character has three
    answers_person=True,
    reaches_resident=True,
    told_by="wechat",
    asked_by=AskedBy.WECHAT,
)
PROFILES: Final = (PROFILE,)

_WINDOW_CLOSED = frozenset({45015, 45047})
"""No message of theirs for 48 hours; five of ours since their last."""
_UNREACHABLE = _WINDOW_CLOSED | {40003, 43004, 43101, 43116}
"""The above without another way; no such follower (any more); they accept no notice of ours."""
_NOT_US = TOKEN_REFUSED | {40013, 40164, 48001, 50001}
"""Token (also a fresh one), appid, address or permission of our account. Nothing was sent."""


@dataclass(frozen=True, slots=True)
class WeChatSettings:
    """How the account answers its followers."""

    base_url: str
    app_id: str
    app_secret: str = field(repr=False)
    template_id: str | None = None
    """The subscription notice chosen at mp.weixin.qq.com; None: after 48 hours a person phones."""
    template_field: str = "thing1"
    """Its field that holds our words."""
    template_field_length: int = 20
    """WeChat allows 20 characters in a `thing` field."""


class WeChatChannel:
    """A Channel. Close it after use."""

    profile = PROFILE
    appears_within = timedelta(0)

    def __init__(
        self,
        settings: WeChatSettings,
        clock: Clock,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._client = open_client(settings.base_url, transport=transport)
        self._token = AccessToken(
            self._client,
            stable_token(self._client, settings.app_id, settings.app_secret),
            clock.now,
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def send(self, reply: OutgoingReply) -> Receipt | None:
        """Answer the resident. Raises Refused, PlatformUnavailable or Ambiguous."""
        if not reply.handle:
            raise Refused("no handle")
        answer = await self._call("/cgi-bin/message/custom/send", _customer_message(reply))
        if _errcode(answer) in _WINDOW_CLOSED and self._settings.template_id:
            answer = await self._call(
                "/cgi-bin/message/subscribe/bizsend",
                _notice(reply, self._settings.template_id, self._settings),
            )
        _raise_unless_sent(_errcode(answer))
        # A customer message is given no number: ours takes its place.
        number = answer.get("msgid", reply.request_id)
        return Receipt(number=str(number), received_at=self._clock.now())

    async def look(self, reply: OutgoingReply) -> Receipt | None:  # noqa: ARG002
        """None: WeChat shows nobody what was sent."""
        return None

    async def probe(self) -> None:
        """Ask for WeChat's own addresses: nobody is written to. Raises PlatformUnavailable."""

        async def ask(token: str) -> Mapping[str, object]:
            request = self._client.build_request(
                "GET", "/cgi-bin/get_api_domain_ip", params={"access_token": token}
            )
            response = await exchange(self._client, request)
            response.raise_for_status()
            return cast(Mapping[str, object], response.json())

        answer = await self._token.send(ask)
        code = answer.get("errcode", 0)
        _raise_unless_sent(code if isinstance(code, int) else -1)

    async def _call(self, path: str, body: Mapping[str, object]) -> Mapping[str, object]:
        async def send(token: str) -> Mapping[str, object]:
            request = self._client.build_request(
                "POST", path, params={"access_token": token}, json=body
            )
            answer = answer_of(await send_once(self._client, request))
            _errcode(answer)
            return answer

        return await self._token.send(send)


def _customer_message(reply: OutgoingReply) -> dict[str, object]:
    return {"touser": reply.handle, "msgtype": "text", "text": {"content": reply.text}}


def _notice(reply: OutgoingReply, template_id: str, settings: WeChatSettings) -> dict[str, object]:
    words = " ".join(reply.text.split())
    if len(words) > settings.template_field_length:
        words = words[: settings.template_field_length - 1] + "…"
    return {
        "touser": reply.handle,
        "template_id": template_id,
        "data": {settings.template_field: {"value": words}},
    }


def _errcode(answer: Mapping[str, object]) -> int:
    code = answer.get("errcode")
    if not isinstance(code, int):
        raise Ambiguous("the answer holds no errcode")
    return code


def _raise_unless_sent(errcode: int) -> None:
    if errcode in BUSY:
        raise PlatformUnavailable(f"errcode {errcode}")
    if errcode in _NOT_US:
        raise PlatformRejected(f"errcode {errcode}", 200)
    if errcode in _UNREACHABLE:
        raise Unreachable(f"errcode {errcode}")
    if errcode:
        raise Refused(f"errcode {printable_code(errcode)}")


def open_channel(
    settings: ReplySettings, clock: Clock, transport: httpx.AsyncBaseTransport | None
) -> WeChatChannel | None:
    if settings.wechat_app_secret is None:
        return None
    account = WeChatSettings(
        settings.wechat_url,
        settings.wechat_app_id,
        settings.wechat_app_secret.get_secret_value(),
        template_id=settings.wechat_template_id,
    )
    return WeChatChannel(account, clock, transport=transport)
