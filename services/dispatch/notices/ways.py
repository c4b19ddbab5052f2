"""What the sender asks of one way of telling people: WeCom and text messages have one each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import httpx

from services.dispatch.rules.staff_messages import Button, Way, WayProfile
from services.dispatch.settings import DispatchSettings
from shared.clock import Clock


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """One message, ready to be sent."""

    id: str
    """Names it on the wire: sent twice, it carries the same value."""
    address: str = field(repr=False)
    """WeCom's userid, or a mobile number."""
    title: str
    body: str
    buttons: Sequence[Button] = ()


@dataclass(frozen=True, slots=True)
class Delivered:
    """The provider has the message."""

    provider_id: str | None
    response_code: str | None = field(default=None, repr=False)
    """Of a card: for one change of it."""


class MessageWay(Protocol):
    """Every method raises PlatformUnavailable where nothing was done."""

    profile: WayProfile

    async def send(self, message: OutgoingMessage) -> Delivered:
        """Hand it over once. Raises Refused with the provider's code, or Ambiguous."""
        ...

    async def close(self) -> None: ...


@runtime_checkable
class LookUpWay(Protocol):
    """A way whose provider shows what was sent: its profile says `can_look`."""

    async def has(self, message_id: str) -> bool:
        """Whether the provider has it. Raises PlatformUnavailable."""
        ...


Ways = Mapping[Way, MessageWay]


def profiles_of(ways: Ways) -> Mapping[Way, WayProfile]:
    return {way: opened.profile for way, opened in ways.items()}


def open_ways(
    settings: DispatchSettings, clock: Clock, transport: httpx.AsyncBaseTransport | None = None
) -> Ways:
    """Those that are configured. Raises FileInvalid for a provider's description."""
    from .by_sms import open_sms
    from .by_wecom import open_wecom

    opened = (open_wecom(settings, clock, transport), open_sms(settings, clock, transport))
    return {way.profile.way: way for way in opened if way is not None}
