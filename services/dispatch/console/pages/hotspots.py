"""What keeps failing: for the supervisor, with the evidence."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from services.dispatch.api.http_errors import as_problems
from services.dispatch.console.queries.hotspots import read_hotspots
from services.dispatch.console.queries.staff import read_display_names
from services.dispatch.console.rendering import by_htmx, go_to, in_place, page
from services.dispatch.console.session import allowed
from services.dispatch.handlers.failure_history import see_hotspot
from shared.auth.permissions import Permission
from shared.auth.tokens import Person
from shared.db import DatabaseHere
from shared.routes import Route

router = APIRouter(prefix="/hotspots", route_class=Route)

Seer = Annotated[Person, allowed(Permission.HOTSPOT_SEE)]


@router.get("")
async def hotspots_page(
    request: Request, person: Seer, database: DatabaseHere, *, unseen: bool = False
) -> Response:
    async with database.reading() as session:
        hotspots = await read_hotspots(session, person.county, unseen=unseen)
        names = await read_display_names(session, person.county)
    return page(request, "hotspots.html", hotspots=hotspots, names=names, unseen=unseen)


@router.post("/{scheme_id}/{component}/seen")
async def seen(
    request: Request, scheme_id: str, component: str, person: Seer, database: DatabaseHere
) -> Response:
    with as_problems():
        async with database.work() as (session, _):
            spot = await see_hotspot(
                session, person.county, scheme_id, component, person.name, database.clock.now()
            )
            names = await read_display_names(session, person.county)
    if by_htmx(request):
        return in_place(
            request, "_hotspot_seen.html", f"seen-{scheme_id}-{component}", spot=spot, names=names
        )
    return go_to(request, f"/hotspots#hotspot-{scheme_id}-{component}")
