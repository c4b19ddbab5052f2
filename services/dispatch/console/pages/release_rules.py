"""Rules by which replies go out by themselves, and what went out by them today."""

from datetime import datetime
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request, Response

from services.dispatch.console.queries.staff import read_display_names
from services.dispatch.console.rendering import go_to, page
from services.dispatch.console.service_clients import reply_of
from services.dispatch.console.session import allowed
from shared.auth.permissions import Permission
from shared.auth.tokens import Person
from shared.db import DatabaseHere
from shared.routes import Route

router = APIRouter(prefix="/release-rules", route_class=Route)

Editor = Annotated[Person, allowed(Permission.RELEASE_RULE_EDIT)]


@router.get("")
async def rules_page(
    request: Request,
    person: Annotated[Person, allowed(Permission.BOARD_SEE)],
    database: DatabaseHere,
) -> Response:
    found = await reply_of(request).read(request, "/release-rules")
    for rule in found["rules"] if found else ():
        for name in ("written_at", "switched_at"):
            rule[name] = rule[name] and datetime.fromisoformat(rule[name])
    for reply in found["today"] if found else ():
        reply["approved_at"] = datetime.fromisoformat(reply["approved_at"])
    async with database.reading() as session:
        names = await read_display_names(session, person.county)
    return page(request, "release_rules.html", found=found, names=names)


@router.post("")
async def write(
    request: Request,
    _person: Editor,
    name: Annotated[str, Form(min_length=1, max_length=40)],
    platform: Annotated[str, Form(max_length=50)],
    answering: Annotated[str, Form(max_length=20)],
    most_complaints: Annotated[int, Form(ge=1, le=500)],
    category: Annotated[str, Form(max_length=30)] = "any",
) -> Response:
    """A new rule, or a new version of one; it is off until it is switched on."""
    body = {
        "platform": platform,
        "answering": answering,
        "category": category,
        "most_complaints": most_complaints,
    }
    await reply_of(request).change(request, "PUT", _path(name.strip()), body)
    return go_to(request, "/release-rules?done=saved")


@router.post("/switch")
async def switch(
    request: Request,
    _person: Editor,
    name: Annotated[str, Form(min_length=1, max_length=40)],
    on: Annotated[bool, Form()],
) -> Response:
    await reply_of(request).change(request, "POST", f"{_path(name)}/switch", {"on": on})
    return go_to(request, f"/release-rules?done={'rule_on' if on else 'rule_off'}")


def _path(name: str) -> str:
    return f"/release-rules/{quote(name, safe='')}"
