"""Who looked at whose data: for supervisors and admins, from intake's record."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from services.dispatch.console.disclosure_search import wanted_disclosures
from services.dispatch.console.rendering import page
from services.dispatch.console.service_clients import intake_of
from services.dispatch.console.session import allowed
from shared.auth.permissions import Permission
from shared.auth.tokens import Person
from shared.routes import Route

router = APIRouter(prefix="/disclosures", route_class=Route)

Auditor = Annotated[Person, allowed(Permission.DISCLOSURE_SEE)]
Text = Annotated[str, Form(max_length=100)]

_SHOWN = 50


@router.get("")
async def newest(request: Request, _person: Auditor) -> Response:
    return await _page(request, {})


@router.post("")
async def search(
    request: Request,
    _person: Auditor,
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
    return await _page(request, typed, before)


async def _page(request: Request, typed: dict[str, str], before: str = "") -> Response:
    wanted = wanted_disclosures(typed)
    if before:
        wanted["before"] = before
    found = await intake_of(request).search(
        request, "/disclosures/search", {**wanted, "limit": _SHOWN}
    )
    if found:
        for one in found["disclosures"]:
            one["disclosed_at"] = datetime.fromisoformat(one["disclosed_at"])
    return page(request, "disclosures.html", found=found, typed=typed)
