"""The channel to one platform: what reply asks of it, and what may go wrong.

PlatformUnavailable: the platform surely did not take the reply; try again later.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import httpx

from services.reply.rules.platform_profile import PlatformProfile
from services.reply.settings import ReplySettings
from shared.clock import Clock
from shared.http import PlatformUnavailable as PlatformUnavailable
from shared.send_once import Ambiguous as Ambiguous
from shared.send_once import Refused as Refused


@dataclass(frozen=True, slots=True)
class OutgoingReply:
    """One version of one reply, ready to be sent."""

    request_id: str
    """Names this version on the wire: the same version sent twice carries the same value."""
    external_id: str
    """The platform's number of the ticket."""
    text: str = field(repr=False)
    solved: bool
    returned: bool = False
    """True: not ours; the ticket goes back with `text` as the reason."""
    responsible: str = ""
    """Who is, where the ticket goes back."""
    contacted_at: datetime | None = None
    """When the resident was spoken to, where someone did."""
    is_true: bool = True
    """诉求属实: what the resident said is so."""
    handle: str | None = field(default=None, repr=False)
    """The platform's own name for the resident, where the platform answers people (WeChat)."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The platform's proof that one version of a reply has arrived."""

    number: str
    received_at: datetime


class Unreachable(Refused):
    """The platform does not reach this resident any more, whatever we write: a person phones."""


class Channel(Protocol):
    """Every implementation passes tests/contract/test_channels.py."""

    profile: PlatformProfile

    appears_within: timedelta
    """How long a reply that was taken may stay hidden from `look`: only when an ambiguous one is
    still not found after that was it surely not taken, and may be sent again. Zero: at once."""

    async def send(self, reply: OutgoingReply) -> Receipt | None:
        """Hand the reply over once. None: taken, and the receipt must be looked for later.

        Raises Refused, PlatformUnavailable or Ambiguous.
        """
        ...

    async def look(self, reply: OutgoingReply) -> Receipt | None:
        """The receipt of this version if the platform shows it. Raises PlatformUnavailable."""
        ...

    async def probe(self) -> None:
        """Ask something that changes nothing, once. Raises PlatformUnavailable where it gets no
        answer."""
        ...

    async def close(self) -> None: ...


class AcknowledgingChannel(Channel, Protocol):
    async def acknowledge(self, external_id: str, officer: str, at: datetime) -> None:
        """Accept a ticket (签收). Doing it twice does no harm.

        Raises Refused, PlatformUnavailable or Ambiguous.
        """
        ...


@dataclass(frozen=True, slots=True)
class TimeAsked:
    """A request for more time, ready to be sent."""

    request_id: str
    external_id: str
    until: datetime
    reason: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TimeAnswer:
    """What a platform shows of a request it has; all None: it has not decided."""

    granted: bool | None = None
    until: datetime | None = None
    """The new limit, where it can be read."""


class ExtendingChannel(Channel, Protocol):
    async def ask_time(self, asked: TimeAsked) -> None:
        """Ask for more time, once. Raises Refused, PlatformUnavailable or Ambiguous."""
        ...

    async def look_time(self, asked: TimeAsked) -> TimeAnswer | None:
        """None: the platform does not have it. Raises PlatformUnavailable."""
        ...


OpenChannel = Callable[[ReplySettings, Clock, httpx.AsyncBaseTransport | None], Channel | None]
"""Opens the channel of one platform; None: it is not configured, and people answer by hand."""
