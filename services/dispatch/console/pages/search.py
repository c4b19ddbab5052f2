"""Find a complaint by its number or its village."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from services.dispatch.console.queries.complaints import find_complaints
from services.dispatch.console.rendering import go_to, page
from services.dispatch.console.session import allowed
from services.dispatch.models import Complaint
from shared.auth.permissions import Permission
from shared.auth.tokens import Person
from shared.db import DatabaseHere
from shared.routes import Route

router = APIRouter(route_class=Route)


@router.get("/search")
async def search_page(
    request: Request,
    person: Annotated[Person, allowed(Permission.BOARD_SEE)],
    database: DatabaseHere,
    q: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    wanted = q.strip()
    found: tuple[Complaint, ...] = ()
    if wanted:
        async with database.reading() as session:
            found = await find_complaints(session, person.county, wanted, database.clock.now())
    if len(found) == 1:
        return go_to(request, f"/complaints/{found[0].id}")
    return page(request, "search.html", q=wanted, found=found)
