"""`waterdesk republish`: send events again that a broker has lost; nothing happens twice."""

import asyncio
import json
from datetime import datetime
from typing import Annotated

import typer

from shared.bus.republish import republish as send_again
from shared.settings import CommonSettings
from waterdesk.commands.opening import (
    ServiceName,
    names_of,
    opened_database,
    opened_installation,
)
from waterdesk.commands.since import read_kept_since
from waterdesk.installation import Installation


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
    with opened_installation(settings) as installation:
        asyncio.run(_republish(installation, names_of(service), start))


async def _republish(installation: Installation, names: tuple[str, ...], since: datetime) -> None:
    async with installation.open_bus() as bus:
        for name in names:
            async with (
                opened_database(installation, name) as database,
                database.connect() as connection,
            ):
                sent = await send_again(connection, bus, since)
            typer.echo(json.dumps({"service": name, "events_sent": sent}))
