"""Clocks are stopped while the office waits for something, and let go on: of one complaint, or of
all complaints of a work order."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response

from services.dispatch.console.errors import not_found
from services.dispatch.console.language import both
from services.dispatch.console.pages.complaint import must_see
from services.dispatch.console.queries.work_order import read_work_order
from services.dispatch.console.rendering import go_to
from services.dispatch.console.service_clients import reply_of
from services.dispatch.console.session import allowed
from shared.auth.permissions import Permission
from shared.auth.tokens import Person
from shared.clock import SHANGHAI
from shared.db import DatabaseHere
from shared.problems import Problem
from shared.routes import Route

router = APIRouter(route_class=Route)

Writer = Annotated[Person, allowed(Permission.REPLY_WRITE)]
KINDS = ("parts", "resident", "outage")
_SHORTEST_REASON = 2


def _body(
    kind: Annotated[str, Form()] = "",
    reason: Annotated[str, Form(max_length=500)] = "",
    until: Annotated[str, Form(max_length=30)] = "",
) -> dict[str, object]:
    """What reply is told. Raises Problem 422."""
    if kind not in KINDS:
        raise Problem(422, "invalid_request", both("pause.which"))
    if len(reason.strip()) < _SHORTEST_REASON:
        raise Problem(422, "invalid_request", both("pause.why"))
    body: dict[str, object] = {"kind": kind, "reason": reason.strip()}
    if until:
        try:
            body["until"] = datetime.fromisoformat(until).replace(tzinfo=SHANGHAI).isoformat()
        except ValueError:
            raise Problem(422, "invalid_request", both("extension.no_such_time")) from None
    return body


Body = Annotated[dict[str, object], Depends(_body)]


@router.post("/complaints/{complaint_id}/pause")
async def pause_complaint(
    request: Request, complaint_id: str, person: Writer, database: DatabaseHere, body: Body
) -> Response:
    await must_see(database, person, complaint_id)
    body["complaint_ids"] = [complaint_id]
    await reply_of(request).change(request, "POST", "/pauses", body)
    return go_to(request, f"/complaints/{complaint_id}?done=paused")


@router.post("/complaints/{complaint_id}/resume")
async def resume_complaint(
    request: Request, complaint_id: str, person: Writer, database: DatabaseHere
) -> Response:
    await must_see(database, person, complaint_id)
    await reply_of(request).change(
        request, "POST", "/pauses/end", {"complaint_ids": [complaint_id]}
    )
    return go_to(request, f"/complaints/{complaint_id}?done=resumed")


@router.post("/work-orders/{work_order_id}/pause")
async def pause_work_order(
    request: Request, work_order_id: str, person: Writer, database: DatabaseHere, body: Body
) -> Response:
    """Of its complaints those that can be; reply refuses where none can."""
    body["complaint_ids"] = await _complaints_of(database, person, work_order_id)
    await reply_of(request).change(request, "POST", "/pauses", body)
    return go_to(request, f"/work-orders/{work_order_id}?done=paused")


@router.post("/work-orders/{work_order_id}/resume")
async def resume_work_order(
    request: Request, work_order_id: str, person: Writer, database: DatabaseHere
) -> Response:
    ids = await _complaints_of(database, person, work_order_id)
    await reply_of(request).change(request, "POST", "/pauses/end", {"complaint_ids": ids})
    return go_to(request, f"/work-orders/{work_order_id}?done=resumed")


async def _complaints_of(
    database: DatabaseHere, person: Person, work_order_id: str
) -> Sequence[str]:
    """Raises Problem 404."""
    async with database.reading() as session:
        view = await read_work_order(session, person.county, work_order_id)
    if view is None or not view.complaints:
        raise not_found("work_order")
    return [each.complaint.id for each in view.complaints]
