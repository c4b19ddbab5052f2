"""The HTTP edge of dispatch: one transaction per request, refusals as problem+json."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from services.dispatch import queries
from services.dispatch.handlers import directing, working
from services.dispatch.handlers.locks import Row
from services.dispatch.handlers.repeating import see_hotspot
from services.dispatch.models import Complaint, WorkOrder
from services.dispatch.refusals import as_problems
from services.dispatch.rules.faults import Component
from shared.auth.permissions import Permission
from shared.auth.requires import requires
from shared.auth.tokens import Person
from shared.db import Database, database_of

router = APIRouter(prefix="/api", tags=["dispatch"])

Db = Annotated[Database, Depends(database_of)]
BoardSeer = Annotated[Person, requires(Permission.BOARD_SEE)]
Reader = Annotated[Person, requires(Permission.WORDS_SEE)]
Worker = Annotated[Person, requires(Permission.WORK_ORDER_WORK)]
Assigner = Annotated[Person, requires(Permission.WORK_ORDER_ASSIGN)]
Decider = Annotated[Person, requires(Permission.COMPLAINT_DECIDE)]
HotspotSeer = Annotated[Person, requires(Permission.HOTSPOT_SEE)]
Limit = Annotated[int, Query(ge=1, le=500)]
Note = Annotated[str, Field(max_length=500)]
"""Why; about the work, never about a resident."""


class Step(BaseModel):
    """Every step may say which version of the order its maker saw."""

    model_config = ConfigDict(extra="forbid")
    version: int | None = None


class NotedStep(Step):
    note: Note = ""


class Repaired(Step):
    component: Component
    found: Annotated[str, Field(min_length=2, max_length=500)]
    done: Annotated[str, Field(min_length=2, max_length=500)]


class Assigned(NotedStep):
    crew_id: str
    note: Annotated[Note, Field(min_length=2)]


class Merged(Step):
    into: str


@router.get("/work-orders")
async def get_work_orders(
    person: BoardSeer,
    database: Db,
    state: Literal["open", "closed"] = "open",
    limit: Limit = 100,
) -> Sequence[WorkOrder]:
    read = queries.open_work_orders if state == "open" else queries.closed_work_orders
    async with database.reading() as session:
        return await read(session, person, limit)


@router.get("/my-work-orders")
async def get_my_work_orders(
    person: Worker, database: Db, limit: Limit = 100
) -> Sequence[WorkOrder]:
    """A crew member's crew's open orders; a dispatcher's are the county's."""
    async with database.reading() as session:
        return await queries.open_work_orders(session, person, limit)


@router.get("/work-orders/{order_id}")
async def get_work_order(order_id: str, person: Reader, database: Db) -> dict[str, Any]:
    async with database.reading() as session:
        with as_problems():
            return await queries.work_order_page(session, person, order_id)


async def _take(
    database: Database,
    deed: Callable[..., Awaitable[Row]],
    order_id: str,
    person: Person,
    body: Step,
    **more: Any,
) -> Row:
    """The order as it is after the step, or a Problem."""
    with as_problems():
        async with database.work() as (session, outbox):
            said = body.model_dump() | more
            return await deed(session, outbox, order_id, person, database.clock.now(), **said)


@router.post("/work-orders/{order_id}/accept")
async def post_accept(order_id: str, body: Step, person: Worker, database: Db) -> Row:
    return await _take(database, working.accept, order_id, person, body)


@router.post("/work-orders/{order_id}/arrive")
async def post_arrive(order_id: str, body: Step, person: Worker, database: Db) -> Row:
    return await _take(database, working.arrive, order_id, person, body)


@router.post("/work-orders/{order_id}/repaired")
async def post_repaired(
    order_id: str, body: Repaired, person: Worker, database: Db, request: Request
) -> Row:
    return await _take(
        database, working.repaired, order_id, person, body, policy=request.app.state.policy
    )


@router.post("/work-orders/{order_id}/release")
async def post_release(order_id: str, body: NotedStep, person: Worker, database: Db) -> Row:
    return await _take(database, directing.release, order_id, person, body)


@router.post("/work-orders/{order_id}/assign")
async def post_assign(order_id: str, body: Assigned, person: Assigner, database: Db) -> Row:
    return await _take(database, directing.assign, order_id, person, body)


@router.post("/work-orders/{order_id}/close")
async def post_close(order_id: str, body: NotedStep, person: Assigner, database: Db) -> Row:
    return await _take(database, directing.close, order_id, person, body)


@router.post("/work-orders/{order_id}/reopen")
async def post_reopen(order_id: str, body: NotedStep, person: Assigner, database: Db) -> Row:
    return await _take(database, directing.reopen, order_id, person, body)


@router.post("/work-orders/{order_id}/merge")
async def post_merge(order_id: str, body: Merged, person: Assigner, database: Db) -> Row:
    return await _take(database, directing.merge, order_id, person, body)


@router.get("/complaints/waiting")
async def get_waiting(person: Decider, database: Db, limit: Limit = 100) -> Sequence[Complaint]:
    """What a person has to decide; the words are at intake."""
    async with database.reading() as session:
        return await queries.complaints_waiting(session, person.county, limit)


@router.get("/crews")
async def get_crews(person: BoardSeer, database: Db) -> list[dict[str, Any]]:
    async with database.reading() as session:
        return await queries.crews_with_load(session, person.county)


@router.get("/hotspots")
async def get_hotspots(person: HotspotSeer, database: Db) -> list[dict[str, Any]]:
    async with database.reading() as session:
        return await queries.hotspots(session, person.county)


@router.post("/hotspots/{scheme_id}/{component}/seen", status_code=204)
async def post_seen(
    scheme_id: str, component: Component, person: HotspotSeer, database: Db
) -> None:
    with as_problems():
        async with database.work() as (session, _):
            await see_hotspot(
                session,
                person.county,
                scheme_id,
                component.value,
                person.name,
                database.clock.now(),
            )
