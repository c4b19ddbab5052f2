"""Everything that is overdue or due, the longest overdue first, page by page."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request, Response

from services.dispatch.console.language import both
from services.dispatch.console.queries.board import read_towns
from services.dispatch.console.queries.crews import read_crew_names
from services.dispatch.console.queries.due import (
    DueFilters,
    GivenCause,
    Position,
    count_due,
    read_due,
)
from services.dispatch.console.queries.staff import read_display_names
from services.dispatch.console.rendering import by_htmx, go_to, in_place, page
from services.dispatch.console.session import allowed
from services.dispatch.handlers.missed_causes import NothingMissed, give_cause
from services.dispatch.models import Cause
from shared.auth.permissions import Permission
from shared.auth.tokens import Person
from shared.db import DatabaseHere
from shared.problems import Problem
from shared.routes import Route

router = APIRouter(route_class=Route)

CAUSES = tuple(cause.value for cause in Cause)
_LINES = 50
_SHORTEST_NOTE = 2


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
        causes=CAUSES,
    )


@router.post("/due/{fault}/cause")
async def say_why(
    request: Request,
    fault: str,
    person: Annotated[Person, allowed(Permission.DEADLINE_EXPLAIN)],
    database: DatabaseHere,
    cause: Annotated[str, Form()] = "",
    note: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Why what is overdue of a fault was missed; shown in its line, which stays where it is."""
    note = note.strip()
    if cause not in CAUSES:
        raise Problem(422, "no_cause", both("cause.choose"))
    if cause == Cause.OTHER and len(note) < _SHORTEST_NOTE:
        raise Problem(422, "no_note", both("cause.other_wants_words"))
    now = database.clock.now()
    try:
        async with database.work() as (session, _):
            await give_cause(session, person.county, fault, Cause(cause), note, person.name, now)
            names = await read_display_names(session, person.county)
    except NothingMissed:
        raise Problem(409, "nothing_missed", both("cause.nothing_missed")) from None
    if not by_htmx(request):
        return go_to(request, "/due?done=cause_given")
    return in_place(
        request,
        "_cause.html",
        f"cause-{fault}",
        fault=fault,
        cause=GivenCause(cause, note, names[person.name], now),
        unexplained=0,
        causes=CAUSES,
    )
