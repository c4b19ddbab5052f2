"""Parked events: try them again, or give them up."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Request, Response
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.console.errors import NOT_FOUND
from services.dispatch.console.queries.parked import ParkedKey, read_parked
from services.dispatch.console.rendering import go_to, page
from services.dispatch.console.session import allowed
from shared.auth.permissions import Permission
from shared.auth.tokens import Person
from shared.bus import tables
from shared.bus.consumer import Consumer
from shared.db import Database, database_of
from shared.problems import Problem
from shared.routes import Route

router = APIRouter(prefix="/parked", route_class=Route)

Admin = Annotated[Person, allowed(Permission.PARKED_DECIDE)]
DatabaseHere = Annotated[Database, Depends(database_of)]


@router.get("")
async def parked_page(request: Request, person: Admin, database: DatabaseHere) -> Response:
    async with database.work() as (session, _):
        parked = await read_parked(session, _consumer(request).name, person.county)
        await _note_seen(session, parked, person.name, database.clock.now())
    return page(request, "parked.html", parked=parked)


@router.post("/{key}")
async def decide(
    request: Request,
    key: str,
    person: Admin,
    database: DatabaseHere,
    act: Annotated[Literal["release", "drop"], Form()],
) -> Response:
    consumer = _consumer(request)
    async with database.reading() as session:
        mine = {one.key for one in await read_parked(session, consumer.name, person.county)}
    if key not in mine:
        raise Problem(404, "nothing_parked", NOT_FOUND)
    if act == "drop":
        await consumer.drop(key)
        return go_to(request, "/parked?done=dropped")
    await consumer.release(key)
    async with database.reading() as session:
        left = {one.key for one in await read_parked(session, consumer.name, person.county)}
    return go_to(request, f"/parked?done={'fails_again' if key in left else 'released'}")


async def _note_seen(
    session: AsyncSession, parked: Sequence[ParkedKey], who: str, now: datetime
) -> None:
    """A person has these before their eyes: `waterdesk verify` no longer warns of them."""
    await session.execute(
        update(tables.parked)
        .where(
            tables.parked.c.key.in_([one.key for one in parked]), tables.parked.c.seen_at.is_(None)
        )
        .values(seen_at=now, seen_by=who)
    )


def _consumer(request: Request) -> Consumer:
    consumer = request.app.state.consumer
    assert isinstance(consumer, Consumer)
    return consumer
