"""How the platforms answer us, over HTTP."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel

from services.reply.handlers.platform_health import read_platforms
from shared.auth.permissions import Permission
from shared.auth.requires import requires
from shared.auth.tokens import Person
from shared.db import DatabaseHere
from shared.routes import Route

from .work import Config

router = APIRouter(prefix="/platforms", tags=["platforms"], route_class=Route)


class Platform(BaseModel):
    platform: str
    last_success_at: datetime | None
    last_failure_at: datetime | None
    failure: str | None
    """`unavailable`, or `ambiguous` where it did not answer."""
    unavailable_since: datetime | None
    """None: it answers, or was never asked."""
    waiting: int
    """Replies of the county that are approved and have no receipt."""
    waiting_since: datetime | None


@router.get("")
async def list_platforms(
    database: DatabaseHere,
    config: Config,
    person: Annotated[Person, requires(Permission.WORDS_SEE)],
) -> list[Platform]:
    """Those we have a channel to. Every role may ask: an outage is everybody's matter."""
    async with database.reading() as session:
        return [
            Platform(
                platform=each.platform,
                last_success_at=each.health.last_success_at if each.health else None,
                last_failure_at=each.health.last_failure_at if each.health else None,
                failure=each.health.failure if each.health else None,
                unavailable_since=each.health.unavailable_since if each.health else None,
                waiting=each.waiting.replies,
                waiting_since=each.waiting.since,
            )
            for each in await read_platforms(session, config, person.county)
        ]
