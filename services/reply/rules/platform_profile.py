"""What reply knows of one platform. Each platform's profile is in its file in channels/."""

from dataclasses import dataclass
from typing import Literal

from .call_backs import AskedBy

ToldBy = Literal["platform", "wechat", "sms", "phone"]


@dataclass(frozen=True, slots=True)
class PlatformProfile:
    name: str
    longest_reply: int = 2000
    """Characters."""
    acknowledges: bool = False
    """Whether it wants to be told that a ticket is accepted (签收)."""
    grants_time: bool = False
    """Whether a machine can ask it for more time: one limit, for the whole ticket."""
    can_look: bool = False
    """Whether a reply that was taken can be looked up. Where not, an ambiguous one waits for a
    person."""
    answers_person: bool = False
    """Whether a reply goes to a person by the platform's own name for them (a handle)."""
    reaches_resident: bool = False
    """Whether the resident reads or hears a reply without the platform passing it on: the reply is
    a contact with them as well."""
    told_by: ToldBy = "platform"
    """Who tells the resident."""
    asked_by: AskedBy = AskedBy.PLATFORM
    """Who asks the resident whether it is solved."""
