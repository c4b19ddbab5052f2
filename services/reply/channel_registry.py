"""The platforms of reply. Each is one file in channels/ that holds its PROFILE and, where we can
reach it ourselves, `open_channel`. A new file is found by itself."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import cast

import httpx

from shared.clock import Clock

from . import channels
from .channels.channel import AcknowledgingChannel, Channel, ExtendingChannel, OpenChannel
from .rules.platform_profile import PlatformProfile
from .settings import ReplySettings


@dataclass(frozen=True, slots=True)
class Channels:
    """The open channels, by platform. Close them after use."""

    by_platform: Mapping[str, Channel]

    @property
    def acknowledging(self) -> Mapping[str, AcknowledgingChannel]:
        """Those of platforms that want to be told that a ticket is accepted (签收)."""
        return {
            platform: cast(AcknowledgingChannel, channel)
            for platform, channel in self.by_platform.items()
            if channel.profile.acknowledges
        }

    @property
    def extending(self) -> Mapping[str, ExtendingChannel]:
        """Those of platforms that a machine can ask for more time (延期)."""
        return {
            platform: cast(ExtendingChannel, channel)
            for platform, channel in self.by_platform.items()
            if channel.profile.grants_time
        }

    async def close(self) -> None:
        for channel in self.by_platform.values():
            await channel.close()


def known_profiles() -> Mapping[str, PlatformProfile]:
    return {
        profile.name: profile
        for module in _platforms()
        for profile in cast(tuple[PlatformProfile, ...], module.PROFILES)
    }


def open_channels(
    settings: ReplySettings, clock: Clock, transport: httpx.AsyncBaseTransport | None = None
) -> Channels:
    """Those that are configured. `transport` reaches platforms that are no network (tests)."""
    opened: dict[str, Channel] = {}
    for module in _platforms():
        open_channel = cast(OpenChannel | None, getattr(module, "open_channel", None))
        if open_channel and (channel := open_channel(settings, clock, transport)):
            opened[channel.profile.name] = channel
    return Channels(opened)


def _platforms() -> Iterator[ModuleType]:
    for found in iter_modules(channels.__path__):
        module = import_module(f"{channels.__name__}.{found.name}")
        if hasattr(module, "PROFILES"):
            yield module
