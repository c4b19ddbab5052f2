"""What every platform's wire format is turned into, and how a platform is asked what is new."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Platform(StrEnum):
    """Where residents speak. Codes are stable: they stand in events and in databases."""

    HOTLINE_12345 = "hotline_12345"
    MESSAGE_BOARD = "message_board"
    WECHAT = "wechat"
    PHONE = "phone"
    EXCEL = "excel"


class Kind(StrEnum):
    """What one delivery of a platform says about one complaint."""

    COMPLAINT = "complaint"
    """The ticket as it stands now; a second one with the same number is an edit or nothing new."""
    CHASE = "chase"
    """催办, 督办: the platform or the resident asks again about a ticket already sent."""
    EVALUATION = "evaluation"
    """The resident says whether the answer solved it, or the platform sends the ticket back for
    rework (重办)."""


@dataclass(frozen=True, slots=True)
class Resident:
    """Who complains. Personal: stays in intake, encrypted; never in an event, log or error."""

    name: str | None = None
    phone: str | None = None
    address_line: str | None = None
    handle: str | None = None
    """The platform's own name for the person (a WeChat openid), to answer them there."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """One delivery of one platform about one complaint."""

    platform: Platform
    external_id: str
    """The platform's own number; with `platform` it names the complaint over edits and chases."""
    delivery_id: str
    """Names this very delivery: the same delivery made twice carries the same value."""
    kind: Kind
    county: str
    """Six-digit code of the county whose account the platform used."""
    title: str
    text: str
    sent_at: datetime
    """When the platform sent the ticket (UTC): deadlines count from here, in a chase too. As the
    platform states it, even where that cannot be (rules/dates.py)."""
    raw: bytes = field(repr=False)
    """The message as it came, for the record and for parsing again."""
    time_limit: str | None = None
    """The limit printed on the ticket, verbatim ("5个工作日", "24小时"), or None."""
    printed_urgent: bool = False
    changed_at: datetime | None = None
    """When the platform made this very change (UTC), where it says so: an older one that comes
    later changes nothing."""
    limit_changes: str = ""
    """What the ticket says of changes of its limit, verbatim: another word is an edit, as a request
    for more time was answered then."""
    satisfied: bool | None = None
    """Whether the resident says that it is solved; None: this delivery does not tell."""
    supervised: bool = False
    """Of a chase: it is a supervision (督办)."""
    resident: Resident = field(default_factory=Resident, repr=False)

    @property
    def stated_at(self) -> datetime:
        """When this delivery became true."""
        return self.changed_at or self.sent_at


@dataclass(frozen=True, slots=True)
class Unreadable:
    """One message that could not be read, kept for a person; it does not hold up the others."""

    raw: bytes = field(repr=False)
    why: str
    """Which field, never its content."""
    external_id: str | None
    """The platform's number, where at least that could be read."""

    @property
    def delivery_id(self) -> str:
        """The same for the same bytes: a page read again brings its unreadable messages again."""
        return hashlib.sha256(self.raw).hexdigest()[:32]


class MalformedMessage(ValueError):
    """A platform's message that cannot be read; the raw bytes are kept for a person.

    The text names the field, never its content.
    """


@dataclass(frozen=True, slots=True)
class Page:
    """The answer to one request to a platform."""

    incoming: list[Incoming | Unreadable]
    next_cursor: str | None
    """Store it in the transaction that stores `incoming`, and ask with it next time."""
    has_more: bool
    """True: ask again at once; False: ask again at the next poll."""


class PulledSource(Protocol):
    """A platform that is polled. Every implementation passes tests/contract/test_sources.py."""

    async def fetch(self, cursor: str | None) -> Page:
        """What came after `cursor` (None: from the platform's beginning).

        The same cursor brings at least the same again, so a page whose cursor was not stored is
        not lost. Raises shared.http.PlatformUnavailable, or PlatformRejected where waiting
        alone will not help.
        """
        ...
