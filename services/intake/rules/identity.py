"""Is this delivery something new, something known, a change of it, or the resident asking again?

Platforms deliver twice, out of order, and number chases (催办) like the order they chase. WeChat
and the telephone number nothing, so there a second word about the same matter within some hours
is the chase of the first. Nothing is ever dropped: what fits nothing known is taken as new.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import blake2b

from services.intake.rules.plain_text import plain
from shared.vocabulary import Category

CHASE_WITHIN = timedelta(hours=72)
"""Editable default: how long after a complaint the same person's next word still chases it."""


class Decision(StrEnum):
    """What a delivery is, against what is already known."""

    NEW = "new"
    """A complaint not seen before."""
    DUPLICATE = "duplicate"
    """Says nothing that is not known; recorded as seen, changes nothing."""
    EDIT = "edit"
    """The same complaint in newer words."""
    OUTDATED = "outdated"
    """The same complaint in words older than those known; kept for the record, not applied."""
    CHASE = "chase"
    """The platform or the resident asks again about a complaint already taken."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What identity needs to know of one delivery that carries the platform's own number."""

    delivery_id: str
    is_chase: bool
    content_hash: bytes
    changed_at: datetime
    """When the platform says this version was made; where it says nothing, when it was sent."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is stored under the same platform and number."""

    content_hash: bytes
    changed_at: datetime
    """Of the version that is applied."""
    delivery_ids: frozenset[str]
    """Every delivery seen so far, chases too."""


@dataclass(frozen=True, slots=True)
class Recognised:
    decision: Decision
    waits_for_person: bool = False
    """Taken, but a person must look before anything else happens."""


def recognise(delivery: Delivery, known: Known | None) -> Recognised:
    """Compares a delivery with what is stored under its platform and number, if anything is.

    A chase of an unknown number is taken as a new complaint that waits for a person: the order it
    chases may have been lost on the way. Two versions with one change time: the later delivered
    counts, since a platform that says nothing of changes sends every version with the same time.
    """
    if known is None:
        return Recognised(Decision.NEW, waits_for_person=delivery.is_chase)
    if delivery.delivery_id in known.delivery_ids:
        return Recognised(Decision.DUPLICATE)
    if delivery.is_chase:
        return Recognised(Decision.CHASE)
    if delivery.content_hash == known.content_hash:
        return Recognised(Decision.DUPLICATE)
    if delivery.changed_at < known.changed_at:
        return Recognised(Decision.OUTDATED)
    return Recognised(Decision.EDIT)


@dataclass(frozen=True, slots=True)
class Spoken:
    """What someone said where nothing is numbered (WeChat, telephone), then or now."""

    complaint_id: str
    person_key: bytes
    """A keyed hash that knows the same person again; never the number itself."""
    category: Category | None
    """None where the words alone do not tell: "怎么还没人来?"."""
    village_code: str | None
    said_at: datetime


def chased_by(
    spoken: Spoken, earlier: Iterable[Spoken], within: timedelta = CHASE_WITHIN
) -> Spoken | None:
    """The earlier complaint that `spoken` chases, the latest of several; None where it is new.

    It is a chase where the same person speaks within `within` of the same category and village. A
    category or village that the new words leave open fits any: who asks "when will they come?"
    has said before what it is about.
    """
    fitting = (before for before in earlier if _is_chase_of(spoken, before, within))
    return max(fitting, key=lambda before: (before.said_at, before.complaint_id), default=None)


def _is_chase_of(spoken: Spoken, before: Spoken, within: timedelta) -> bool:
    return (
        spoken.complaint_id != before.complaint_id
        and spoken.person_key == before.person_key
        and timedelta(0) <= spoken.said_at - before.said_at <= within
        and spoken.category in (None, before.category)
        and spoken.village_code in (None, before.village_code)
    )


def content_hash(title: str, text: str, *, key: bytes = b"") -> bytes:
    """32 bytes that are the same for the same words, whatever the white space or full-width forms.

    With `key` (at most 64 bytes) nobody without it can test a guess at the words.
    """
    words = f"{plain(title)}\n{plain(text)}"
    return blake2b(words.encode("utf-8", "surrogatepass"), digest_size=32, key=key).digest()
