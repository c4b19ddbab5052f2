"""What every bus refuses, so that a message that fits one fits the others."""

import re
from collections.abc import Iterable
from functools import lru_cache

from shared.bus.protocol import Message

LARGEST_MESSAGE = 1_000_000
"""Bytes of key, headers and value together; below Kafka's own limit of 1 MiB per batch."""

_TOPIC = re.compile(r"[A-Za-z0-9._-]{1,249}")


@lru_cache
def check_topic(name: str) -> None:
    """Raise ValueError for a name that Kafka would not take."""
    if not _TOPIC.fullmatch(name) or name in {".", ".."}:
        raise ValueError(f"{name!r} cannot be a topic: letters, digits, '.', '_', '-' only")


def check_messages(messages: Iterable[Message]) -> None:
    """Raise ValueError, before anything is sent, for a message that no later try will get through.

    That is one above LARGEST_MESSAGE, of an impossible topic, or with text that is not UTF-8 or
    holds NUL. The error names the event, never what it says.
    """
    for message in messages:
        check_topic(message.topic)
        text = "".join((message.key, *message.headers, *message.headers.values()))
        name = message.headers.get("ce_id", "without ce_id")
        try:
            size = len(message.value) + len(text.encode())
        except UnicodeEncodeError:
            raise ValueError(f"event {name}: key or header is not valid Unicode") from None
        if size > LARGEST_MESSAGE:
            raise ValueError(f"event {name}: {size} bytes, at most {LARGEST_MESSAGE}")
        if "\0" in text:
            raise ValueError(f"event {name}: key or header holds NUL")
