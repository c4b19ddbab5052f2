"""Where every reply stands, list by list; the call sheet."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from services.dispatch.console.platform_health import Platform, PlatformHealth
from services.dispatch.console.queries.board import read_towns
from services.dispatch.console.queries.crews import read_crew_names
from services.dispatch.console.queries.extensions import read_to_tell
from services.dispatch.console.queries.messages import count_failed, read_ways
from services.dispatch.console.queries.replies import (
    MOST_COUNTED,
    Position,
    ReplyFilters,
    count_replies,
    read_replies,
)
from services.dispatch.console.rendering import page, part
from services.dispatch.console.service_clients import reply_of
from services.dispatch.console.session import allowed
from services.dispatch.rules.reply_lists import ReplyList
from shared.auth.permissions import Permission
from shared.auth.tokens import Person
from shared.db import DatabaseHere
from shared.routes import Route

router = APIRouter(prefix="/replies", route_class=Route)

Reader = Annotated[Person, allowed(Permission.BOARD_SEE)]


@router.get("")
async def replies_page(
    request: Request,
    person: Reader,
    database: DatabaseHere,
    filters: Annotated[ReplyFilters, Depends()],
    which: Annotated[ReplyList, Query(alias="list")] = ReplyList.QUEUED,
    after: datetime | None = None,
    after_id: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """`after` and `after_id`: the last line of the page before."""
    position = Position(after, after_id) if after and after.tzinfo else None
    async with database.reading() as session:
        counts = await count_replies(session, person.county, filters)
        found = await read_replies(session, person.county, which, filters, position)
        towns = await read_towns(session, person.county)
        crews = await read_crew_names(session, person.county)
    platforms = await health_of(request).read(request, person.county)
    return page(
        request,
        "replies.html",
        which=which.value,
        counts={each.value: counts[each] for each in ReplyList},
        most=MOST_COUNTED,
        found=found,
        continued=position is not None,
        filters=filters,
        platforms=platforms,
        towns=towns,
        crews=crews,
    )


@router.get("/call-sheet")
async def call_sheet(
    request: Request,
    person: Annotated[Person, allowed(Permission.REPLY_WRITE)],
    database: DatabaseHere,
    filters: Annotated[ReplyFilters, Depends()],
    after: datetime | None = None,
    after_id: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """Whom to phone, with the words to say; who they are is revealed one by one, and recorded."""
    position = Position(after, after_id) if after and after.tzinfo else None
    async with database.reading() as session:
        found = await read_replies(session, person.county, ReplyList.BY_HAND, filters, position)
        counts = await count_replies(session, person.county, filters)
        extensions = await read_to_tell(session, person.county)
    texts: Any = []
    if found.lines:
        ids = [line.complaint_id for line in found.lines]
        body = {"complaint_ids": ids, "state": "approved"}
        texts = await reply_of(request).search(request, "/replies/drafts", body)
    return page(
        request,
        "call_sheet.html",
        found=found,
        total=counts[ReplyList.BY_HAND] + len(extensions),
        extensions=extensions,
        filters=filters,
        texts=None if texts is None else {each["complaint_id"]: each["text"] for each in texts},
    )


@router.get("/outages")
async def outages_part(request: Request, person: Annotated[Person, allowed()]) -> Response:
    """The banner of every page: platforms, and ways of telling staff, that have not answered for
    too long; and how many messages to staff did not arrive, for whoever sees those."""
    health = health_of(request)
    platforms = await health.read(request, person.county)
    ways, failed = await _ways(request, person)
    now = request.app.state.database.clock.now()
    return part(
        request,
        "_outages.html",
        reply_unavailable=platforms is None,
        outages=health.outages((*(platforms or ()), *ways), now),
        failed=failed,
    )


async def _ways(request: Request, person: Person) -> tuple[Sequence[Platform], int]:
    """How each way answers, and how many messages need somebody's decision."""
    configured = tuple(request.app.state.policy.ways)
    if not configured:
        return (), 0
    sees_messages = person.may(Permission.MESSAGES_SEE)
    async with request.app.state.database.reading() as session:
        ways = await read_ways(session, person.county, configured)
        failed = await count_failed(session, person.county) if sees_messages else 0
    return ways, failed


def health_of(request: Request) -> PlatformHealth:
    health = request.app.state.platform_health
    assert isinstance(health, PlatformHealth)
    return health
