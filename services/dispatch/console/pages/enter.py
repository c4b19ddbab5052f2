"""The phone desk: write down what a resident says."""

from secrets import token_hex
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from services.dispatch.console.rendering import go_to, page
from services.dispatch.console.service_clients import intake_of
from services.dispatch.console.session import allowed
from shared.auth.permissions import Permission
from shared.auth.tokens import Person
from shared.routes import Route

router = APIRouter(prefix="/complaints", route_class=Route)

Enterer = Annotated[Person, allowed(Permission.COMPLAINT_ENTER)]


@router.get("/new")
async def entry_page(request: Request, _person: Enterer) -> Response:
    available = await intake_of(request).is_available(request)
    return page(request, "enter.html", available=available, entry_id=token_hex(8))


@router.post("/new")
async def enter(
    request: Request,
    _person: Enterer,
    text: Annotated[str, Form()] = "",
    name: Annotated[str, Form()] = "",
    phone: Annotated[str, Form()] = "",
    address_line: Annotated[str, Form()] = "",
    urgent: Annotated[bool, Form()] = False,
    entry_id: Annotated[str, Form()] = "",
) -> Response:
    """`entry_id` is the form's own: sent twice, it is entered once."""
    entered = await intake_of(request).change(
        request,
        "POST",
        "/complaints",
        {
            "text": text,
            "name": name,
            "phone": phone,
            "address_line": address_line,
            "urgent": urgent,
            "entry_id": entry_id,
        },
    )
    return go_to(request, f"/complaints/{entered['complaint_id']}?entered=true")
