"""People's Daily Online's message board for leaders (人民网领导留言板): threads to Incoming.

The board publishes no interface and changes with redesigns, so addresses and keys are settings.
It shows no phone numbers.
"""

import hashlib

from .fields import (
    MAX_NUMBER,
    MAX_TITLE,
    first_sentence,
    mapping,
    optional_text,
    required_text,
    unix_time,
)
from .incoming import Incoming, Kind, MalformedMessage, Platform, Resident


def parse_thread(thread: object, raw: bytes, county: str) -> Incoming:
    """One thread as it stands now. The board names no deliveries: what the resident wrote does,
    so a thread read again is the same delivery until its words change. Raises MalformedMessage.
    """
    message = mapping(thread, "the thread")
    tid = required_text(message, "tid", MAX_NUMBER - 33)
    subject = optional_text(message, "subject")
    content = optional_text(message, "content")
    text = content or subject
    if text is None:
        raise MalformedMessage("subject and content are both missing")
    title = subject[:MAX_TITLE] if subject else first_sentence(text)
    words = hashlib.sha256(f"{subject}\n{content}".encode()).hexdigest()[:32]
    return Incoming(
        platform=Platform.MESSAGE_BOARD,
        external_id=tid,
        delivery_id=f"{tid}:{words}",
        kind=Kind.COMPLAINT,
        county=county,
        title=title,
        text=text,
        sent_at=unix_time(message, "dateline"),
        raw=raw,
        resident=Resident(name=optional_text(message, "nickName", MAX_NUMBER)),
    )
