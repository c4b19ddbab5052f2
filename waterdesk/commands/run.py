"""`waterdesk run`, `serve` and `migrate`: the product itself."""

import asyncio
from datetime import timedelta
from typing import Annotated

import typer
import uvloop

from shared.clock import SystemClock
from shared.logging import configure_logging
from shared.settings import CommonSettings
from shared.telemetry import export_spans
from waterdesk import composition
from waterdesk.bus_upkeep import BusUpkeep
from waterdesk.commands.opening import ServiceName
from waterdesk.installation import SERVICES, Installation, open_installation
from waterdesk.runner import refuse_taken_ports, run_services, stop_on_signals


def run() -> None:
    """三个服务一起运行: all three services in this process, everything embedded by default.

    The console is at http://127.0.0.1:8100; the data are in WATERDESK_HOME (./var). Ctrl-C ends it.

    Example:  WATERDESK_HOME=/var/lib/waterdesk waterdesk run
    """
    _run(SERVICES, migrate=True)


def serve(
    service: Annotated[ServiceName, typer.Argument(help="intake, dispatch or reply.")],
) -> None:
    """运行一个服务: one service of the distributed form; start as many replicas as you like.

    Needs WATERDESK_DATABASE_URL, WATERDESK_BUS, WATERDESK_SECRET, WATERDESK_PRIVACY_KEYS, and a
    database that `waterdesk migrate` has prepared.

    Example:  waterdesk serve intake
    """
    _run((service,), migrate=False)


def migrate() -> None:
    """准备数据库: make the databases that are missing and bring them to their newest form.

    Safe to call again, and from several places at once.

    Example:  WATERDESK_DATABASE_URL=postgresql://me@db/waterdesk_{service} waterdesk migrate
    """
    settings = _settings()
    with open_installation(settings) as installation:
        asyncio.run(installation.migrate())
    typer.echo("databases are up to date")


def _settings() -> CommonSettings:
    settings = CommonSettings()
    configure_logging(settings.log_level)
    export_spans()
    return settings


def _run(names: tuple[str, ...], *, migrate: bool) -> None:
    settings = _settings()
    refuse_taken_ports(settings.host, composition.ports_of(names, settings))
    with open_installation(settings, join=names != SERVICES) as installation:
        uvloop.run(_serve(installation, names, migrate=migrate))


async def _serve(installation: Installation, names: tuple[str, ...], *, migrate: bool) -> None:
    stopping = asyncio.Event()
    stop_on_signals(stopping)
    if migrate:
        await installation.migrate()
    bus = installation.new_bus()
    try:
        clock = SystemClock()
        services = [
            (
                composition.build(name, installation, bus, clock),
                composition.port_of(name, installation),
            )
            for name in names
        ]
        upkeep = BusUpkeep(bus, timedelta(days=installation.settings.retention_days))
        await run_services(services, upkeep, installation.settings.host, stopping)
    finally:
        await bus.close()
