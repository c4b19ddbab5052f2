"""A crew's work orders on its phone: in order of urgency, one big next step each."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from services.dispatch.console.pages.complaint import must_see, resident_of_complaint
from services.dispatch.console.queries.crew_work_orders import CrewWorkOrder, read_crew_work_orders
from services.dispatch.console.rendering import live_part, live_tag, page, part, words_of
from services.dispatch.console.service_clients import reply_of
from services.dispatch.console.session import allowed
from shared.auth.permissions import Permission
from shared.auth.requires import NOT_ALLOWED
from shared.auth.tokens import Person
from shared.db import Database, DatabaseHere
from shared.problems import Problem
from shared.routes import Route

router = APIRouter(route_class=Route)

Worker = Annotated[Person, allowed(Permission.WORK_ORDER_WORK)]


async def _read(database: Database, person: Person) -> tuple[CrewWorkOrder, ...]:
    if person.crew_id is None:
        raise Problem(403, "no_crew", NOT_ALLOWED)
    async with database.reading() as session:
        return await read_crew_work_orders(session, person.county, person.crew_id)


@router.get("/crew")
async def crew_page(request: Request, person: Worker, database: DatabaseHere) -> Response:
    view = await _read(database, person)
    return page(request, "crew.html", view=view, tag=live_tag(request, view))


@router.get("/crew/work-orders")
async def crew_part(request: Request, person: Worker, database: DatabaseHere) -> Response:
    """What the phone asks for every few seconds; a form somebody types in is left alone."""
    return live_part(request, "_crew_work_orders.html", await _read(database, person))


@router.post("/complaints/{complaint_id}/call")
async def whom_to_call(
    request: Request,
    complaint_id: str,
    person: Annotated[Person, allowed(Permission.RESIDENT_SEE)],
    database: DatabaseHere,
) -> Response:
    """The number, fetched when somebody wants to dial it; intake records who looked."""
    await must_see(database, person, complaint_id)
    resident = await resident_of_complaint(request, complaint_id)
    return part(request, "_call.html", resident=resident, complaint_id=complaint_id)


@router.post("/complaints/{complaint_id}/contacted")
async def contacted(
    request: Request, complaint_id: str, person: Worker, database: DatabaseHere
) -> Response:
    """Somebody spoke to the resident: reply notes the deadline of a first contact as met."""
    await must_see(database, person, complaint_id)
    await reply_of(request).change(request, "POST", f"/complaints/{complaint_id}/contacted", {})
    return part(request, "_message.html", message=words_of(request)("done.contacted"), tone="good")
