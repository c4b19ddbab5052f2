"""Messages of a WeCom (企业微信) application to its members: cards with buttons.

Source: WeCom's developer documentation, 发送应用消息 (path/90236), 更新模版卡片消息 (path/94888)
and 全局错误码 (path/90313). A card is changed once for each response code, within 72 hours; one
code comes with the answer to the sending, one with each press. Nothing that was sent can be looked
up, but the same request (`enable_duplicate_check`) is dropped for up to four hours, and a task id
that the application has used is answered with errcode 42014 (seen in the developers' community).
One member gets 30 messages a minute; more are dropped without a word.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

import httpx

from shared.clock import Clock
from shared.http import PlatformRejected, PlatformUnavailable, exchange, open_client
from shared.platform_kit.wechat_token import BUSY, TOKEN_REFUSED, AccessToken, TokenRequest
from shared.send_once import Ambiguous, Refused, answer_of, send_once

REPEATS_DROPPED_FOR = timedelta(hours=4)
"""The longest that `duplicate_check_interval` may be."""
CODE_USABLE_FOR = timedelta(hours=72)
PER_MINUTE = 30
_LONGEST_TITLE, _LONGEST_TEXT, _LONGEST_BUTTON = 26, 112, 10
_MOST_BUTTONS = 6

_SENT_BEFORE = 42014
_NOT_US = TOKEN_REFUSED | {40013, 40056, 48002, 60020, 301002}
"""Token (also a fresh one), corpid, agentid, right of the application, our address, application
not ours: nothing was done, and nothing will be before the settings are right."""


@dataclass(frozen=True, slots=True)
class WeComApplication:
    """One application (自建应用) of one company."""

    base_url: str
    corp_id: str
    agent_id: int
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Card:
    """A card of the kind 按钮交互型 (button_interaction); what is too long is cut."""

    task_id: str
    """Ours, once for each message: letters, digits and `_-@`."""
    source: str
    """Who sends it."""
    title: str
    text: str
    buttons: Sequence[tuple[str, str]] = ()
    """Key and words of each; the first one stands out."""


@dataclass(frozen=True, slots=True)
class Taken:
    """WeCom has the card."""

    message_id: str | None
    """None: it had it before, by an earlier request."""
    response_code: str | None = field(repr=False)


class WeCom:
    """Close it after use. Every method raises PlatformUnavailable (PlatformRejected where our
    account is wrong), Refused with the errcode, or Ambiguous."""

    def __init__(
        self,
        application: WeComApplication,
        clock: Clock,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._application = application
        self._client = open_client(application.base_url, transport=transport)
        self._token = AccessToken(
            self._client, _token_request(self._client, application), clock.now
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def probe(self) -> None:
        """Ask for WeCom's own addresses (path/92520): nothing is sent. Raises PlatformUnavailable
        where it does not answer."""

        async def ask(token: str) -> Mapping[str, Any]:
            request = self._client.build_request(
                "GET", "/cgi-bin/get_api_domain_ip", params={"access_token": token}
            )
            response = await exchange(self._client, request)
            response.raise_for_status()
            return cast(Mapping[str, Any], response.json())

        _raise_unless_done(int((await self._token.send(ask)).get("errcode", 0)))

    async def send(self, user_id: str, card: Card) -> Taken:
        """Send one card to one member. The same card again is dropped for REPEATS_DROPPED_FOR.

        WeCom is probed before: while it is away or silent, surely nothing was sent.
        """
        await self.probe()
        body = {
            "touser": user_id,
            "msgtype": "template_card",
            "agentid": self._application.agent_id,
            "template_card": _content(card),
            "enable_duplicate_check": 1,
            "duplicate_check_interval": int(REPEATS_DROPPED_FOR.total_seconds()),
        }
        answer = await self._call("/cgi-bin/message/send", body)
        errcode = _errcode(answer)
        if errcode == _SENT_BEFORE:
            return Taken(None, None)
        _raise_unless_done(errcode)
        if answer.get("invaliduser"):
            raise Refused("invaliduser")
        if answer.get("unlicenseduser"):
            raise Refused("unlicenseduser")
        return Taken(_text(answer.get("msgid")), _text(answer.get("response_code")))

    async def replace_buttons(self, user_id: str, response_code: str, words: str) -> None:
        """The card's buttons become one that cannot be pressed and says `words`. A code that is
        used up or too old is Refused."""
        await self._update(
            user_id, response_code, {"button": {"replace_name": _cut(words, _LONGEST_TEXT)}}
        )

    async def replace_card(self, user_id: str, response_code: str, card: Card) -> None:
        """The same with a whole new card, whose buttons can be pressed."""
        await self._update(user_id, response_code, {"template_card": _content(card)})

    async def _update(self, user_id: str, response_code: str, change: Mapping[str, object]) -> None:
        body = {
            "userids": [user_id],
            "agentid": self._application.agent_id,
            "response_code": response_code,
            **change,
        }
        _raise_unless_done(
            _errcode(await self._call("/cgi-bin/message/update_template_card", body))
        )

    async def _call(self, path: str, body: Mapping[str, object]) -> Mapping[str, Any]:
        async def send(token: str) -> Mapping[str, Any]:
            request = self._client.build_request(
                "POST", path, params={"access_token": token}, json=body
            )
            answer = answer_of(await send_once(self._client, request))
            _errcode(answer)
            return answer

        return await self._token.send(send)


def _token_request(client: httpx.AsyncClient, application: WeComApplication) -> TokenRequest:
    def request(_: bool) -> httpx.Request:
        """A token that WeCom no longer takes, it does not hand out again either."""
        asked = {"corpid": application.corp_id, "corpsecret": application.secret}
        return client.build_request("GET", "/cgi-bin/gettoken", params=asked)

    return request


def _content(card: Card) -> dict[str, object]:
    return {
        "card_type": "button_interaction",
        "source": {"desc": card.source},
        "main_title": {"title": _cut(card.title, _LONGEST_TITLE)},
        "sub_title_text": _cut(card.text, _LONGEST_TEXT),
        "task_id": card.task_id,
        "button_list": [
            {"key": key, "text": _cut(words, _LONGEST_BUTTON), "style": 4 if position else 1}
            for position, (key, words) in enumerate(card.buttons[:_MOST_BUTTONS])
        ],
    }


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _errcode(answer: Mapping[str, object]) -> int:
    code = answer.get("errcode")
    if not isinstance(code, int):
        raise Ambiguous("the answer holds no errcode")
    return code


def _raise_unless_done(errcode: int) -> None:
    if errcode in BUSY:
        raise PlatformUnavailable(f"errcode {errcode}", timedelta(minutes=1))
    if errcode in _NOT_US:
        raise PlatformRejected(f"errcode {errcode}", 200, str(errcode))
    if errcode:
        raise Refused(str(errcode))
