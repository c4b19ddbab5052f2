"""`waterdesk parked`: events that a service cannot handle; release them, or drop them."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import typer

from shared.bus.consumer import Consumer
from shared.bus.parked_queries import ParkedKey, list_parked
from shared.clock import SystemClock
from shared.db import Database
from shared.settings import CommonSettings
from waterdesk import composition
from waterdesk.commands.opening import (
    ServiceName,
    names_of,
    opened_database,
    opened_installation,
)
from waterdesk.installation import Installation

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
    with opened_installation(CommonSettings()) as installation:
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
    with opened_installation(CommonSettings()) as installation:
        if asyncio.run(_release(installation, service, key, cause, as_json=as_json)):
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
    with opened_installation(CommonSettings()) as installation:
        if asyncio.run(_drop(installation, service, key, as_json=as_json)):
            raise typer.Exit(1)


async def _list(
    installation: Installation,
    service: ServiceName | None,
    key: str | None,
    cause: str | None,
    *,
    as_json: bool,
) -> None:
    for name in names_of(service):
        async with opened_database(installation, name) as database:
            await _print(database, key, cause, as_json=as_json)


async def _release(
    installation: Installation,
    service: ServiceName | None,
    key: str | None,
    cause: str | None,
    *,
    as_json: bool,
) -> int:
    """Returns how many keys stay parked."""
    left = 0
    for name in names_of(service):
        async with _consumer(installation, name) as (consumer, database):
            async for one in _find(database, key, cause):
                if consumer is not None:
                    await consumer.release(one.key)
                left += await _print(database, one.key, None, as_json=as_json)
    return left


async def _drop(
    installation: Installation, service: ServiceName, key: str, *, as_json: bool
) -> int:
    """Returns how many keys stay parked."""
    async with _consumer(installation, service) as (consumer, database):
        if consumer is None or not [one async for one in _find(database, key, None)]:
            raise typer.BadParameter(f"nothing is parked in {service} under {key}")
        await consumer.drop(key)
        return await _print(database, key, None, as_json=as_json)


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


async def _find(database: Database, key: str | None, cause: str | None) -> AsyncIterator[ParkedKey]:
    """A consumer has the name of its service."""
    after = ""
    while True:
        async with database.reading() as session:
            page = await list_parked(
                session, database.service, key=key, cause=cause, after=after, limit=_PAGE
            )
        for one in page:
            yield one
        if len(page) < _PAGE:
            return
        after = page[-1].key


async def _print(database: Database, key: str | None, cause: str | None, *, as_json: bool) -> int:
    """One line a key. Returns how many."""
    count = 0
    async for one in _find(database, key, cause):
        count += 1
        service = database.service
        if as_json:
            line = {"service": service, "key": one.key, "events": one.events, "cause": one.cause}
            typer.echo(json.dumps(line, ensure_ascii=False))
        else:
            typer.echo(f"{service}  {one.key}  {one.events}  {one.event_type}  {one.cause}")
    return count
