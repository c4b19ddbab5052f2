"""What policies and calendar share: a text is previewed before it is saved, and versions stay."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request, Response, UploadFile

from services.dispatch.console.language import both
from services.dispatch.console.queries.staff import read_display_names
from services.dispatch.console.rendering import go_to, page
from services.dispatch.console.service_clients import reply_of
from services.dispatch.console.session import allowed
from shared.auth.permissions import Permission
from shared.auth.tokens import Person
from shared.db import DatabaseHere
from shared.problems import Problem
from shared.routes import Route

router = APIRouter(prefix="/rulebook/{kind}", route_class=Route)

Kind = Literal["policies", "calendar"]
Reader = Annotated[Person, allowed(Permission.POLICY_SEE)]
Editor = Annotated[Person, allowed(Permission.POLICY_EDIT)]
_LONGEST_PREVIEW = 20.0
"""Seconds: reply looks at as many open complaints as it can in a few."""


async def read_rulebook(request: Request, kind: str) -> Any:
    """The newest version with its history; None while reply is unavailable."""
    found = await reply_of(request).read(request, f"/rulebook/{kind}")
    for version in found["versions"] if found else ():
        version["saved_at"] = datetime.fromisoformat(version["saved_at"])
    return found


async def must_read(request: Request, path: str) -> Any:
    """Raises Problem 503 while reply is unavailable, and what it refuses."""
    found = await reply_of(request).read(request, path)
    if found is None:
        raise Problem(503, "reply_unavailable", both("unavailable.reply"))
    return found


async def composed(request: Request, path: str, body: dict[str, Any]) -> Any:
    """A text with some change in it, to be previewed."""
    return await reply_of(request).change(request, "POST", path, body)


async def show_preview(
    request: Request, kind: str, *, content: str, based_on: int, note: str = ""
) -> Response:
    """What the text would move, with the button that saves it; a text that cannot be used comes
    back with what is wrong with it."""
    try:
        seen = await reply_of(request).change(
            request,
            "POST",
            f"/rulebook/{kind}/preview",
            {"content": content},
            timeout=_LONGEST_PREVIEW,
        )
    except Problem as problem:
        if problem.status != 422:
            raise
        return page(
            request,
            "rulebook_yaml.html",
            status=422,
            kind=kind,
            content=content,
            based_on=based_on,
            problem=problem,
        )
    for each in seen["first"]:
        for name in ("old_due_at", "new_due_at"):
            each[name] = datetime.fromisoformat(each[name])
    return page(
        request,
        "rulebook_preview.html",
        kind=kind,
        content=content,
        based_on=based_on,
        note=note,
        seen=seen,
    )


@router.get("/yaml")
async def yaml_page(
    request: Request, kind: Kind, _: Editor, version: int | None = None, shipped: bool = False
) -> Response:
    """The newest text, an old version, or the shipped default, to be edited."""
    newest = await must_read(request, f"/rulebook/{kind}")
    found = newest
    if shipped:
        found = await must_read(request, f"/rulebook/{kind}/shipped")
    elif version is not None:
        found = await must_read(request, f"/rulebook/{kind}/versions/{version}")
    return page(
        request,
        "rulebook_yaml.html",
        kind=kind,
        content=found["content"],
        based_on=newest["number"],
        problem=None,
    )


@router.post("/preview")
async def preview(
    request: Request,
    kind: Kind,
    _: Editor,
    based_on: Annotated[int, Form(ge=1)],
    content: Annotated[str, Form(max_length=100_000)] = "",
    file: UploadFile | None = None,
) -> Response:
    """Of what was typed, or of a file."""
    if file is not None and file.size:
        try:
            content = (await file.read()).decode()
        except UnicodeDecodeError:
            raise Problem(422, "invalid_request", both("rulebook.not_text")) from None
    # A browser sends line ends of its own.
    text = content.replace("\r\n", "\n")
    return await show_preview(request, kind, content=text, based_on=based_on)


@router.post("/save")
async def save(
    request: Request,
    kind: Kind,
    _: Editor,
    based_on: Annotated[int, Form(ge=1)],
    content: Annotated[str, Form(max_length=100_000)],
    note: Annotated[str, Form(min_length=2, max_length=200)],
) -> Response:
    text = content.replace("\r\n", "\n")
    body = {"based_on": based_on, "content": text, "note": note.strip()}
    await reply_of(request).change(request, "PUT", f"/rulebook/{kind}", body)
    return go_to(request, f"/{kind}?done=rulebook_saved")


@router.get("/versions/{number}")
async def version_page(
    request: Request, kind: Kind, number: int, person: Reader, database: DatabaseHere
) -> Response:
    """What a version changed, and what it moved."""
    version = await must_read(request, f"/rulebook/{kind}/versions/{number}")
    version["saved_at"] = datetime.fromisoformat(version["saved_at"])
    newest = await must_read(request, f"/rulebook/{kind}")
    async with database.reading() as session:
        names = await read_display_names(session, person.county)
    return page(
        request,
        "rulebook_version.html",
        kind=kind,
        version=version,
        is_newest=newest["number"] == number,
        names=names,
    )


@router.get("/versions/{number}/file")
async def version_file(request: Request, kind: Kind, number: int, _: Reader) -> Response:
    version = await must_read(request, f"/rulebook/{kind}/versions/{number}")
    return Response(
        version["content"],
        media_type="application/yaml",
        headers={"Content-Disposition": f'attachment; filename="{kind}-{number}.yaml"'},
    )
