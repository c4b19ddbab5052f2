"""One complaint: facts, words, deadlines, answer; deciding it; who the resident is."""

from asyncio import gather
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, Response

from services.dispatch.console.errors import not_found
from services.dispatch.console.language import both
from services.dispatch.console.queries.call_backs import call_backs_of
from services.dispatch.console.queries.complaints import (
    ComplaintPage,
    read_complaint,
    read_waiting,
)
from services.dispatch.console.queries.extensions import read_extensions
from services.dispatch.console.queries.staff import read_display_names
from services.dispatch.console.rendering import go_to, page, part
from services.dispatch.console.service_clients import intake_of, reply_of
from services.dispatch.console.session import allowed
from services.dispatch.models import Complaint
from services.dispatch.rules.crew_access import crew_may_see
from services.dispatch.rules.fault_matching import UNDECIDED
from shared.auth.permissions import Permission
from shared.auth.tokens import Person
from shared.db import Database, DatabaseHere
from shared.problems import Problem
from shared.routes import Route

router = APIRouter(prefix="/complaints", route_class=Route)

Reader = Annotated[Person, allowed(Permission.WORDS_SEE)]
_SHORTEST_REASON = 2


async def words_of_complaint(request: Request, complaint_id: str) -> Any:
    """What the resident wrote; None while intake is unavailable."""
    path = f"/complaints/{complaint_id}/words"
    return await intake_of(request).read(request, path, opens=complaint_id)


async def resident_of_complaint(request: Request, complaint_id: str) -> Any:
    """Name, phone and address, which intake records as seen; None while it is unavailable."""
    path = f"/complaints/{complaint_id}/resident"
    return await intake_of(request).read(request, path, opens=complaint_id)


@router.get("/{complaint_id}")
async def complaint_page(
    request: Request,
    complaint_id: str,
    person: Reader,
    database: DatabaseHere,
    entered: Annotated[bool, Query()] = False,
) -> Response:
    view = await _visible(database, person, complaint_id)
    if view is None and entered:  # intake has it; its event is on the way
        return page(request, "entered.html", headers={"Refresh": "1"}, complaint_id=complaint_id)
    if view is None:
        raise not_found("complaint")
    async with database.reading() as session:
        names = await read_display_names(session, person.county)
        extensions = await read_extensions(session, person.county, complaint_id)
        call_backs = await call_backs_of(session, complaint_id)
    notes = await _notes_of(request, complaint_id) if call_backs else None
    words, explained = await gather(
        words_of_complaint(request, complaint_id), _explained(request, person, complaint_id)
    )
    return page(
        request,
        "complaint.html",
        view=view,
        words=words,
        names=names,
        extensions=extensions,
        explained=explained,
        call_backs=call_backs,
        notes=notes,
    )


async def _explained(request: Request, person: Person, complaint_id: str) -> Any:
    """The deadlines with their arithmetic, as reply has them; None while it is unavailable, for a
    crew, and where reply does not know the complaint yet."""
    if not person.may(Permission.BOARD_SEE):
        return None
    try:
        found = await reply_of(request).read(request, "/deadlines", complaint_id=complaint_id)
    except Problem:
        return None
    for deadline in found or ():
        for name in ("due_at", "met_at", "paused_since"):
            deadline[name] = deadline[name] and datetime.fromisoformat(deadline[name])
    return found


async def _notes_of(request: Request, complaint_id: str) -> Mapping[int, str] | None:
    """What was written of what is not solved, by the answer's version; None while reply is
    unavailable."""
    found = await reply_of(request).read(request, f"/call-backs/{complaint_id}")
    return None if found is None else {each["version"]: each["note"] for each in found}


async def _visible(database: Database, person: Person, complaint_id: str) -> ComplaintPage | None:
    """A crew sees the complaints of its own work orders, open or closed lately."""
    async with database.reading() as session:
        view = await read_complaint(session, person.county, complaint_id)
    if view is None or person.may(Permission.BOARD_SEE):
        return view
    work_order, now = view.work_order, database.clock.now()
    if work_order and crew_may_see(person.crew_id, work_order.crew_id, work_order.closed_at, now):
        return view
    return None


async def must_see(database: Database, person: Person, complaint_id: str) -> None:
    """Before anything about it is asked of another service. Raises Problem 404."""
    if await _visible(database, person, complaint_id) is None:
        raise not_found("complaint")


@router.get("/{complaint_id}/words")
async def words_part(
    request: Request, complaint_id: str, person: Reader, database: DatabaseHere
) -> Response:
    """The words, where a list opens them."""
    await must_see(database, person, complaint_id)
    words = await words_of_complaint(request, complaint_id)
    return part(request, "_words.html", words=words)


@router.post("/{complaint_id}/resident")
async def resident_part(
    request: Request,
    complaint_id: str,
    person: Annotated[Person, allowed(Permission.RESIDENT_SEE)],
    database: DatabaseHere,
) -> Response:
    """Name, phone and address: a look that intake records. A POST, so that no link or preview
    looks by itself."""
    await must_see(database, person, complaint_id)
    resident = await resident_of_complaint(request, complaint_id)
    return part(request, "_resident.html", resident=resident)


@router.post("/{complaint_id}/erasure")
async def erase(
    request: Request,
    complaint_id: str,
    _person: Annotated[Person, allowed(Permission.RESIDENT_ERASE)],
    reason: Annotated[str, Form(max_length=200)] = "",
    sure: Annotated[bool, Form()] = False,
) -> Response:
    """What the resident wrote and who they are, for good."""
    if not sure or len(reason.strip()) < 2:
        raise Problem(422, "not_sure", both("erasure.incomplete"))
    body = {"complaint_id": complaint_id, "reason": reason}
    await intake_of(request).change(request, "POST", "/erasures", body)
    return go_to(request, f"/complaints/{complaint_id}?done=erased")


@router.post("/{complaint_id}/decision")
async def decide(
    request: Request,
    complaint_id: str,
    person: Annotated[Person, allowed(Permission.COMPLAINT_DECIDE)],
    database: DatabaseHere,
    category: Annotated[str, Form()],
    village_q: Annotated[str, Form()] = "",
    village_code: Annotated[str, Form()] = "",
    group: Annotated[str, Form(max_length=50)] = "",
    component: Annotated[str, Form()] = "",
    urgent: Annotated[bool, Form()] = False,
    overrule: Annotated[bool, Form()] = False,
) -> Response:
    """What it is about and where, given to intake; then on to the next that waits, where this one
    did."""
    if village_q.strip() and not village_code:
        village_code = await _only_village(request, village_q.strip())
    known = await _visible(database, person, complaint_id)
    body: dict[str, object] = {
        "is_ours": category != "not_ours",
        "category": category,
        "component": component or None,
        "urgent": urgent,
        "village_code": village_code or None,
        "group": group.strip() or None,
    }
    if known is not None:
        if _says_the_same(body, known.complaint):
            return go_to(request, f"/complaints/{complaint_id}?done=unchanged")
        body["second_category"] = _second_category(category, known.complaint)
    body["overrule"] = overrule
    async with database.reading() as session:
        waiting = await read_waiting(session, person.county)
    await intake_of(request).change(request, "POST", f"/complaints/{complaint_id}/decision", body)
    if complaint_id not in {line.complaint.id for line in waiting}:
        return go_to(request, f"/complaints/{complaint_id}?done=decided")
    following = [line for line in waiting if line.complaint.id != complaint_id]
    if following:
        return go_to(request, f"/complaints/{following[0].complaint.id}?done=decided")
    return go_to(request, "/waiting?done=decided")


@router.post("/{complaint_id}/back")
async def come_back(
    request: Request,
    complaint_id: str,
    person: Annotated[Person, allowed(Permission.REPLY_WRITE)],
    database: DatabaseHere,
    reason: Annotated[str, Form(max_length=500)] = "",
    is_platforms_word: Annotated[bool, Form()] = False,
) -> Response:
    """ "Not ours" was wrong: a person decides again, and the return is withdrawn."""
    await must_see(database, person, complaint_id)
    if len(reason.strip()) < _SHORTEST_REASON:
        raise Problem(422, "invalid_request", both("back.why"))
    body = {"reason": reason.strip(), "is_platforms_word": is_platforms_word}
    await intake_of(request).change(request, "POST", f"/complaints/{complaint_id}/back", body)
    return go_to(request, f"/complaints/{complaint_id}?done=back")


def _says_the_same(body: Mapping[str, object], complaint: Complaint) -> bool:
    """A correction that corrects nothing is no decision of a person. Of what waits for one, the
    same is a decision: yes, it is so."""
    known = {
        "is_ours": complaint.is_ours,
        "category": complaint.category,
        "component": complaint.component,
        "urgent": complaint.urgent,
        "village_code": complaint.village_code,
        "group": complaint.village_group,
    }
    return complaint.state not in UNDECIDED and body == known


def _second_category(category: str, complaint: Complaint) -> str | None:
    """The form does not ask for it: it stays, where it is another one than the first."""
    keeps = category not in ("not_ours", complaint.second_category)
    return complaint.second_category if keeps else None


async def _only_village(request: Request, wanted: str) -> str:
    """The code of the one village of this name. Raises Problem 422 where there are more or none."""
    found = await intake_of(request).read(request, "/villages", q=wanted, limit=20) or []
    exact = [village for village in found if wanted in (village["village"], _named(village))]
    if len(exact) == 1:
        return str(exact[0]["code"])
    if len(found) == 1:
        return str(found[0]["code"])
    raise Problem(422, "which_village", both("decide.which_village"))


def _named(village: dict[str, str]) -> str:
    return f"{village['town']}{village['village']}"
