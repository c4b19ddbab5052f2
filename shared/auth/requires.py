"""FastAPI dependency: the person who asks, if they may."""

from typing import Any

from fastapi import Depends, Request
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase

from shared.auth.permissions import Permission
from shared.auth.tokens import InvalidToken, Person, read_token
from shared.problems import Problem, Text
from shared.routes import Guard

NOT_SIGNED_IN = Text("请先登录。", "Please sign in.")
NOT_ALLOWED = Text("您的岗位没有此项权限。", "Your role does not allow this.")


def person_of(request: Request) -> Person:
    """Read the bearer token of a service call. Raises Problem 401.

    `app.state.secret` and `app.state.database.clock` are set where the app is wired.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    now = request.app.state.database.clock.now()
    token = token if scheme.lower() == "bearer" else ""
    try:
        return read_token(token, request.app.state.secret, now, audience="service")
    except InvalidToken:
        raise Problem(
            401, "not_signed_in", NOT_SIGNED_IN, headers={"WWW-Authenticate": "Bearer"}
        ) from None


def requires(permission: Permission) -> Any:
    """`person: Annotated[Person, requires(Permission.REPLY_APPROVE)]`. 401, or 403 without it."""
    return Depends(_Requires(permission))


class _Requires(SecurityBase, Guard):
    scheme_name = "service token"
    model = HTTPBearer(
        bearerFormat="JWT", description="A short-lived token that names person, role and county."
    )

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    async def __call__(self, request: Request) -> Person:
        # Asked twice: before the body is read, and for the route's parameter.
        person: Person | None = getattr(request.state, "person", None)
        if person is None:
            person = request.state.person = person_of(request)
        if not person.may(self.permission):
            raise Problem(403, "not_allowed", NOT_ALLOWED)
        return person
