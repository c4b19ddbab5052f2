"""One work order: its fault, crew, complaints, deadlines and timeline; what can be done with it."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from services.dispatch.api.steps import step_taker
from services.dispatch.console.commands import command_of
from services.dispatch.console.errors import not_found
from services.dispatch.console.queries.work_order import read_work_order
from services.dispatch.console.rendering import go_to, page
from services.dispatch.console.session import allowed
from services.dispatch.models import WorkOrder
from services.dispatch.rules.work_order import TRANSITIONS, State, Step
from shared.auth.permissions import Permission
from shared.auth.tokens import Person
from shared.db import DatabaseHere
from shared.routes import Route

router = APIRouter(prefix="/work-orders", route_class=Route)

_OF_THE_OFFICE = frozenset({Step.ASSIGN, Step.CLOSE, Step.MERGE, Step.REOPEN})


@router.get("/{work_order_id}")
async def work_order_page(
    request: Request,
    work_order_id: str,
    person: Annotated[Person, allowed(Permission.WORDS_SEE)],
    database: DatabaseHere,
) -> Response:
    async with database.reading() as session:
        view = await read_work_order(session, person.county, work_order_id)
    if view is None or not (
        person.may(Permission.BOARD_SEE) or view.work_order.crew_id == person.crew_id
    ):
        raise not_found("work_order")
    return page(request, "work_order.html", view=view, steps=_steps(person, view.work_order))


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
