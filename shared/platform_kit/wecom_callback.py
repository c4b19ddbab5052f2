"""What WeCom (企业微信) calls us with: always encrypted, for the company's corpid.

Source: WeCom's developer documentation, 接收消息与事件 (path/90238) and 模板卡片事件推送
(path/90240). It waits five seconds for an answer, and delivers three times.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shared.platform_kit.signatures import BadSignature, check_timestamp
from shared.platform_kit.wechat_crypto import MessageCrypto, NotForUs, Undecipherable
from shared.platform_kit.wechat_xml import MalformedXml, fields_of


@dataclass(frozen=True, slots=True)
class Pressed:
    """A member pressed a button of a card."""

    user_id: str
    task_id: str
    key: str
    response_code: str = field(repr=False)
    """For one change of the card, within 72 hours."""


class WeComCallback:
    """Our end of the application's callback. Every method raises BadSignature or StaleTimestamp."""

    def __init__(self, crypto: MessageCrypto, window_seconds: float) -> None:
        """`window_seconds`: how far a timestamp may lie from our clock, either way."""
        self._crypto = crypto
        self._window_seconds = window_seconds

    def verify_url(self, query: Mapping[str, str], now: datetime) -> str:
        """What to answer the GET with that saving the settings makes."""
        self.check_window(query, now)
        return self._open(query, query.get("echostr", ""))

    def check_window(self, query: Mapping[str, str], now: datetime) -> None:
        """What can be told of a POST before its body is read."""
        check_timestamp(query.get("timestamp", ""), now, self._window_seconds)

    def pressed(self, query: Mapping[str, str], body: bytes) -> Pressed | None:
        """The button that was pressed; None for every other event. `check_window` comes before."""
        try:
            encrypted = fields_of(body).get("Encrypt", "")
        except MalformedXml:
            raise BadSignature("not an encrypted message") from None
        try:
            event = fields_of(self._open(query, encrypted))
        except MalformedXml:
            return None
        if event.get("Event") != "template_card_event":
            return None
        names = ("FromUserName", "TaskId", "EventKey", "ResponseCode")
        values = [event.get(name, "") for name in names]
        return Pressed(*values) if all(values) else None

    def _open(self, query: Mapping[str, str], encrypted: str) -> str:
        signature, timestamp, nonce = (
            query.get(name, "") for name in ("msg_signature", "timestamp", "nonce")
        )
        try:
            return self._crypto.open(encrypted, signature, timestamp, nonce)
        except (NotForUs, Undecipherable) as error:
            raise BadSignature(str(error)) from None
