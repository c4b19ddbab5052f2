"""The templates of replies: read by everybody, tried and changed by admins."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Query, Request, Response

from services.dispatch.console.errors import not_found
from services.dispatch.console.queries.staff import read_display_names
from services.dispatch.console.rendering import go_to, page
from services.dispatch.console.service_clients import reply_of
from services.dispatch.console.session import allowed
from shared.auth.permissions import Permission
from shared.auth.tokens import Person
from shared.db import Database, DatabaseHere
from shared.problems import Problem
from shared.routes import Route

router = APIRouter(prefix="/templates", route_class=Route)

Reader = Annotated[Person, allowed(Permission.POLICY_SEE)]
Editor = Annotated[Person, allowed(Permission.TEMPLATE_EDIT)]


@router.get("")
async def templates_page(request: Request, _person: Reader) -> Response:
    found = await reply_of(request).read(request, "/templates")
    by_platform: dict[str, list[Mapping[str, Any]]] = {}
    for each in found or ():
        by_platform.setdefault(each["platform"], []).append(each)
    return page(request, "reply_templates.html", by_platform=None if found is None else by_platform)


@router.get("/{platform}/{answering}")
async def template_page(
    request: Request,
    platform: str,
    answering: str,
    person: Reader,
    database: DatabaseHere,
    use: Annotated[int | None, Query(ge=0)] = None,
) -> Response:
    """`use`: an earlier version to begin with; 0: the words as shipped."""
    found = await _template(request, platform, answering)
    text = found["text"] if found else ""
    if found and use is not None:
        words = {each["version"]: each["text"] for each in found["versions"]}
        text = {0: found["shipped"], **words}.get(use, text)
    return await _page(request, found, person, database, text=text)


@router.post("/{platform}/{answering}")
async def try_or_save(
    request: Request,
    platform: str,
    answering: str,
    person: Editor,
    database: DatabaseHere,
    act: Annotated[Literal["preview", "save"], Form()],
    version: Annotated[int, Form(ge=0)],
    text: Annotated[str, Form(max_length=10_000)] = "",
    note: Annotated[str, Form(max_length=500)] = "",
    real: Annotated[bool, Form()] = False,
) -> Response:
    reply, path = reply_of(request), f"/templates/{platform}/{answering}"
    text = text.replace("\r\n", "\n").strip()
    if act == "save":
        body = {"text": text, "version": version, "note": note.strip()}
        try:
            await reply.change(request, "PUT", path, body)
        except Problem as problem:
            return await _again(request, platform, answering, person, database, text, note, problem)
        return go_to(request, f"/templates/{platform}/{answering}?done=saved")
    try:
        preview = await reply.change(
            request, "POST", f"{path}/preview", {"text": text, "real": real}
        )
    except Problem as problem:
        return await _again(request, platform, answering, person, database, text, note, problem)
    found = await _template(request, platform, answering)
    return await _page(
        request, found, person, database, text=text, note=note, real=real, preview=preview
    )


async def _again(
    request: Request,
    platform: str,
    answering: str,
    person: Person,
    database: Database,
    text: str,
    note: str,
    problem: Problem,
) -> Response:
    """The page with what was typed, and what is wrong with it."""
    found = await _template(request, platform, answering)
    return await _page(request, found, person, database, text=text, note=note, problem=problem)


async def _template(request: Request, platform: str, answering: str) -> Any:
    try:
        found = await reply_of(request).read(request, f"/templates/{platform}/{answering}")
    except Problem as problem:
        raise (not_found("page") if problem.status in (404, 422) else problem) from None
    for each in found["versions"] if found else ():
        each["changed_at"] = datetime.fromisoformat(each["changed_at"])
    return found


async def _page(
    request: Request,
    found: Any,
    person: Person,
    database: Database,
    *,
    text: str,
    note: str = "",
    real: bool = False,
    preview: Any = None,
    problem: Problem | None = None,
) -> Response:
    async with database.reading() as session:
        names = await read_display_names(session, person.county)
    return page(
        request,
        "reply_template.html",
        status=problem.status if problem else 200,
        found=found,
        text=text,
        note=note,
        real=real,
        preview=preview,
        problem=problem,
        people=names,
    )
