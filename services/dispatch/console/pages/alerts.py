"""The bell, the list of alerts, and taking one on."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from sqlalchemy import update
from sqlmodel import col

from services.dispatch.console.errors import not_found
from services.dispatch.console.language import both
from services.dispatch.console.queries.alerts import (
    AlertFilters,
    count_mine,
    read_alert,
    read_alerts,
)
from services.dispatch.console.rendering import by_htmx, go_to, in_place, live_part, page
from services.dispatch.console.session import allowed
from services.dispatch.handlers.alert_steps import AlertEnded, NotTheirs, UnknownAlert, take_on
from services.dispatch.handlers.context import unit_of_work
from services.dispatch.models import Staff
from shared.auth.permissions import Permission
from shared.auth.tokens import Person
from shared.db import DatabaseHere
from shared.problems import Problem
from shared.routes import Route

router = APIRouter(prefix="/alerts", route_class=Route)

Self = Annotated[Person, allowed()]


@router.get("")
async def alerts_page(
    request: Request,
    person: Self,
    database: DatabaseHere,
    filters: Annotated[AlertFilters, Depends()],
    after: datetime | None = None,
    after_id: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """`after` and `after_id`: the last line of the page before."""
    position = (after, after_id) if after and after.tzinfo else None
    if not person.may(Permission.BOARD_SEE):
        filters = AlertFilters("mine", filters.stage, filters.taken)
    async with database.reading() as session:
        found = await read_alerts(session, person, filters, position)
        sound = (await session.get_one(Staff, person.name)).alert_sound
    continued = position is not None
    return page(
        request, "alerts.html", filters=filters, found=found, continued=continued, sound=sound
    )


@router.get("/bell")
async def bell(request: Request, person: Self, database: DatabaseHere) -> Response:
    """What every page asks for: how many are mine, and whether a new one makes a sound."""
    async with database.reading() as session:
        number = await count_mine(session, person)
        sound = (await session.get_one(Staff, person.name)).alert_sound
    return live_part(request, "_bell.html", (number, sound))


@router.post("/sound")
async def set_sound(
    request: Request, person: Self, database: DatabaseHere, on: Annotated[bool, Form()] = False
) -> Response:
    async with database.work() as (session, _):
        mine = col(Staff.sign_in_name) == person.name
        await session.execute(update(Staff).where(mine).values(alert_sound=on))
    return go_to(request, "/alerts")


@router.post("/{alert_id}/take")
async def take(request: Request, alert_id: str, person: Self, database: DatabaseHere) -> Response:
    """我来处理: shown where the button was."""
    try:
        async with unit_of_work(database, request.app.state.policy) as context:
            await take_on(context, person, alert_id)
    except UnknownAlert:
        raise not_found("alert") from None
    except NotTheirs:
        raise Problem(403, "not_your_level", both("alert.not_yours")) from None
    except AlertEnded:
        raise Problem(409, "alert_ended", both("alert.ended")) from None
    if not by_htmx(request):
        return go_to(request, "/alerts?done=alert_taken")
    async with database.reading() as session:
        line = await read_alert(session, alert_id)
    answer = in_place(request, "_alert_taken.html", f"alert-{alert_id}", line=line)
    answer.headers["HX-Trigger"] = "alertsChanged"
    return answer
