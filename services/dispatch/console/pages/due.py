"""Everything that is overdue or due, the longest overdue first, page by page."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from services.dispatch.console.queries.board import read_towns
from services.dispatch.console.queries.crews import read_crew_names
from services.dispatch.console.queries.due import DueFilters, Position, count_due, read_due
from services.dispatch.console.rendering import page
from services.dispatch.console.session import allowed
from shared.auth.permissions import Permission
from shared.auth.tokens import Person
from shared.db import DatabaseHere
from shared.routes import Route

router = APIRouter(route_class=Route)

_LINES = 50


@router.get("/due")
async def due_page(
    request: Request,
    person: Annotated[Person, allowed(Permission.BOARD_SEE)],
    database: DatabaseHere,
    filters: Annotated[DueFilters, Depends()],
    after: datetime | None = None,
    after_fault: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """`after` and `after_fault`: the last line of the page before."""
    position = Position(after, after_fault) if after and after.tzinfo else None
    now = database.clock.now()
    async with database.reading() as session:
        counts = await count_due(session, person.county, filters, now)
        lines = await read_due(session, person.county, filters, now, _LINES + 1, position)
        towns = await read_towns(session, person.county)
        crews = await read_crew_names(session, person.county)
    return page(
        request,
        "due.html",
        filters=filters,
        total=counts.of(filters.due),
        lines=lines[:_LINES],
        following=lines[_LINES - 1].position if len(lines) > _LINES else None,
        continued=position is not None,
        towns=towns,
        crews=crews,
    )
