"""`waterdesk republish`: send events again that a broker has lost; nothing happens twice."""

import asyncio
import json
from datetime import datetime
from typing import Annotated

import typer

from shared.bus.republish import republish as send_again
from shared.clock import SystemClock
from shared.logging import configure_logging
from shared.settings import CommonSettings
from waterdesk import composition
from waterdesk.commands.names import ServiceName
from waterdesk.commands.since import read_kept_since
from waterdesk.installation import SERVICES, Installation, open_installation


def republish(
    since: Annotated[
        str,
        typer.Option(
            help="What was recorded at this time or later, ISO 8601 (Shanghai time where it has no"
            " offset). Choose one before the broker was last unavailable.",
            show_default=False,
        ),
    ],
    service: Annotated[ServiceName | None, typer.Option(help="Only this service's events.")] = None,
) -> None:
    """重发事件: put the services' sent events on the bus again, in their order.

    For a broker that has lost what it had stored: a restored backup, a deleted topic. Consumers
    know what they have handled. Prints one JSON line a service.

    Example:  waterdesk republish --since 2026-11-20T08:00
    """
    settings = CommonSettings()
    start = read_kept_since(since, settings.retention_days)
    configure_logging(settings.log_level)
    names = SERVICES if service is None else (service.value,)
    with open_installation(settings) as installation:
        asyncio.run(_republish(installation, names, start))


async def _republish(installation: Installation, names: tuple[str, ...], since: datetime) -> None:
    bus = await installation.open_bus()
    try:
        for name in names:
            database = composition.open_database(installation, name, SystemClock())
            try:
                async with database.connect() as connection:
                    sent = await send_again(connection, bus, since)
                typer.echo(json.dumps({"service": name, "events_sent": sent}))
            finally:
                await database.close()
    finally:
        await bus.close()
