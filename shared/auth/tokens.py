"""Signed, short-lived tokens: who asks, in calls between services; and the console's cookies."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import jwt

from shared.auth.permissions import ALLOWED, Permission, Role

SERVICE_CALL = timedelta(minutes=2)
_ALGORITHM = "HS256"


class InvalidToken(Exception):
    """Not signed with our secret, or no longer valid."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the water centre, as a token names them."""

    name: str
    """Their sign-in name: it stands in audit trails and events."""
    role: Role
    county: str
    """They see this county only."""
    crew_id: str | None = None
    """The crew a crew member belongs to."""
    complaint_ids: frozenset[str] = frozenset()
    """Of a crew's service token: the complaints whose words and resident it opens."""

    def opening(self, *complaint_ids: str) -> "Person":
        """The same person, for a service token that opens these complaints."""
        return replace(self, complaint_ids=frozenset(complaint_ids))

    def may_open(self, complaint_id: str) -> bool:
        """A crew opens the complaints its token lists, everybody else all of their county.

        Dispatch knows which complaints are a crew's and lists them in the token; intake does not.
        """
        return self.role is not Role.CREW or complaint_id in self.complaint_ids

    def may(self, permission: Permission) -> bool:
        return permission in ALLOWED[self.role]


def issue_token(person: Person, secret: str, now: datetime, *, audience: str) -> str:
    """`audience`: `service` for calls between services."""
    claims = {
        "sub": person.name,
        "role": person.role.value,
        "county": person.county,
        "crew": person.crew_id,
        "complaints": sorted(person.complaint_ids),
    }
    return sign_claims(claims, secret, now, audience=audience, lasts=SERVICE_CALL)


def read_token(token: str, secret: str, now: datetime, *, audience: str) -> Person:
    """Raises InvalidToken."""
    claims = read_claims(token, secret, now, audience=audience)
    try:
        return Person(
            claims["sub"],
            Role(claims["role"]),
            claims["county"],
            claims.get("crew"),
            frozenset(claims.get("complaints", ())),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidToken(type(error).__name__) from None


def sign_claims(
    claims: Mapping[str, Any], secret: str, now: datetime, *, audience: str, lasts: timedelta
) -> str:
    """A JWT (RFC 7519) that `read_claims` accepts for the same audience until `now + lasts`."""
    return jwt.encode(
        {**claims, "aud": audience, "iat": now, "exp": now + lasts}, secret, algorithm=_ALGORITHM
    )


def read_claims(token: str, secret: str, now: datetime, *, audience: str) -> Mapping[str, Any]:
    """Raises InvalidToken. Time is judged by `now`, not by the machine's clock."""
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            secret,
            algorithms=[_ALGORITHM],
            audience=audience,
            options={"require": ["exp", "sub", "aud"], "verify_exp": False, "verify_iat": False},
        )
    except jwt.InvalidTokenError as error:
        raise InvalidToken(type(error).__name__) from None
    if now.timestamp() >= claims["exp"]:
        raise InvalidToken("expired")
    return claims
