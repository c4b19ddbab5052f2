"""The XML of WeChat callbacks: read safely (no entities, no DTD), and written for replies.

Source: WeChat's developer documentation, 接收普通消息 / 接收事件推送 / 被动回复用户消息.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class MalformedXml(ValueError):
    """Not a WeChat message. The text says what is wrong, never what stood in it."""


@dataclass(frozen=True, slots=True)
class WeChatMessage:
    """One delivery to our callback: a user's message, or an event."""

    to_user: str
    from_user: str
    """The user's openid."""
    created_at: datetime
    """UTC, whole seconds."""
    kind: str
    """MsgType: text, image, voice, event ..."""
    content: str
    """The user's words; empty for everything but text."""
    message_id: str
    """MsgId; empty for events."""
    event: str
    """subscribe, unsubscribe, CLICK ...; empty for messages."""
    fields: Mapping[str, str] = field(repr=False)
    """Every top-level element as it came."""

    @property
    def delivery_id(self) -> str:
        """The same for all deliveries of one message: MsgId, or sender and second for events."""
        return self.message_id or f"{self.from_user}:{self.fields['CreateTime']}"


def fields_of(xml: bytes | str) -> dict[str, str]:
    """The top-level elements and their text. Raises MalformedXml."""
    try:
        root = fromstring(xml, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise MalformedXml("not well-formed, or with entities or a DTD") from error
    return {child.tag: child.text or "" for child in root}


def parse_message(xml: bytes | str) -> WeChatMessage:
    """Read a plain (or already decrypted) message. Raises MalformedXml."""
    fields = fields_of(xml)
    for name in ("ToUserName", "FromUserName", "CreateTime", "MsgType"):
        if not fields.get(name):
            raise MalformedXml(f"{name} is missing")
    if fields["MsgType"] != "event" and not fields.get("MsgId"):
        raise MalformedXml("MsgId is missing")
    try:
        created_at = datetime.fromtimestamp(int(fields["CreateTime"]), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise MalformedXml("CreateTime is not a time") from error
    return WeChatMessage(
        to_user=fields["ToUserName"],
        from_user=fields["FromUserName"],
        created_at=created_at,
        kind=fields["MsgType"],
        content=fields.get("Content", ""),
        message_id=fields.get("MsgId", ""),
        event=fields.get("Event", ""),
        fields=fields,
    )


def encrypted_text(xml: bytes | str) -> str:
    """What stands in `Encrypt` of a safe-mode delivery or reply. Raises MalformedXml."""
    if not (encrypted := fields_of(xml).get("Encrypt")):
        raise MalformedXml("Encrypt is missing")
    return encrypted


def to_xml(fields: Mapping[str, str | int]) -> str:
    """A flat message: text as CDATA, numbers bare. What XML cannot carry becomes U+FFFD."""
    return "".join(("<xml>", *(_element(name, value) for name, value in fields.items()), "</xml>"))


def text_message(
    to_user: str, from_user: str, created_at: datetime, content: str, message_id: str
) -> str:
    """A user's text message as WeChat delivers it."""
    return to_xml(
        {
            "ToUserName": to_user,
            "FromUserName": from_user,
            "CreateTime": int(created_at.timestamp()),
            "MsgType": "text",
            "Content": content,
            "MsgId": int(message_id),
        }
    )


def text_reply(to_user: str, from_user: str, created_at: datetime, content: str) -> str:
    """A passive answer, given as the body of our HTTP response to a message."""
    return to_xml(
        {
            "ToUserName": to_user,
            "FromUserName": from_user,
            "CreateTime": int(created_at.timestamp()),
            "MsgType": "text",
            "Content": content,
        }
    )


def encrypted_envelope(to_user: str, encrypted: str) -> str:
    """The body of a safe-mode delivery; its signature stands in the URL."""
    return to_xml({"ToUserName": to_user, "Encrypt": encrypted})


def encrypted_reply(encrypted: str, signature: str, timestamp: str, nonce: str) -> str:
    """The body of a safe-mode passive answer."""
    return to_xml(
        {
            "Encrypt": encrypted,
            "MsgSignature": signature,
            "TimeStamp": int(timestamp),
            "Nonce": nonce,
        }
    )


def _element(name: str, value: str | int) -> str:
    if isinstance(value, int):
        return f"<{name}>{value}</{name}>"
    text = _NOT_IN_XML.sub("\ufffd", value).replace("]]>", "]]]]><![CDATA[>")
    return f"<{name}><![CDATA[{text}]]></{name}>"
