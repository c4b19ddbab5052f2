"""How one of the staff is reached outside the console, and by which ways they want to be told."""

import re
from typing import Annotated

import structlog
from fastapi import APIRouter, Form, Request, Response
from sqlmodel import col, select

from services.dispatch.console.errors import not_found
from services.dispatch.console.language import both
from services.dispatch.console.rendering import go_to, page
from services.dispatch.console.session import allowed
from services.dispatch.county_file import WECOM_USERID
from services.dispatch.models import Staff
from shared.auth.permissions import Permission
from shared.auth.tokens import Person
from shared.db import DatabaseHere, Session
from shared.problems import Problem
from shared.routes import Route

log = structlog.get_logger(__name__)

router = APIRouter(prefix="/staff", route_class=Route)

Admin = Annotated[Person, allowed(Permission.STAFF_MANAGE)]
_MOBILE = re.compile(r"1\d{10}", re.ASCII)
_USERID = re.compile(WECOM_USERID, re.ASCII)


@router.get("/{name}/ways")
async def ways_page(request: Request, name: str, person: Admin, database: DatabaseHere) -> Response:
    """The phone is shown masked."""
    async with database.reading() as session:
        staff = await _staff(session, person.county, name)
    return page(
        request,
        "staff_ways.html",
        one={
            "name": staff.sign_in_name,
            "shown": staff.display_name or staff.sign_in_name,
            "wecom_userid": staff.wecom_userid,
            "masked_phone": staff.masked_phone,
            "declined": staff.declined_ways,
        },
    )


@router.post("/{name}/ways")
async def save(
    request: Request,
    name: str,
    person: Admin,
    database: DatabaseHere,
    wecom_userid: Annotated[str, Form(max_length=64)] = "",
    phone: Annotated[str, Form(max_length=20)] = "",
    remove_phone: Annotated[str, Form(max_length=5)] = "",
    ways: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """An empty phone keeps the one there is. The county's file changes both no more."""
    userid = wecom_userid.strip() or None
    number = phone.strip().replace(" ", "").replace("-", "") or None
    if userid is not None and not _USERID.fullmatch(userid):
        raise Problem(422, "bad_wecom_userid", both("staff_way.bad_wecom"))
    if number is not None and not _MOBILE.fullmatch(number):
        raise Problem(422, "bad_phone", both("staff_way.bad_phone"))
    async with database.work() as (session, _):
        staff = await _staff(session, person.county, name)
        new_phone = None if remove_phone else number or staff.phone
        staff.change_addresses(userid, new_phone)
        staff.choose_ways(ways or ())
    log.info("staff_ways_changed", who=person.name, of=name)
    return go_to(request, "/staff?done=ways_saved")


async def _staff(session: Session, county: str, name: str) -> Staff:
    found = await session.exec(
        select(Staff).where(
            col(Staff.sign_in_name) == name, col(Staff.county) == county, col(Staff.active)
        )
    )
    staff = found.one_or_none()
    if staff is None:
        raise not_found("staff")
    return staff
