"""One work order: its fault, crew, complaints, deadlines and timeline; what can be done with it."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from services.dispatch.api.steps import step_taker
from services.dispatch.console.commands import command_of
from services.dispatch.console.errors import not_found
from services.dispatch.console.queries.board import read_towns
from services.dispatch.console.queries.crews import read_crew_names
from services.dispatch.console.queries.staff import read_display_names
from services.dispatch.console.queries.work_order import read_work_order
from services.dispatch.console.queries.work_order_lines import WorkFilters, read_open_work_orders
from services.dispatch.console.rendering import go_to, page
from services.dispatch.console.session import allowed
from services.dispatch.models import WorkOrder
from services.dispatch.rules.work_order import TRANSITIONS, State, Step
from shared.auth.permissions import Permission
from shared.auth.tokens import Person
from shared.db import DatabaseHere
from shared.routes import Route

router = APIRouter(prefix="/work-orders", route_class=Route)

_LINES = 50
_OF_THE_OFFICE = frozenset({Step.ASSIGN, Step.CLOSE, Step.MERGE, Step.REOPEN})


@router.get("")
async def open_work_orders_page(
    request: Request,
    person: Annotated[Person, allowed(Permission.BOARD_SEE)],
    database: DatabaseHere,
    filters: Annotated[WorkFilters, Depends()],
    after: datetime | None = None,
    after_id: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """All open ones, page by page. `after` and `after_id`: the last line of the page before."""
    position = (after, after_id) if after and after.tzinfo else None
    async with database.reading() as session:
        found = await read_open_work_orders(session, person.county, filters, _LINES, position)
        towns = await read_towns(session, person.county)
        crews = await read_crew_names(session, person.county)
    return page(
        request,
        "work_orders.html",
        filters=filters,
        found=found,
        continued=position is not None,
        towns=towns,
        crews=crews,
    )


@router.get("/{work_order_id}")
async def work_order_page(
    request: Request,
    work_order_id: str,
    person: Annotated[Person, allowed(Permission.WORDS_SEE)],
    database: DatabaseHere,
) -> Response:
    async with database.reading() as session:
        view = await read_work_order(session, person.county, work_order_id)
        names = await read_display_names(session, person.county)
    if view is None or not (
        person.may(Permission.BOARD_SEE) or view.work_order.crew_id == person.crew_id
    ):
        raise not_found("work_order")
    return page(
        request, "work_order.html", view=view, names=names, steps=_steps(person, view.work_order)
    )


def _steps(person: Person, work_order: WorkOrder) -> frozenset[str]:
    """The buttons that make sense now. The handlers decide again."""
    office = person.may(Permission.WORK_ORDER_ASSIGN)
    its_crew = person.crew_id is not None and person.crew_id == work_order.crew_id
    if not (office or its_crew) or work_order.outcome == "merged":
        return frozenset()
    possible = TRANSITIONS[State(work_order.state)]
    return frozenset(step.value for step in possible if office or step not in _OF_THE_OFFICE)


@router.post("/{work_order_id}/{step}")
async def take_step(
    request: Request, work_order_id: str, step: Step, person: Annotated[Person, allowed()]
) -> Response:
    form = await request.form()
    await step_taker(request)(person, work_order_id, command_of(person, step, form))
    from_phone = form.get("from") == "crew"
    return go_to(request, "/crew" if from_phone else f"/work-orders/{work_order_id}")
