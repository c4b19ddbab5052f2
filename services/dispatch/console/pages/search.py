"""Find complaints and work orders by their numbers, complaints by their village."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from services.dispatch.console.queries.search import find
from services.dispatch.console.rendering import go_to, page
from services.dispatch.console.session import allowed
from services.dispatch.models import Complaint, WorkOrder
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
    async with database.reading() as session:
        found = await find(session, person.county, wanted, database.clock.now())
    match found.only_one:
        case WorkOrder(id=its_id):
            return go_to(request, f"/work-orders/{its_id}")
        case Complaint(id=its_id):
            return go_to(request, f"/complaints/{its_id}")
    return page(request, "search.html", q=wanted, found=found)
