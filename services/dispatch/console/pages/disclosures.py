"""Who looked at whose data: for supervisors and admins, from intake's record."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from services.dispatch.console.disclosure_search import wanted_disclosures
from services.dispatch.console.queries.staff import read_display_names
from services.dispatch.console.rendering import page
from services.dispatch.console.service_clients import intake_of
from services.dispatch.console.session import allowed
from shared.auth.permissions import Permission
from shared.auth.tokens import Person
from shared.db import Database, DatabaseHere
from shared.routes import Route

router = APIRouter(prefix="/disclosures", route_class=Route)

Auditor = Annotated[Person, allowed(Permission.DISCLOSURE_SEE)]
Text = Annotated[str, Form(max_length=100)]

_SHOWN = 50


@router.get("")
async def newest(request: Request, person: Auditor, database: DatabaseHere) -> Response:
    return await _page(request, person, database, {})


@router.post("")
async def search(
    request: Request,
    person: Auditor,
    database: DatabaseHere,
    viewer: Text = "",
    complaint_id: Text = "",
    phone: Annotated[str, Form(max_length=30)] = "",
    since: Text = "",
    until: Text = "",
    before: Text = "",
) -> Response:
    """A POST: a telephone number stays out of addresses, which browsers and proxies keep."""
    typed = {
        "viewer": viewer.strip(),
        "complaint_id": complaint_id.strip(),
        "phone": phone.strip(),
        "since": since,
        "until": until,
    }
    return await _page(request, person, database, typed, before)


async def _page(
    request: Request, person: Person, database: Database, typed: dict[str, str], before: str = ""
) -> Response:
    async with database.reading() as session:
        names = await read_display_names(session, person.county)
    wanted = wanted_disclosures(typed)
    if viewer := wanted.get("viewer"):
        called_so = (account for account, name in names.items() if name == viewer)
        wanted["viewer"] = next(called_so, viewer)
    if before:
        wanted["before"] = before
    found = await intake_of(request).search(
        request, "/disclosures/search", {**wanted, "limit": _SHOWN}
    )
    if found:
        for one in found["disclosures"]:
            one["disclosed_at"] = datetime.fromisoformat(one["disclosed_at"])
    return page(request, "disclosures.html", found=found, typed=typed, names=names)
