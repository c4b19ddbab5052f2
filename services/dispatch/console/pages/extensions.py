"""More time for one complaint: asked of its platform, and what the platform answered."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from services.dispatch.console.language import both
from services.dispatch.console.pages.complaint import must_see
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
    return page(request, "extensions.html", complaint_id=complaint_id, deadlines=found)


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
    """Note that the platform is asked; the old limit counts until it agrees."""
    await must_see(database, person, complaint_id)
    try:
        until = datetime.fromisoformat(new_due_at)
    except ValueError:
        raise Problem(422, "invalid_request", both("extension.no_such_time")) from None
    body = {"new_due_at": until.replace(tzinfo=SHANGHAI).isoformat(), "reason": reason.strip()}
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
) -> Response:
    """What the platform answered: the new limit counts from now on, or the old one stays."""
    await must_see(database, person, complaint_id)
    path = f"/deadlines/{complaint_id}/{stage}/extension/answer"
    await reply_of(request).change(request, "POST", path, {"granted": granted})
    done = "extension_granted" if granted else "extension_declined"
    return go_to(request, f"/complaints/{complaint_id}/extensions?done={done}")
