"""Was it solved? The call desk's list of call-backs; what the supervisor decides about rework."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Query, Request, Response

from services.dispatch.console.errors import not_found
from services.dispatch.console.language import both
from services.dispatch.console.pages.complaint import must_see
from services.dispatch.console.queries.board import read_towns
from services.dispatch.console.queries.call_backs import (
    CallBackPosition,
    count_call_backs,
    read_call_backs,
)
from services.dispatch.console.queries.filters import Filters
from services.dispatch.console.queries.replies import MOST_COUNTED
from services.dispatch.console.queries.staff import read_display_names
from services.dispatch.console.rendering import go_to, page
from services.dispatch.console.service_clients import reply_of
from services.dispatch.console.session import allowed
from services.dispatch.handlers.context import unit_of_work
from services.dispatch.handlers.rework import UnknownRework, decide_rework
from services.dispatch.rules.call_back_lists import CallBackList
from shared.auth.permissions import Permission
from shared.auth.tokens import Person
from shared.db import DatabaseHere
from shared.problems import Problem
from shared.routes import Route

router = APIRouter(prefix="/call-backs", route_class=Route)

_SHORTEST_REASON = 2


@router.get("")
async def call_backs_page(
    request: Request,
    person: Annotated[Person, allowed(Permission.BOARD_SEE)],
    database: DatabaseHere,
    filters: Annotated[Filters, Depends()],
    which: Annotated[CallBackList, Query(alias="list")] = CallBackList.TO_CALL,
    after: datetime | None = None,
    after_id: Annotated[str, Query(max_length=100)] = "",
    after_version: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    """`after`, `after_id` and `after_version`: the last line of the page before."""
    position = None
    if after and after.tzinfo:
        position = CallBackPosition(after, after_id, after_version)
    async with database.reading() as session:
        counts = await count_call_backs(session, person.county, filters)
        found = await read_call_backs(session, person.county, which, filters, position)
        towns = await read_towns(session, person.county)
        names = await read_display_names(session, person.county)
    return page(
        request,
        "call_backs.html",
        which=which.value,
        counts={each.value: counts[each] for each in CallBackList},
        most=MOST_COUNTED,
        found=found,
        continued=position is not None,
        filters=filters,
        towns=towns,
        names=names,
    )


@router.post("/{complaint_id}/outcome")
async def note_outcome(
    request: Request,
    complaint_id: str,
    person: Annotated[Person, allowed(Permission.REPLY_WRITE)],
    database: DatabaseHere,
    version: Annotated[int, Form(ge=0)],
    outcome: Annotated[Literal["satisfied", "not_solved", "not_reached", "declined"], Form()],
    note: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """What came of the call."""
    await must_see(database, person, complaint_id)
    body = {"version": version, "outcome": outcome, "note": note.strip()}
    await reply_of(request).change(request, "POST", f"/call-backs/{complaint_id}/outcome", body)
    return go_to(request, f"/call-backs?list=to_call&done=call_back_{outcome}")


@router.post("/{complaint_id}/rework")
async def decide(
    request: Request,
    complaint_id: str,
    person: Annotated[Person, allowed(Permission.REWORK_DECIDE)],
    database: DatabaseHere,
    version: Annotated[int, Form(ge=0)],
    again: Annotated[bool, Form()],
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Repair it once more, or nothing is left to repair; with the reason, which is kept."""
    if len(reason.strip()) < _SHORTEST_REASON:
        raise Problem(422, "no_reason", both("call_back.reason_missing"))
    try:
        async with unit_of_work(database, request.app.state.policy) as context:
            await decide_rework(context, person, complaint_id, version, reason.strip(), again=again)
    except UnknownRework:
        raise not_found("complaint") from None
    done = "rework_opened" if again else "rework_declined"
    return go_to(request, f"/call-backs?list=for_person&done={done}")
