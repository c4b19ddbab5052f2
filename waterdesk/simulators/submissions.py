"""One message a resident submits, with the ground truth that only the simulator knows."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Platform(StrEnum):
    """Where it was submitted; the codes are those of the product's platforms."""

    HOTLINE = "hotline_12345"
    BOARD = "message_board"
    WECHAT = "wechat"


@dataclass(frozen=True, slots=True)
class Submission:
    key: str
    """Identifies this submission: submitting it again changes nothing."""
    at: datetime
    """UTC."""
    platform: Platform
    number: str
    """The platform's own number. A chase or an edit on 12345, and an edit on the board, carry that
    of the complaint they belong to; on WeChat every message has its own."""
    title: str
    text: str = field(repr=False)
    name: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)
    address: str | None = field(default=None, repr=False)
    openid: str | None = field(default=None, repr=False)
    time_limit: str = ""
    """As printed on the ticket ("5个工作日"), or empty."""
    urgent: bool = False
    chase_of: str | None = None
    """Number of the complaint this chases."""
    edit_of: str | None = None
    """Number of the complaint whose text this replaces."""
    duplicate_of: str | None = None
    """Number of the same person's earlier complaint about the same matter, on another platform."""
    village_code: str = ""
    """Truth: where it is."""
    category: str = ""
    """Truth: a code of the product's categories, `not_ours` included."""
    second_category: str | None = None
    """Truth: the other topic of a letter that holds two."""
    component: str | None = None
    """Truth: what has failed (well, pump, electrical ...), where something has."""
    fault: str | None = None
    """Truth: which physical fault; complaints that share it belong to one work order."""
    says_repeated: bool = False
    """Truth: the words say that it has failed before."""

    @property
    def is_complaint(self) -> bool:
        return self.chase_of is None and self.edit_of is None
