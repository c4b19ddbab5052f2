"""Work orders: lists, one with all that belongs to it, and the steps people take."""

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query

from services.dispatch import commands, queries
from services.dispatch.api.http_errors import as_problems
from services.dispatch.api.steps import StepTaker, step_taker
from services.dispatch.models import WorkOrder
from shared.auth.permissions import Permission
from shared.auth.requires import requires
from shared.auth.tokens import Person
from shared.db import DatabaseHere
from shared.routes import Route

router = APIRouter(route_class=Route)

Worker = Annotated[Person, requires(Permission.WORK_ORDER_WORK)]
Assigner = Annotated[Person, requires(Permission.WORK_ORDER_ASSIGN)]
Taker = Annotated[StepTaker, Depends(step_taker)]
Limit = Annotated[int, Query(ge=1, le=500)]


@router.get("/work-orders")
async def get_work_orders(
    person: Annotated[Person, requires(Permission.BOARD_SEE)],
    database: DatabaseHere,
    state: Literal["open", "closed"] = "open",
    limit: Limit = 100,
) -> Sequence[WorkOrder]:
    which = queries.OPEN if state == "open" else queries.CLOSED
    async with database.reading() as session:
        return await queries.work_orders(session, which, person, limit)


@router.get("/my-work-orders")
async def get_my_work_orders(
    person: Worker, database: DatabaseHere, limit: Limit = 100
) -> Sequence[WorkOrder]:
    """Open work orders: a crew member's crew's; a dispatcher's are the county's."""
    async with database.reading() as session:
        return await queries.work_orders(session, queries.OPEN, person, limit)


@router.get("/work-orders/{work_order_id}")
async def get_work_order(
    work_order_id: str,
    person: Annotated[Person, requires(Permission.WORDS_SEE)],
    database: DatabaseHere,
) -> queries.WorkOrderInFull:
    async with database.reading() as session:
        with as_problems():
            return await queries.work_order_in_full(session, person, work_order_id)


@router.post("/work-orders/{work_order_id}/accept")
async def post_accept(
    work_order_id: str, command: commands.Accept, person: Worker, take: Taker
) -> WorkOrder:
    return await take(person, work_order_id, command)


@router.post("/work-orders/{work_order_id}/arrive")
async def post_arrive(
    work_order_id: str, command: commands.Arrive, person: Worker, take: Taker
) -> WorkOrder:
    return await take(person, work_order_id, command)


@router.post("/work-orders/{work_order_id}/expect")
async def post_expect(
    work_order_id: str, command: commands.Expect, person: Worker, take: Taker
) -> WorkOrder:
    return await take(person, work_order_id, command)


@router.post("/work-orders/{work_order_id}/repair")
async def post_repair(
    work_order_id: str, command: commands.Repair, person: Worker, take: Taker
) -> WorkOrder:
    return await take(person, work_order_id, command)


@router.post("/work-orders/{work_order_id}/release")
async def post_release(
    work_order_id: str, command: commands.Release, person: Worker, take: Taker
) -> WorkOrder:
    return await take(person, work_order_id, command)


@router.post("/work-orders/{work_order_id}/assign")
async def post_assign(
    work_order_id: str, command: commands.Assign, person: Assigner, take: Taker
) -> WorkOrder:
    return await take(person, work_order_id, command)


@router.post("/work-orders/{work_order_id}/close")
async def post_close(
    work_order_id: str, command: commands.Close, person: Assigner, take: Taker
) -> WorkOrder:
    return await take(person, work_order_id, command)


@router.post("/work-orders/{work_order_id}/reopen")
async def post_reopen(
    work_order_id: str, command: commands.Reopen, person: Assigner, take: Taker
) -> WorkOrder:
    return await take(person, work_order_id, command)


@router.post("/work-orders/{work_order_id}/merge")
async def post_merge(
    work_order_id: str, command: commands.Merge, person: Assigner, take: Taker
) -> WorkOrder:
    return await take(person, work_order_id, command)
