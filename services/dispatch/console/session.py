"""Who sits at the browser: a signed cookie, and the account it was given for."""

from typing import Any

from fastapi import Depends, Request, Response

from services.dispatch.console.accounts import person_of
from services.dispatch.models import Staff
from shared.auth.permissions import Permission
from shared.auth.requires import NOT_ALLOWED
from shared.auth.tokens import SIGNED_IN, InvalidToken, Person, issue_token, read_token
from shared.db import Database
from shared.problems import Problem
from shared.routes import Guard

COOKIE = "waterdesk"
_AUDIENCE = "console"


class NotSignedIn(Exception):
    """On to the sign-in page."""


def remember(request: Request, response: Response, person: Person) -> None:
    now = request.app.state.database.clock.now()
    response.set_cookie(
        COOKIE,
        issue_token(person, request.app.state.secret, now, audience=_AUDIENCE, lasts=SIGNED_IN),
        max_age=int(SIGNED_IN.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )


def forget(response: Response) -> None:
    response.delete_cookie(COOKIE, httponly=True, samesite="lax")


async def signed_in(request: Request) -> Person:
    """FastAPI dependency. Whoever has left, or has another role by now, signs in again.

    Raises NotSignedIn.
    """
    database: Database = request.app.state.database
    try:
        person = read_token(
            request.cookies.get(COOKIE, ""),
            request.app.state.secret,
            database.clock.now(),
            audience=_AUDIENCE,
        )
    except InvalidToken:
        raise NotSignedIn from None
    async with database.reading() as session:
        staff = await session.get(Staff, person.name)
    if staff is None or not staff.active or person_of(staff) != person:
        raise NotSignedIn
    request.state.person = person
    return person


def allowed(*permissions: Permission) -> Any:
    """`person: Annotated[Person, allowed(Permission.BOARD_SEE)]`. NotSignedIn, or Problem 403."""
    return Depends(Allowed(*permissions))


class Allowed(Guard):
    """Whoever has one of these permissions."""

    def __init__(self, *permissions: Permission) -> None:
        self.permissions = permissions

    async def __call__(self, request: Request) -> Person:
        # Asked twice: before the body is read, and for the route's parameter.
        person: Person = getattr(request.state, "person", None) or await signed_in(request)
        if not any(map(person.may, self.permissions)):
            raise Problem(403, "not_allowed", NOT_ALLOWED)
        return person
