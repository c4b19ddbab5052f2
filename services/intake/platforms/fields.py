"""Typed values out of a platform's message. Errors name the field, never its content."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import cast

from shared.clock import SHANGHAI

from .incoming import MalformedMessage

MAX_TEXT = 20_000
MAX_NUMBER = 100
MAX_TITLE = 200
_TITLE_LENGTH = 30
"""Of a title made from the text."""
_LAST_SECOND = 253_402_300_799
_UNSTORABLE = re.compile("\x00|[\ud800-\udfff]")
"""NUL and lone surrogates: JSON can express them, UTF-8 or PostgreSQL cannot hold them."""
_SENTENCE_END = re.compile("[。！？!?；;\n\r]")


def decoded(raw: bytes) -> object:
    """The JSON value in `raw`. Raises MalformedMessage."""
    try:
        return cast(object, json.loads(raw))
    except (ValueError, RecursionError):
        raise MalformedMessage("the body is not JSON") from None


def encoded(value: object) -> bytes:
    """One part of a larger message, as bytes of its own to keep and to parse again."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")


def mapping(value: object, what: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise MalformedMessage(f"{what} is not an object")
    return cast(Mapping[str, object], value)


def storable(text: str) -> str:
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def optional_text(message: Mapping[str, object], field: str, at_most: int = MAX_TEXT) -> str | None:
    """The field as text without outer space; None where it is missing, null or blank.

    Whole numbers count as text: platforms print one and the same number with and without quotes.
    """
    value = message.get(field)
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**MAX_NUMBER:
        value = str(value)
    if not isinstance(value, str):
        raise MalformedMessage(f"{field} is not text")
    text = storable(value).strip()
    if len(text) > at_most:
        raise MalformedMessage(f"{field} is longer than {at_most} characters")
    return text or None


def required_text(message: Mapping[str, object], field: str, at_most: int = MAX_TEXT) -> str:
    text = optional_text(message, field, at_most)
    if text is None:
        raise MalformedMessage(f"{field} is missing")
    return text


def number_of(message: object, field: str) -> str | None:
    """The platform's own number in a message that may be unreadable otherwise."""
    if not isinstance(message, Mapping):
        return None
    try:
        return optional_text(cast(Mapping[str, object], message), field, MAX_NUMBER)
    except MalformedMessage:
        return None


def local_time(message: Mapping[str, object], field: str) -> datetime:
    """A moment in UTC from "2026-11-23 09:15:00", Shanghai time unless it names its own offset."""
    text = required_text(message, field, at_most=40)
    if ":" not in text:
        raise MalformedMessage(f"{field} names no time of day")
    try:
        moment = datetime.fromisoformat(text.replace("/", "-"))
    except ValueError:
        raise MalformedMessage(f"{field} is not a time") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=SHANGHAI)
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # the first and the last hours that a datetime can hold
        return moment.replace(tzinfo=UTC)


def unix_time(message: Mapping[str, object], field: str) -> datetime:
    """A moment in UTC from whole seconds since 1970; one after the year 9999 is its last second."""
    text = required_text(message, field, at_most=20)
    if not (text.isascii() and text.isdigit()):
        raise MalformedMessage(f"{field} is not a time in seconds")
    return datetime.fromtimestamp(min(int(text), _LAST_SECOND), UTC)


def first_sentence(text: str) -> str:
    """A title for a message that has none: its first sentence, cut."""
    sentences = (sentence.strip() for sentence in _SENTENCE_END.split(text))
    return next((sentence for sentence in sentences if sentence), text.strip())[:_TITLE_LENGTH]
