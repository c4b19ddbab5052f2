"""Replies: read the draft beside the resident's words, change it, approve it; what is stuck."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request, Response

from services.dispatch.console.errors import not_found
from services.dispatch.console.language import both
from services.dispatch.console.pages.complaint import words_of_complaint
from services.dispatch.console.queries.complaints import read_complaint
from services.dispatch.console.queries.replies import read_replies
from services.dispatch.console.rendering import go_to, page
from services.dispatch.console.service_clients import reply_of
from services.dispatch.console.session import allowed
from shared.auth.permissions import Permission
from shared.auth.tokens import Person
from shared.db import DatabaseHere
from shared.problems import Problem
from shared.routes import Route

router = APIRouter(prefix="/review", route_class=Route)


Reviewer = Annotated[Person, allowed(Permission.REPLY_WRITE, Permission.REPLY_APPROVE)]


@router.get("")
async def review_page(request: Request, person: Reviewer, database: DatabaseHere) -> Response:
    async with database.reading() as session:
        drafts = await read_replies(session, person.county, "draft")
        stuck = await read_replies(session, person.county, "stuck")
    approved = await reply_of(request).read(request, "/replies", state="approved")
    by_hand = approved and [reply for reply in approved if reply["by_hand"]]
    return page(request, "review.html", drafts=drafts, stuck=stuck, by_hand=by_hand)


@router.get("/{complaint_id}")
async def reply_page(
    request: Request, complaint_id: str, person: Reviewer, database: DatabaseHere
) -> Response:
    async with database.reading() as session:
        view = await read_complaint(session, person.county, complaint_id)
    if view is None:
        raise not_found("complaint")
    versions = await _versions(request, complaint_id)
    words = await words_of_complaint(request, complaint_id)
    return page(request, "reply.html", view=view, versions=versions, words=words)


async def _versions(request: Request, complaint_id: str) -> Any:
    """The newest first; None while reply is unavailable."""
    return await reply_of(request).read(request, f"/replies/{complaint_id}")


@router.post("/{complaint_id}")
async def write_or_approve(
    request: Request,
    complaint_id: str,
    _person: Reviewer,
    act: Annotated[Literal["save", "approve"], Form()],
    version: Annotated[int, Form(ge=0)],
    text: Annotated[str, Form(max_length=10_000)] = "",
    responsible: Annotated[str, Form(max_length=200)] = "",
    solved: Annotated[bool, Form()] = False,
) -> Response:
    reply = reply_of(request)
    text = text.replace("\r\n", "\n").strip()
    if act == "save":
        body = {"text": text, "solved": solved, "version": version, "responsible": responsible}
        await reply.change(request, "PUT", f"/replies/{complaint_id}/draft", body)
        return go_to(request, f"/review/{complaint_id}?done=saved")
    versions = await _versions(request, complaint_id) or []
    seen = next((one for one in versions if one["version"] == version), None)
    if seen and (seen["text"].strip(), seen["solved"], seen["responsible"]) != (
        text,
        solved,
        responsible.strip(),
    ):
        raise Problem(409, "save_first", both("reply.save_first"))
    await reply.change(request, "POST", f"/replies/{complaint_id}/approve", {"version": version})
    return go_to(request, "/review?done=approved")


@router.post("/{complaint_id}/stuck")
async def resolve_stuck(
    request: Request,
    complaint_id: str,
    _person: Reviewer,
    version: Annotated[int, Form(ge=1)],
    outcome: Annotated[Literal["arrived", "send_again"], Form()],
    receipt: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Somebody has looked on the platform."""
    body = {"version": version, "outcome": outcome, "receipt": receipt.strip() or None}
    await reply_of(request).change(request, "POST", f"/replies/{complaint_id}/resolve-stuck", body)
    return go_to(request, "/review?done=resolved")


@router.post("/{complaint_id}/told")
async def told(
    request: Request,
    complaint_id: str,
    _person: Reviewer,
    version: Annotated[int, Form(ge=1)],
    receipt: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Phoned or posted by hand."""
    body = {"version": version, "receipt": receipt.strip() or None}
    await reply_of(request).change(request, "POST", f"/replies/{complaint_id}/told", body)
    return go_to(request, "/review?done=told")
