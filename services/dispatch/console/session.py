"""Who sits at the browser: a signed cookie that names a row of `sign_in`."""

from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import Any

from fastapi import Depends, Request, Response
from sqlmodel import col, select, update

from services.dispatch.console.accounts import LONGEST_IDLE, LONGEST_SIGN_IN
from services.dispatch.models import SignIn, Staff
from shared.auth.permissions import Permission
from shared.auth.requires import NOT_ALLOWED
from shared.auth.tokens import InvalidToken, Person, read_claims, sign_claims
from shared.db import Database
from shared.problems import Problem
from shared.routes import Guard

COOKIE = "waterdesk"
DEVICE_COOKIE = "waterdesk_device"
ACCOUNT_PAGE = "/account"
_DEVICE_KNOWN_FOR = timedelta(days=400)
"""The longest a browser keeps a cookie (RFC 6265bis, 5.6.4)."""
_NAMES_OF_A_DEVICE = 20
"""A desk is shared by several shifts."""
_SEEN_EVERY = timedelta(minutes=5)


class NotSignedIn(Exception):
    """On to the sign-in page."""


class MustChangePassword(Exception):
    """Their password is a one-time one: on to the page that changes it."""


def remember(request: Request, response: Response, sign_in: SignIn) -> None:
    """This browser is signed in, and is a known device of this person from now on."""
    _set_cookie(request, response, COOKIE, LONGEST_SIGN_IN, {"sub": sign_in.id})
    device = _device_claims(request)
    others = [name for name in device["names"] if name != sign_in.sign_in_name]
    device["names"] = [*others, sign_in.sign_in_name][-_NAMES_OF_A_DEVICE:]
    _set_cookie(request, response, DEVICE_COOKIE, _DEVICE_KNOWN_FOR, device)


def forget(response: Response) -> None:
    response.delete_cookie(COOKIE, httponly=True, samesite="lax")


def known_device(request: Request, name: str) -> str | None:
    """The id of this browser, where `name` has signed in on it before."""
    device = _device_claims(request)
    return str(device["sub"]) if name in device["names"] else None


def sign_in_id_of(request: Request) -> str | None:
    claims = _cookie_claims(request, COOKIE)
    return str(claims["sub"]) if claims else None


async def signed_in(request: Request) -> Person:
    """Role and county are those of the staff list now.

    Raises NotSignedIn, MustChangePassword.
    """
    database: Database = request.app.state.database
    now = database.clock.now()
    async with database.reading() as session:
        found = await session.exec(
            select(SignIn, Staff)
            .join(Staff, col(Staff.sign_in_name) == col(SignIn.sign_in_name))
            .where(
                col(SignIn.id) == (sign_in_id_of(request) or ""),
                col(SignIn.signed_in_at) > now - LONGEST_SIGN_IN,
                col(SignIn.last_seen_at) > now - LONGEST_IDLE,
                col(Staff.active),
            )
        )
        row = found.one_or_none()
    if row is None:
        raise NotSignedIn
    sign_in, staff = row
    if now - sign_in.last_seen_at >= _SEEN_EVERY:
        await _note_seen(database, sign_in, now)
    if staff.password_is_one_time and request.url.path != ACCOUNT_PAGE:
        raise MustChangePassword
    person: Person = staff.person
    request.state.person = person
    request.state.person_name = staff.display_name or staff.sign_in_name
    return person


def allowed(*permissions: Permission) -> Any:
    """`person: Annotated[Person, allowed(Permission.BOARD_SEE)]`: whoever has one of these; none
    named: whoever is signed in. NotSignedIn, or Problem 403."""
    return Depends(Allowed(*permissions))


class Allowed(Guard):
    def __init__(self, *permissions: Permission) -> None:
        self.permissions = permissions

    async def __call__(self, request: Request) -> Person:
        # Asked twice: before the body is read, and for the route's parameter.
        person: Person = getattr(request.state, "person", None) or await signed_in(request)
        if self.permissions and not any(map(person.may, self.permissions)):
            raise Problem(403, "not_allowed", NOT_ALLOWED)
        return person


async def _note_seen(database: Database, sign_in: SignIn, now: datetime) -> None:
    async with database.work() as (session, _):
        await session.execute(
            update(SignIn).where(col(SignIn.id) == sign_in.id).values(last_seen_at=now)
        )


def _device_claims(request: Request) -> dict[str, Any]:
    return _cookie_claims(request, DEVICE_COOKIE) or {"sub": token_urlsafe(12), "names": []}


def _cookie_claims(request: Request, cookie: str) -> dict[str, Any] | None:
    """The cookie's name is its audience: one cannot be given for the other."""
    state = request.app.state
    try:
        token = request.cookies.get(cookie, "")
        return dict(read_claims(token, state.secret, state.database.clock.now(), audience=cookie))
    except InvalidToken:
        return None


def _set_cookie(
    request: Request, response: Response, cookie: str, lasts: timedelta, claims: dict[str, Any]
) -> None:
    state = request.app.state
    response.set_cookie(
        cookie,
        sign_claims(claims, state.secret, state.database.clock.now(), audience=cookie, lasts=lasts),
        max_age=int(lasts.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
