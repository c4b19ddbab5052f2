"""Replies: read the draft beside the resident's words, change it, approve it; what is stuck."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from pydantic import AwareDatetime

from services.dispatch.console.errors import not_found
from services.dispatch.console.language import both
from services.dispatch.console.pages.complaint import words_of_complaint
from services.dispatch.console.queries.board import read_towns
from services.dispatch.console.queries.complaints import read_complaint
from services.dispatch.console.queries.crews import read_crew_names
from services.dispatch.console.queries.replies import ReplyFilters, count_replies
from services.dispatch.console.queries.review import (
    MOST_AT_ONCE,
    read_drafts_of_fault,
    read_review_list,
)
from services.dispatch.console.queries.work_order import read_work_order
from services.dispatch.console.rendering import go_to, page
from services.dispatch.console.service_clients import reply_of
from services.dispatch.console.session import allowed
from services.dispatch.console.wordings import wordings_of
from shared.auth.permissions import Permission
from shared.auth.tokens import Person
from shared.db import Database, DatabaseHere
from shared.problems import Problem
from shared.routes import Route

router = APIRouter(prefix="/review", route_class=Route)


Reviewer = Annotated[Person, allowed(Permission.REPLY_WRITE, Permission.REPLY_APPROVE)]
_MANY_SECONDS = 20.0
Chosen = Annotated[ReplyFilters, Depends()]


@router.get("")
async def review_page(
    request: Request,
    person: Reviewer,
    database: DatabaseHere,
    filters: Chosen,
    after: Annotated[AwareDatetime | None, Query()] = None,
    after_key: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """One line a fault. `after`, `after_key`: the last line of the page before."""
    async with database.reading() as session:
        found = await read_review_list(
            session, person.county, filters, (after, after_key) if after else None
        )
        counts = await count_replies(session, person.county, filters)
        towns = await read_towns(session, person.county)
        crews = await read_crew_names(session, person.county)
    return page(
        request,
        "review.html",
        found=found,
        filters=filters,
        towns=towns,
        crews=crews,
        counts=counts,
    )


@router.get("/fault/{work_order_id}")
async def fault_page(
    request: Request, work_order_id: str, person: Reviewer, database: DatabaseHere, filters: Chosen
) -> Response:
    """All drafts of one fault by their wording, each ticked to be approved."""
    return await _fault(request, work_order_id, person, database, filters, outcomes=())


@router.post("/fault/{work_order_id}")
async def approve_fault(
    request: Request,
    work_order_id: str,
    person: Annotated[Person, allowed(Permission.REPLY_APPROVE)],
    database: DatabaseHere,
    filters: Chosen,
    chosen: Annotated[list[str] | None, Form(max_length=MOST_AT_ONCE)] = None,
    confirmed: Annotated[list[str] | None, Form(max_length=MOST_AT_ONCE)] = None,
) -> Response:
    """Approve what is ticked, in one command. `chosen`: `complaint id:version`, as it was read;
    `confirmed`: the same, of those that a check finds something serious in."""
    ticked = [
        (*each.rpartition(":")[::2], sure)
        for given, sure in ((chosen, False), (confirmed, True))
        for each in given or []
    ]
    if not ticked or not all(version.isdecimal() for _, version, _ in ticked):
        raise Problem(422, "nothing_ticked", both("review.nothing_ticked"))
    replies = [
        {"complaint_id": each, "version": int(version), "confirmed": sure}
        for each, version, sure in ticked
    ]
    outcomes = await reply_of(request).change(
        request, "POST", "/replies/approve", {"replies": replies}, timeout=_MANY_SECONDS
    )
    return await _fault(request, work_order_id, person, database, filters, outcomes=outcomes)


async def _fault(
    request: Request,
    work_order_id: str,
    person: Person,
    database: Database,
    filters: ReplyFilters,
    *,
    outcomes: Sequence[Mapping[str, Any]],
) -> Response:
    async with database.reading() as session:
        view = await read_work_order(session, person.county, work_order_id)
        lines = await read_drafts_of_fault(session, person.county, work_order_id, filters)
    if view is None:
        raise not_found("work_order")
    read: Any = []
    if lines:
        ids = [line.complaint_id for line in lines]
        read = await reply_of(request).search(request, "/replies/drafts", {"complaint_ids": ids})
    return page(
        request,
        "review_fault.html",
        view=view,
        filters=filters,
        wordings=None if read is None else wordings_of(lines, read),
        outcomes=outcomes,
    )


@router.get("/{complaint_id}")
async def reply_page(
    request: Request,
    complaint_id: str,
    person: Reviewer,
    database: DatabaseHere,
    begin: Literal["solved", "not_solved", "nothing_found", "interim"] | None = None,
) -> Response:
    """`begin`: the words of this kind's template stand in the field; nothing is written yet."""
    async with database.reading() as session:
        view = await read_complaint(session, person.county, complaint_id)
    if view is None:
        raise not_found("complaint")
    versions = await _versions(request, complaint_id)
    words = await words_of_complaint(request, complaint_id)
    proposal = None
    if begin and person.may(Permission.REPLY_WRITE):
        path = f"/replies/{complaint_id}/proposals/{begin}"
        proposal = await reply_of(request).read(request, path)
    return page(
        request,
        "reply.html",
        view=view,
        versions=versions,
        words=words,
        begin=begin,
        proposal=proposal,
    )


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
    interim: Annotated[bool, Form()] = False,
    not_true: Annotated[bool, Form()] = False,
    confirmed: Annotated[bool, Form()] = False,
) -> Response:
    reply = reply_of(request)
    text = text.replace("\r\n", "\n").strip()
    if act == "save":
        body = {
            "text": text,
            "solved": solved,
            "version": version,
            "responsible": responsible,
            "interim": interim,
            "is_true": not not_true,
        }
        await reply.change(request, "PUT", f"/replies/{complaint_id}/draft", body)
        return go_to(request, f"/review/{complaint_id}?done=saved")
    versions = await _versions(request, complaint_id) or []
    seen = next((one for one in versions if one["version"] == version), None)
    written = (text, solved and not interim, responsible.strip(), interim, not_true)
    if seen and written != (
        seen["text"].strip(),
        seen["solved"],
        seen["responsible"],
        seen["kind"] == "interim",
        not seen["is_true"],
    ):
        raise Problem(409, "save_first", both("reply.save_first"))
    approval = {"version": version, "confirmed": confirmed}
    await reply.change(request, "POST", f"/replies/{complaint_id}/approve", approval)
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
    return go_to(request, "/replies?list=stuck&done=resolved")


@router.post("/{complaint_id}/told")
async def told(
    request: Request,
    complaint_id: str,
    _person: Reviewer,
    version: Annotated[int, Form(ge=1)],
    receipt: Annotated[str, Form(max_length=100)] = "",
    outcome: Annotated[Literal["told", "not_reached"], Form()] = "told",
    back: Annotated[Literal["list", "call_sheet"], Form()] = "list",
) -> Response:
    """Phoned or posted by hand; or nobody answered, and it is tried again later."""
    reply, path = reply_of(request), f"/replies/{complaint_id}"
    if outcome == "not_reached":
        await reply.change(request, "POST", f"{path}/not-reached", {"version": version})
    else:
        body = {"version": version, "receipt": receipt.strip() or None}
        await reply.change(request, "POST", f"{path}/told", body)
    if back == "call_sheet":
        return go_to(request, f"/replies/call-sheet?done={outcome}")
    return go_to(request, f"/replies?list=by_hand&done={outcome}")
