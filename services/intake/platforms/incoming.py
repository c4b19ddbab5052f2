"""What every platform's wire format is turned into, before anything is decided."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


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
    """The order as it stands now; a second one with the same number is an edit or nothing new."""
    CHASE = "chase"
    """催办: the platform or the resident asks again about an order already sent."""


@dataclass(frozen=True, slots=True)
class Resident:
    """Who spoke. Personal: stays in intake, encrypted; never in an event, log or error."""

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
    """Six-digit code of the county whose account the platform spoke to."""
    title: str
    text: str
    sent_at: datetime
    """When the platform sent the order (UTC): deadlines count from here, in a chase too."""
    raw: bytes = field(repr=False)
    """The message as it came, for the record and for parsing again."""
    time_limit: str | None = None
    """The limit printed on the order, verbatim ("5个工作日", "24小时"), or None."""
    printed_urgent: bool = False
    changed_at: datetime | None = None
    """When the platform made this very change (UTC), where it says so: an older one that comes
    later changes nothing."""
    resident: Resident = field(default_factory=Resident, repr=False)

    @property
    def said_at(self) -> datetime:
        """When this delivery became true."""
        return self.changed_at or self.sent_at


class MalformedMessage(ValueError):
    """A platform's message that cannot be read; the raw bytes are kept for a person.

    The text says which field, never what stood in it.
    """
