"""`waterdesk replay`: read a topic again, from any point; nothing happens twice."""

import asyncio
import json
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer

from shared.bus import topics
from shared.bus.consumer import Consumer
from shared.clock import SystemClock
from shared.settings import CommonSettings
from waterdesk import composition
from waterdesk.commands.opening import opened_installation
from waterdesk.commands.since import kept_since, read_kept_since
from waterdesk.installation import SERVICES, Installation


class Topic(StrEnum):
    COMPLAINTS = topics.COMPLAINTS
    WORK_ORDERS = topics.WORK_ORDERS
    REPLIES = topics.REPLIES


def replay(
    topic: Annotated[Topic, typer.Argument(help="Which topic to read again.")],
    since: Annotated[
        str | None,
        typer.Option(
            help="From what the bus stored at this time on, ISO 8601 (Shanghai time where it has"
            " no offset). Left out: from the oldest event that is kept.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """重读事件: every service that consumes TOPIC reads its events again; what it has handled
    already is not handled again. For a consumer that missed events by a mistake put right since.

    Parked events are released by `waterdesk parked`, not here. Prints one JSON line a service.

    Example:  waterdesk replay waterdesk.complaints --since 2026-11-20T08:00
    """
    settings = CommonSettings()
    days = settings.retention_days
    start = read_kept_since(since, days) if since else kept_since(days)
    with opened_installation(settings) as installation:
        asyncio.run(_replay(installation, topic.value, start))


async def _replay(installation: Installation, topic: str, since: datetime) -> None:
    await installation.migrate()
    async with installation.open_bus() as bus:
        for name in SERVICES:
            service = composition.build(name, installation, bus, SystemClock())
            try:
                if service.consumer and topic in service.consumer.topics:
                    read = await read_again(service.consumer, topic, since)
                    line = {"service": name, "topic": topic, "events_read": read}
                    typer.echo(json.dumps(line))
            finally:
                await service.close()


async def read_again(consumer: Consumer, topic: str, since: datetime) -> int:
    """Hand a topic's events to a consumer once more. Returns how many were read."""
    read = 0
    async with consumer.bus.read_from(topic, since) as reader:
        while received := await reader.poll(500, 1.0):
            await consumer.handle(received)
            read += len(received)
    return read
