"""Put the services together from their settings: the one place that knows all three.

Each is imported where it is built, so that a process that serves one does not carry the others.
"""

from collections.abc import Mapping, Sequence

import httpx

from services.dispatch.settings import DispatchSettings
from services.intake.settings import IntakeSettings
from services.place import Place
from services.reply.settings import ReplySettings
from shared.bus.protocol import Bus
from shared.clock import Clock
from shared.db import Database
from shared.service import Service
from shared.settings import CommonSettings

SETTINGS: Mapping[str, type[IntakeSettings | DispatchSettings | ReplySettings]] = {
    "intake": IntakeSettings,
    "dispatch": DispatchSettings,
    "reply": ReplySettings,
}


def open_database(place: Place, name: str, clock: Clock) -> Database:
    return Database(place.database_url(name), name, clock)


def intake(
    place: Place,
    bus: Bus,
    clock: Clock,
    settings: IntakeSettings,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Service:
    """`transport`: for all HTTP it speaks, where that is not the network."""
    from services.intake import service

    database = open_database(place, "intake", clock)
    return service.build(
        settings, database, bus, secret=place.secret, vault=place.vault, transport=transport
    )


def dispatch(place: Place, bus: Bus, clock: Clock, settings: DispatchSettings) -> Service:
    from services.dispatch import service

    database = open_database(place, "dispatch", clock)
    return service.build(settings, database, bus, secret=place.secret)


def reply(
    place: Place,
    bus: Bus,
    clock: Clock,
    settings: ReplySettings,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Service:
    """`transport`: for all HTTP it speaks, where that is not the network."""
    from services.reply import service

    database = open_database(place, "reply", clock)
    return service.build(settings, database, bus, secret=place.secret, transport=transport)


def build(name: str, place: Place, bus: Bus, clock: Clock) -> Service:
    """One service by its name, from the environment's settings."""
    if name == "intake":
        return intake(place, bus, clock, IntakeSettings())
    if name == "dispatch":
        return dispatch(place, bus, clock, DispatchSettings())
    return reply(place, bus, clock, ReplySettings())


def ports_of(names: Sequence[str], settings: CommonSettings) -> Mapping[str, int]:
    """By the variable that sets each."""
    return {f"WATERDESK_{name.upper()}_PORT": getattr(settings, f"{name}_port") for name in names}


def port_of(name: str, place: Place) -> int:
    port: int = getattr(place.settings, f"{name}_port")
    return port
