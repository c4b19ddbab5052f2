"""The morning digest, on the first page and as a page; who wants it as a message."""

from datetime import time
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from sqlalchemy import delete
from sqlmodel import col

from services.dispatch.console.language import both
from services.dispatch.console.pages.replies import health_of
from services.dispatch.console.queries.digest import read_digest
from services.dispatch.console.rendering import go_to, part
from services.dispatch.console.session import allowed
from services.dispatch.models import DigestSubscription
from services.dispatch.rules.digest import AT, lines
from shared.auth.permissions import Permission
from shared.auth.tokens import Person
from shared.db import DatabaseHere
from shared.problems import Problem
from shared.routes import Route

router = APIRouter(prefix="/digest", route_class=Route)

Reader = Annotated[Person, allowed(Permission.HOTSPOT_SEE)]


@router.get("")
async def digest_part(request: Request, person: Reader, database: DatabaseHere) -> Response:
    health = health_of(request)
    platforms = await health.read(request, person.county)
    now = database.clock.now()
    outages = None
    if platforms is not None:
        outages = [each.platform for each in health.outages(platforms, now)]
    async with database.reading() as session:
        digest = await read_digest(session, person.county, now, outages)
        wanted = await session.get(DigestSubscription, person.name)
    return part(
        request,
        "_digest.html",
        digest=digest,
        lines=lines(digest),
        at=wanted.at if wanted else None,
        usual=AT,
    )


@router.post("/message")
async def want(
    request: Request,
    person: Reader,
    database: DatabaseHere,
    wanted: Annotated[bool, Form()] = False,
    at: Annotated[str, Form(max_length=8)] = "",
) -> Response:
    """One's own switch: told of it on working days at this time, or not."""
    try:
        told_at = time.fromisoformat(at) if at else AT
    except ValueError:
        raise Problem(422, "invalid_request", both("digest.no_such_time")) from None
    async with database.work() as (session, _):
        if wanted:
            await session.merge(DigestSubscription(sign_in_name=person.name, at=told_at))
        else:
            mine = col(DigestSubscription.sign_in_name) == person.name
            await session.execute(delete(DigestSubscription).where(mine))
    return go_to(request, f"/?done={'digest_wanted' if wanted else 'digest_not_wanted'}")
