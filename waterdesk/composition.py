"""Put the services together from their settings: the one installation that knows all three.

Each is imported where it is built, so that a process that serves one does not carry the others.
"""

from collections.abc import Mapping, Sequence

import httpx

from services.dispatch.settings import DispatchSettings
from services.intake.settings import IntakeSettings
from services.reply.settings import ReplySettings
from shared.bus.protocol import Bus
from shared.clock import Clock
from shared.db import Database
from shared.service import Service
from shared.settings import CommonSettings
from waterdesk.installation import Installation

SETTINGS: Mapping[str, type[IntakeSettings | DispatchSettings | ReplySettings]] = {
    "intake": IntakeSettings,
    "dispatch": DispatchSettings,
    "reply": ReplySettings,
}


def open_database(installation: Installation, name: str, clock: Clock) -> Database:
    limits = installation.settings.limits
    return Database(installation.database_url(name), name, clock, limits=limits)


def intake(
    installation: Installation,
    bus: Bus,
    clock: Clock,
    settings: IntakeSettings,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Service:
    """`transport`: for all HTTP it speaks, where that is not the network."""
    from services.intake import service

    database = open_database(installation, "intake", clock)
    return service.build(
        settings,
        database,
        bus,
        secret=installation.secret,
        vault=installation.vault,
        transport=transport,
    )


def dispatch(
    installation: Installation,
    bus: Bus,
    clock: Clock,
    settings: DispatchSettings,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Service:
    """`transport`: for all HTTP it speaks to others than our services, where that is not the
    network."""
    from services.dispatch import service

    database = open_database(installation, "dispatch", clock)
    return service.build(settings, database, bus, secret=installation.secret, transport=transport)


def reply(
    installation: Installation,
    bus: Bus,
    clock: Clock,
    settings: ReplySettings,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Service:
    """`transport`: for all HTTP it speaks, where that is not the network."""
    from services.reply import service

    database = open_database(installation, "reply", clock)
    return service.build(settings, database, bus, secret=installation.secret, transport=transport)


def build(name: str, installation: Installation, bus: Bus, clock: Clock) -> Service:
    """One service by its name, from the environment's settings."""
    if name == "intake":
        return intake(installation, bus, clock, IntakeSettings())
    if name == "dispatch":
        return dispatch(installation, bus, clock, DispatchSettings())
    return reply(installation, bus, clock, ReplySettings())


def ports_of(names: Sequence[str], settings: CommonSettings) -> Mapping[str, int]:
    """By the variable that sets each."""
    return {f"WATERDESK_{name.upper()}_PORT": getattr(settings, f"{name}_port") for name in names}


def port_of(name: str, installation: Installation) -> int:
    port: int = getattr(installation.settings, f"{name}_port")
    return port
