"""Who may sign in, and a new password for somebody who has lost theirs."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from services.dispatch.console.accounts import UnknownStaff, reset_password
from services.dispatch.console.errors import not_found
from services.dispatch.console.queries.staff import read_staff
from services.dispatch.console.rendering import go_to, page
from services.dispatch.console.session import allowed
from services.dispatch.models import Staff
from shared.auth.permissions import Permission
from shared.auth.tokens import Person
from shared.db import DatabaseHere
from shared.routes import Route
from shared.vocabulary import Level

router = APIRouter(prefix="/staff", route_class=Route)

Admin = Annotated[Person, allowed(Permission.STAFF_MANAGE)]


@router.get("")
async def staff_page(request: Request, person: Admin, database: DatabaseHere) -> Response:
    async with database.reading() as session:
        staff = await read_staff(session, person.county)
    return page(request, "staff.html", staff=staff, levels=[level.value for level in Level])


@router.post("/{name}/password")
async def reset(request: Request, name: str, person: Admin, database: DatabaseHere) -> Response:
    """The one page that shows the new password; it is stored nowhere but as a hash."""
    try:
        password = await reset_password(database, person.county, name)
    except UnknownStaff:
        raise not_found("staff") from None
    return page(request, "one_time_password.html", name=name, password=password)


@router.post("/{name}/levels")
async def set_levels(
    request: Request,
    name: str,
    person: Admin,
    database: DatabaseHere,
    level: Annotated[list[Level], Form(default_factory=list)],
    by_role: Annotated[bool, Form()] = False,
) -> Response:
    """At which levels somebody is told of deadlines. What the county's file says, it says again at
    every start."""
    given = None if by_role else [each.value for each in Level if each in level]
    async with database.work() as (session, _):
        staff = await session.get(Staff, name)
        if staff is None or staff.county != person.county:
            raise not_found("staff")
        staff.levels = given
    return go_to(request, "/staff?done=levels_saved")
