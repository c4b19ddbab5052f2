"""Who may sign in, and a new password for somebody who has lost theirs."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from services.dispatch.console.accounts import UnknownStaff, reset_password
from services.dispatch.console.errors import not_found
from services.dispatch.console.queries.staff import read_staff
from services.dispatch.console.rendering import page
from services.dispatch.console.session import allowed
from shared.auth.permissions import Permission
from shared.auth.tokens import Person
from shared.db import DatabaseHere
from shared.routes import Route

router = APIRouter(prefix="/staff", route_class=Route)

Admin = Annotated[Person, allowed(Permission.STAFF_MANAGE)]


@router.get("")
async def staff_page(request: Request, person: Admin, database: DatabaseHere) -> Response:
    async with database.reading() as session:
        staff = await read_staff(session, person.county)
    return page(request, "staff.html", staff=staff)


@router.post("/{name}/password")
async def reset(request: Request, name: str, person: Admin, database: DatabaseHere) -> Response:
    """The one page that shows the new password; it is stored nowhere but as a hash."""
    try:
        password = await reset_password(database, person.county, name)
    except UnknownStaff:
        raise not_found("staff") from None
    return page(request, "one_time_password.html", name=name, password=password)
