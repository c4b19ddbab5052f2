"""More time for one complaint: asked of its platform, and what the platform answered."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from services.dispatch.console.language import both
from services.dispatch.console.pages.complaint import must_see
from services.dispatch.console.queries.extensions import read_extensions
from services.dispatch.console.queries.staff import read_display_names
from services.dispatch.console.rendering import go_to, page
from services.dispatch.console.service_clients import reply_of
from services.dispatch.console.session import allowed
from shared.auth.permissions import Permission
from shared.auth.tokens import Person
from shared.clock import SHANGHAI
from shared.db import DatabaseHere
from shared.problems import Problem
from shared.routes import Route

router = APIRouter(prefix="/complaints/{complaint_id}/extensions", route_class=Route)

Writer = Annotated[Person, allowed(Permission.REPLY_WRITE)]
_WAITING = ("open", "warned")


@router.get("")
async def extensions_page(
    request: Request, complaint_id: str, person: Writer, database: DatabaseHere
) -> Response:
    """Every stage's limit as reply has it now: what may still be asked, and what is asked."""
    await must_see(database, person, complaint_id)
    async with database.reading() as session:
        requests = await read_extensions(session, person.county, complaint_id)
        names = await read_display_names(session, person.county)
    found = await reply_of(request).read(request, "/deadlines", complaint_id=complaint_id)
    for deadline in found or ():
        for name in ("due_at", "met_at", "extension_asked_until"):
            deadline[name] = deadline[name] and datetime.fromisoformat(deadline[name])
        deadline["may_ask"] = (
            deadline["standing"] in _WAITING
            and deadline["due_at"] > database.clock.now()
            and deadline["extension_asked_until"] is None
            and deadline["extensions_granted"] < deadline["extensions_allowed"]
        )
    return page(
        request,
        "extensions.html",
        complaint_id=complaint_id,
        deadlines=found,
        requests=requests,
        names=names,
    )


@router.post("/{stage}")
async def ask(
    request: Request,
    complaint_id: str,
    stage: str,
    person: Writer,
    database: DatabaseHere,
    new_due_at: Annotated[str, Form(max_length=30)] = "",
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """The platform is asked; the old limit counts until it agrees."""
    await must_see(database, person, complaint_id)
    body = {"new_due_at": _office_time(new_due_at), "reason": reason.strip()}
    path = f"/deadlines/{complaint_id}/{stage}/extension"
    await reply_of(request).change(request, "POST", path, body)
    return go_to(request, f"/complaints/{complaint_id}/extensions?done=extension_asked")


@router.post("/{stage}/answer")
async def answer(
    request: Request,
    complaint_id: str,
    stage: str,
    person: Writer,
    database: DatabaseHere,
    granted: Annotated[bool, Form()],
    granted_until: Annotated[str, Form(max_length=30)] = "",
) -> Response:
    """What the platform answered: the new limit counts from now on, or the old one stays.
    `granted_until`: where it is another than asked for."""
    await must_see(database, person, complaint_id)
    path = f"/deadlines/{complaint_id}/{stage}/extension/answer"
    other = _office_time(granted_until) if granted and granted_until.strip() else None
    await reply_of(request).change(request, "POST", path, {"granted": granted, "new_due_at": other})
    done = "extension_granted" if granted else "extension_declined"
    return go_to(request, f"/complaints/{complaint_id}/extensions?done={done}")


@router.post("/{request_id}/told")
async def told(
    request: Request,
    complaint_id: str,
    request_id: str,
    person: Writer,
    database: DatabaseHere,
) -> Response:
    """The call sheet: the resident was phoned about the new limit."""
    await must_see(database, person, complaint_id)
    await reply_of(request).change(request, "POST", f"/extensions/{request_id}/told", {})
    return go_to(request, "/replies/call-sheet?done=extension_told")


def _office_time(text: str) -> str:
    """A form's time, which is Shanghai's. Raises Problem 422."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).isoformat()
    except ValueError:
        raise Problem(422, "invalid_request", both("extension.no_such_time")) from None
