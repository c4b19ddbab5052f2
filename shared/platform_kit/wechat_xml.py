"""The XML of WeChat callbacks: read safely (no entities, no DTD), and written for replies.

Source: WeChat's developer documentation, 接收普通消息 / 接收事件推送 / 被动回复用户消息.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class MalformedXml(ValueError):
    """Not a WeChat message. The text says what is wrong, never what stood in it."""


def fields_of(xml: bytes | str) -> dict[str, str]:
    """The top-level elements and their text: `MsgType`, `Content`, `Encrypt` ...

    Raises MalformedXml.
    """
    try:
        root = fromstring(xml, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise MalformedXml("not well-formed, or with entities or a DTD") from error
    return {child.tag: child.text or "" for child in root}


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


def encrypted_envelope(to_user: str, encrypted: str) -> str:
    """The body of a safe-mode delivery; its signature stands in the URL."""
    return to_xml({"ToUserName": to_user, "Encrypt": encrypted})


def _element(name: str, value: str | int) -> str:
    if isinstance(value, int):
        return f"<{name}>{value}</{name}>"
    text = _NOT_IN_XML.sub("\ufffd", value).replace("]]>", "]]]]><![CDATA[>")
    return f"<{name}><![CDATA[{text}]]></{name}>"
