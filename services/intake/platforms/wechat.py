"""A WeChat official account (公众号): what its followers write, to Incoming."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shared.platform_kit.signatures import BadSignature, check_timestamp
from shared.platform_kit.wechat_crypto import (
    MessageCrypto,
    NotForUs,
    Undecipherable,
    check_url_signature,
)
from shared.platform_kit.wechat_xml import MalformedXml, fields_of

from .fields import MAX_NUMBER, first_sentence, optional_text, required_text, unix_time
from .incoming import Incoming, Kind, MalformedMessage, Platform, Resident, Unreadable

_PLACEHOLDERS = {
    "image": "[图片]",
    "voice": "[语音]",
    "video": "[视频]",
    "shortvideo": "[视频]",
    "location": "[位置]",
    "link": "[链接]",
    "file": "[文件]",
}
_WORDS_BESIDE = {
    "voice": ("Recognition",),
    "location": ("Label",),
    "link": ("Title", "Description"),
}
"""Fields of messages that are not text, and yet hold words."""


@dataclass(slots=True)
class WeChatCallback:
    """Our end of the account's callback URL, as its server configuration (服务器配置) says. Raises
    ValueError for an impossible key."""

    county: str
    token: str = field(repr=False)
    app_id: str = ""
    aes_key: str | None = field(default=None, repr=False)
    """EncodingAESKey. None: plain mode; else only encrypted deliveries are believed, because a
    plain one's signature does not cover what it says."""
    previous_aes_key: str | None = field(default=None, repr=False)
    window_seconds: float = 300
    """How far a callback's timestamp may lie from our clock, either way: no replay after that."""
    _crypto: MessageCrypto | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        if key := self.aes_key:
            self._crypto = MessageCrypto(self.token, key, self.app_id, self.previous_aes_key)

    def verify_url(self, query: Mapping[str, str], now: datetime) -> str:
        """The `echostr` to answer a GET with. Raises BadSignature or StaleTimestamp."""
        self._check_signature(query)
        self._check_window(query, now)
        return query.get("echostr", "")

    def check_query(self, query: Mapping[str, str], now: datetime) -> None:
        """What can be told of a POST before its body is read: in plain mode all there is to check.

        Raises BadSignature or StaleTimestamp.
        """
        if self._crypto is None:
            self._check_signature(query)
        self._check_window(query, now)

    def parse(self, query: Mapping[str, str], body: bytes) -> Incoming | Unreadable | None:
        """What one POST brought; None for an event. Answer `success` in any case, within 5 s.

        `check_query` comes before it. Raises BadSignature.
        """
        xml = body
        try:
            if self._crypto is not None:
                xml = self._opened(self._crypto, query, body)
            return parse_message(xml, self.county)
        except (MalformedMessage, MalformedXml, NotForUs, Undecipherable) as error:
            return Unreadable(xml, str(error), None)

    def _check_window(self, query: Mapping[str, str], now: datetime) -> None:
        check_timestamp(query.get("timestamp", ""), now, self.window_seconds)

    def _check_signature(self, query: Mapping[str, str]) -> None:
        timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        check_url_signature(self.token, timestamp, nonce, query.get("signature", ""))

    def _opened(self, crypto: MessageCrypto, query: Mapping[str, str], body: bytes) -> bytes:
        try:
            encrypted = fields_of(body).get("Encrypt", "")
        except MalformedXml:
            raise BadSignature("an unencrypted WeChat message in safe mode") from None
        signature = query.get("msg_signature", "")
        return crypto.open(
            encrypted, signature, query.get("timestamp", ""), query.get("nonce", "")
        ).encode()


def parse_message(xml: bytes, county: str) -> Incoming | None:
    """One message of one follower; None for an event (subscribe, menu, ...), which is no complaint.

    A picture or a voice message has a placeholder for words: classification finds nothing in it, so
    it needs a person. Raises MalformedMessage.
    """
    try:
        message = fields_of(xml)
    except MalformedXml as error:
        raise MalformedMessage(str(error)) from None
    message_type = required_text(message, "MsgType", MAX_NUMBER)
    if message_type == "event":
        return None
    openid = required_text(message, "FromUserName", MAX_NUMBER)
    number = optional_text(message, "MsgId", MAX_NUMBER) or _number_without_id(message, openid)
    if message_type == "text":
        text = required_text(message, "Content")
    else:
        words = (optional_text(message, name) for name in _WORDS_BESIDE.get(message_type, ()))
        placeholder = _PLACEHOLDERS.get(message_type, "[未识别的消息]")
        text = " ".join([placeholder, *filter(None, words)])
    return Incoming(
        platform=Platform.WECHAT,
        external_id=number,
        delivery_id=number,
        kind=Kind.COMPLAINT,
        county=county,
        title=first_sentence(text),
        text=text,
        sent_at=unix_time(message, "CreateTime"),
        raw=xml,
        resident=Resident(handle=openid),
    )


def _number_without_id(message: Mapping[str, object], openid: str) -> str:
    """WeChat: tell deliveries without MsgId apart by FromUserName + CreateTime. Hashed, because a
    complaint's number is seen where a resident's handle must not be."""
    created = required_text(message, "CreateTime", MAX_NUMBER)
    return hashlib.sha256(f"{openid}{created}".encode()).hexdigest()[:32]
