"""What waits for a person: complaints to decide, messages nobody could read, villages to choose."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from services.dispatch.console.queries.board import read_towns
from services.dispatch.console.queries.complaints import read_waiting
from services.dispatch.console.queries.filters import Filters
from services.dispatch.console.rendering import go_to, page, part
from services.dispatch.console.service_clients import intake_of
from services.dispatch.console.session import allowed
from shared.auth.permissions import Permission
from shared.auth.tokens import Person
from shared.db import DatabaseHere
from shared.routes import Route

router = APIRouter(route_class=Route)

Decider = Annotated[Person, allowed(Permission.COMPLAINT_DECIDE)]


@router.get("/waiting")
async def waiting_page(
    request: Request,
    person: Annotated[Person, allowed(Permission.BOARD_SEE)],
    database: DatabaseHere,
    filters: Annotated[Filters, Depends()],
) -> Response:
    """Whoever sees the board sees what waits; what nobody could read, only those who decide."""
    async with database.reading() as session:
        complaints = await read_waiting(session, person.county, filters)
        towns = await read_towns(session, person.county)
    unreadable = None
    if decides := person.may(Permission.COMPLAINT_DECIDE):
        waiting = await intake_of(request).read(request, "/waiting")
        unreadable = waiting and waiting["unreadable"]
    return page(
        request,
        "waiting.html",
        filters=filters,
        towns=towns,
        complaints=complaints,
        decides=decides,
        unreadable=unreadable,
    )


@router.post("/unreadable/{raw_id}/body")
async def unreadable_body(request: Request, raw_id: str, _person: Decider) -> Response:
    """The message as it came; it may name somebody, so intake records who looked."""
    found = await intake_of(request).read(request, f"/unreadable/{raw_id}")
    body = found and found["body"]
    return part(request, "_unreadable.html", body=body)


@router.post("/unreadable/{raw_id}/handled")
async def mark_handled(request: Request, raw_id: str, _person: Decider) -> Response:
    await intake_of(request).change(request, "POST", f"/unreadable/{raw_id}/handled", {})
    return go_to(request, "/waiting?done=handled")


@router.get("/villages")
async def villages_part(
    request: Request, _person: Decider, village_q: Annotated[str, Query(max_length=50)] = ""
) -> Response:
    """Villages to choose from while somebody types."""
    wanted = village_q.strip()
    found = await intake_of(request).read(request, "/villages", q=wanted) if wanted else []
    return part(request, "_villages.html", villages=found, chosen="")
