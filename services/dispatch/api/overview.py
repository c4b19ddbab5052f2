"""Complaints that wait for a person, crews with their work, hotspots."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query

from services.dispatch import queries
from services.dispatch.api.http_errors import as_problems
from services.dispatch.handlers.failure_history import see_hotspot
from services.dispatch.models import Complaint
from shared.auth.permissions import Permission
from shared.auth.requires import requires
from shared.auth.tokens import Person
from shared.bus.outbox import Outbox
from shared.db import DatabaseHere, Session
from shared.routes import Route
from shared.vocabulary import Component

router = APIRouter(route_class=Route)

HotspotSeer = Annotated[Person, requires(Permission.HOTSPOT_SEE)]


@router.get("/complaints/waiting")
async def get_waiting(
    person: Annotated[Person, requires(Permission.COMPLAINT_DECIDE)],
    database: DatabaseHere,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Sequence[Complaint]:
    """What a person has to decide; the words are at intake."""
    async with database.reading() as session:
        return await queries.complaints_waiting(session, person.county, limit)


@router.get("/crews")
async def get_crews(
    person: Annotated[Person, requires(Permission.BOARD_SEE)], database: DatabaseHere
) -> Sequence[queries.CrewWithLoad]:
    async with database.reading() as session:
        return await queries.crews_with_load(session, person.county)


@router.get("/hotspots")
async def get_hotspots(
    person: HotspotSeer, database: DatabaseHere
) -> Sequence[queries.HotspotOfScheme]:
    async with database.reading() as session:
        return await queries.hotspots(session, person.county)


@router.post("/hotspots/{scheme_id}/{component}/seen", status_code=204)
async def post_seen(
    scheme_id: str, component: Component, person: HotspotSeer, database: DatabaseHere
) -> None:
    async def see(session: Session, _outbox: Outbox) -> None:
        now = database.clock.now()
        await see_hotspot(session, person.county, scheme_id, component, person.name, now)

    with as_problems():
        await database.in_transaction(see)
