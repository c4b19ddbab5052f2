"""`waterdesk parked`: events that a service cannot handle; release them, or drop them."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Annotated

import typer

from shared.bus.consumer import Consumer
from shared.bus.parked_queries import ParkedKey, list_parked
from shared.clock import SystemClock
from shared.db import Database
from shared.logging import configure_logging
from shared.settings import CommonSettings
from waterdesk import composition
from waterdesk.commands.names import ServiceName
from waterdesk.installation import SERVICES, Installation, open_installation

_PAGE = 500

parked = typer.Typer(
    help="搁置的消息: events that a service cannot handle, with all later ones of their keys.",
    no_args_is_help=True,
)

_Service = Annotated[ServiceName | None, typer.Option(help="Only this service's.")]
_Key = Annotated[str | None, typer.Option(help="Only this complaint's or work order's.")]
_Cause = Annotated[str | None, typer.Option(help="Only those whose cause begins so.")]
_Json = Annotated[bool, typer.Option("--json", help="One JSON line per key.")]


@parked.command("list")
def list_(
    service: _Service = None, key: _Key = None, cause: _Cause = None, as_json: _Json = False
) -> None:
    """列出: one line per key: what holds it back, and how many events are parked under it.

    Example:  waterdesk parked list --service reply --json
    """
    with _installation() as installation:
        asyncio.run(_list(installation, service, key, cause, as_json=as_json))


@parked.command("release")
def release(
    service: _Service = None, key: _Key = None, cause: _Cause = None, as_json: _Json = False
) -> None:
    """重试: try parked events again, in order, once their cause is put right.

    Name a --key, a --cause, or both. Exit status 1 where something stays parked.

    Example:  waterdesk parked release --service dispatch --cause KeyError
    """
    if key is None and cause is None:
        raise typer.BadParameter("name a --key or a --cause")
    with _installation() as installation:
        is_done = asyncio.run(_release(installation, service, key, cause, as_json=as_json))
    if not is_done:
        raise typer.Exit(1)


@parked.command("drop")
def drop(
    service: Annotated[ServiceName, typer.Option(help="Whose event it is.")],
    key: Annotated[str, typer.Option(help="The complaint's or work order's.")],
    as_json: _Json = False,
) -> None:
    """放弃: give up a key's first event for ever, and go on with the rest.

    Exit status 1 where something stays parked.

    Example:  waterdesk parked drop --service reply --key c0198f2e41c5...
    """
    with _installation() as installation:
        is_done = asyncio.run(_drop(installation, service, key, as_json=as_json))
    if not is_done:
        raise typer.Exit(1)


def _installation() -> AbstractContextManager[Installation]:
    settings = CommonSettings()
    configure_logging(settings.log_level)
    return open_installation(settings)


async def _list(
    installation: Installation,
    service: ServiceName | None,
    key: str | None,
    cause: str | None,
    *,
    as_json: bool,
) -> None:
    for name in _names(service):
        database = composition.open_database(installation, name, SystemClock())
        try:
            async for one in _find(database, name, key, cause):
                _print(name, one, as_json=as_json)
        finally:
            await database.close()


async def _release(
    installation: Installation,
    service: ServiceName | None,
    key: str | None,
    cause: str | None,
    *,
    as_json: bool,
) -> bool:
    is_done = True
    for name in _names(service):
        async with _consumer(installation, name) as (consumer, database):
            async for one in _find(database, name, key, cause):
                if consumer is not None:
                    await consumer.release(one.key)
                async for left in _find(database, name, one.key, None):
                    is_done = False
                    _print(name, left, as_json=as_json)
    return is_done


async def _drop(
    installation: Installation, service: ServiceName, key: str, *, as_json: bool
) -> bool:
    is_done = True
    async with _consumer(installation, service) as (consumer, database):
        if consumer is None or not [one async for one in _find(database, service, key, None)]:
            raise typer.BadParameter(f"nothing is parked in {service} under {key}")
        await consumer.drop(key)
        async for left in _find(database, service, key, None):
            is_done = False
            _print(service, left, as_json=as_json)
    return is_done


def _names(service: ServiceName | None) -> Sequence[str]:
    return SERVICES if service is None else (service.value,)


@asynccontextmanager
async def _consumer(
    installation: Installation, name: str
) -> AsyncIterator[tuple[Consumer | None, Database]]:
    """A service's consumer, for its handlers: what they tell waits in the outbox for a relay."""
    service = composition.build(name, installation, installation.new_bus(), SystemClock())
    try:
        yield service.consumer, service.database
    finally:
        await service.close()


async def _find(
    database: Database, consumer: str, key: str | None, cause: str | None
) -> AsyncIterator[ParkedKey]:
    after = ""
    while True:
        async with database.reading() as session:
            page = await list_parked(
                session, consumer, key=key, cause=cause, after=after, limit=_PAGE
            )
        for one in page:
            yield one
        if len(page) < _PAGE:
            return
        after = page[-1].key


def _print(service: str, one: ParkedKey, *, as_json: bool) -> None:
    if as_json:
        line = {"service": service, "key": one.key, "events": one.events, "cause": one.cause}
        typer.echo(json.dumps(line, ensure_ascii=False))
    else:
        typer.echo(f"{service}  {one.key}  {one.events}  {one.event_type}  {one.cause}")
