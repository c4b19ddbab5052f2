"""Is this delivery something new, something known, a change of it, or the resident asking again?

Platforms deliver twice, out of order, and number chases (催办) like the ticket they chase. WeChat
and the telephone number nothing, so there a second message about the same matter within some hours
is the chase of the first. Nothing is ever dropped: what fits nothing known is new.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import blake2b

from services.intake.rules.plain_text import plain
from shared.vocabulary import Category

CHASE_WITHIN = timedelta(hours=72)
"""Editable default: how long after a complaint the same person's next message still chases it."""


class DeliveryResult(StrEnum):
    """What one delivery of a platform meant."""

    RECEIVED = "received"
    """A new complaint."""
    EDITED = "edited"
    """The same complaint in newer words."""
    CHASED = "chased"
    """The platform or the resident asks again about a complaint that is stored."""
    EVALUATED = "evaluated"
    """The resident says whether it is solved."""
    DUPLICATE = "duplicate"
    """The same content again; recorded, changes nothing."""
    OUTDATED = "outdated"
    """Older than what is stored: its words are kept, and change nothing."""
    UNREADABLE = "unreadable"
    """A person must look."""


@dataclass(frozen=True, slots=True)
class Version:
    """The content of a complaint at one time."""

    content_hash: bytes
    changed_at: datetime
    """When the platform says this version was made; where it says nothing, when it was sent."""


def result_of(delivered: Version, stored: Version, *, is_chase: bool) -> DeliveryResult:
    """What a delivery with a new delivery id means where its platform's number is stored already.

    Two versions with one change time: the later delivered counts, since a platform that says
    nothing of changes sends every version with the same time.
    """
    if is_chase:
        return DeliveryResult.CHASED
    if delivered.content_hash == stored.content_hash:
        return DeliveryResult.DUPLICATE
    if delivered.changed_at < stored.changed_at:
        return DeliveryResult.OUTDATED
    return DeliveryResult.EDITED


@dataclass(frozen=True, slots=True)
class Message:
    """What someone stated where nothing is numbered (WeChat, telephone), then or now."""

    number: str
    """The number we gave it, or the platform's for the single message."""
    person_key: bytes
    """A keyed hash by which the same person is known again."""
    category: Category | None
    """None where the words alone do not tell: "怎么还没人来?"."""
    village_code: str | None
    stated_at: datetime


def chased_by(message: Message, earlier: Iterable[Message]) -> Message | None:
    """The earlier complaint that `message` chases, the latest of several; None where it is new.

    It is a chase where the same person writes within CHASE_WITHIN about the same category and
    village.
    A category or village that the new words leave open fits any: who asks "when will they come?"
    has said before what it is about.
    """
    chased = (before for before in earlier if _is_chase_of(message, before))
    return max(chased, key=lambda before: (before.stated_at, before.number), default=None)


def _is_chase_of(message: Message, before: Message) -> bool:
    return (
        message.number != before.number
        and message.person_key == before.person_key
        and timedelta(0) <= message.stated_at - before.stated_at <= CHASE_WITHIN
        and message.category in (None, before.category)
        and message.village_code in (None, before.village_code)
    )


def content_hash(title: str, text: str, *, key: bytes = b"") -> bytes:
    """32 bytes that are the same for the same words, whatever the white space or full-width forms.

    With `key` (at most 64 bytes) nobody without it can test a guess at the words.
    """
    words = f"{plain(title)}\n{plain(text)}"
    return blake2b(words.encode("utf-8", "surrogatepass"), digest_size=32, key=key).digest()
