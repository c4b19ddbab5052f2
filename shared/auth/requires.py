"""FastAPI dependency: the person who asks, if they may."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import Depends, Request

from shared.auth.permissions import Permission
from shared.auth.tokens import InvalidToken, Person, read_token
from shared.problems import Problem, Text

NOT_SIGNED_IN = Text("请先登录。", "Please sign in.")
NOT_ALLOWED = Text("您的岗位没有此项权限。", "Your role does not allow this.")


def person_of(request: Request) -> Person:
    """Read the bearer token of a service call. Raises Problem 401.

    `app.state.secret` and `app.state.database.clock` are set where the app is wired.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise Problem(401, "not_signed_in", NOT_SIGNED_IN)
    now = request.app.state.database.clock.now()
    try:
        return read_token(token, request.app.state.secret, now, audience="service")
    except InvalidToken:
        raise Problem(401, "not_signed_in", NOT_SIGNED_IN) from None


def requires(permission: Permission) -> Any:
    """`person: Annotated[Person, requires(Permission.REPLY_APPROVE)]`. 401, or 403 without it."""
    return Depends(_checker(permission))


def _checker(permission: Permission) -> Callable[[Request], Awaitable[Person]]:
    async def check(request: Request) -> Person:
        person = person_of(request)
        if not person.may(permission):
            raise Problem(403, "not_allowed", NOT_ALLOWED)
        return person

    return check
