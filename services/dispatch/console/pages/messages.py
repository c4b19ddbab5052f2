"""What staff were told outside the console: what waits, what failed, and a person's decision."""

from datetime import datetime
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Query, Request, Response

from services.dispatch.console.errors import not_found
from services.dispatch.console.queries.filters import COUNTED
from services.dispatch.console.queries.messages import (
    MessageFilters,
    MessageList,
    count_messages,
    read_messages,
    read_ways,
)
from services.dispatch.console.queries.staff import read_display_names
from services.dispatch.console.rendering import go_to, page
from services.dispatch.console.session import allowed
from services.dispatch.models import StaffMessage
from services.dispatch.rules.staff_messages import MessageState
from shared.auth.permissions import Permission
from shared.auth.tokens import Person
from shared.db import Database, DatabaseHere
from shared.routes import Route

log = structlog.get_logger(__name__)

router = APIRouter(prefix="/messages", route_class=Route)

Reader = Annotated[Person, allowed(Permission.MESSAGES_SEE)]
Listed = Annotated[MessageList, Query(alias="list")]
_ENDED = (MessageState.FAILED, MessageState.GAVE_UP)


@router.get("")
async def messages_page(
    request: Request,
    person: Reader,
    database: DatabaseHere,
    filters: Annotated[MessageFilters, Depends()],
    which: Listed = MessageList.FAILED,
    after: datetime | None = None,
    after_id: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """`after` and `after_id`: the last line of the page before."""
    position = (after, after_id) if after and after.tzinfo else None
    async with database.reading() as session:
        counts = await count_messages(session, person.county, filters)
        found = await read_messages(session, person.county, which, filters, position)
        ways = await read_ways(session, person.county, tuple(request.app.state.policy.ways))
        names = await read_display_names(session, person.county)
    return page(
        request,
        "messages.html",
        which=which.value,
        counts={each.value: counts[each] for each in MessageList},
        most=COUNTED,
        found=found,
        continued=position is not None,
        filters=filters,
        ways=ways,
        names=names,
    )


@router.post("/{message_id}/again")
async def send_again(
    request: Request, message_id: str, person: Reader, database: DatabaseHere
) -> Response:
    """A message that failed is sent again by the same way. One that has gone on is left alone."""
    await _decide(database, person, message_id, again=True)
    return go_to(request, "/messages?list=failed&done=message_again")


@router.post("/{message_id}/told-otherwise")
async def told_otherwise(
    request: Request, message_id: str, person: Reader, database: DatabaseHere
) -> Response:
    """Somebody has told the person: it counts as failed no more."""
    await _decide(database, person, message_id, again=False)
    return go_to(request, "/messages?list=failed&done=message_told_otherwise")


async def _decide(database: Database, person: Person, message_id: str, *, again: bool) -> None:
    async with database.work() as (session, _):
        message = await session.get(StaffMessage, message_id, with_for_update=True)
        if message is None or message.county != person.county:
            raise not_found("message")
        if message.state in _ENDED and again:
            message.try_again(database.clock.now())
        elif message.state in _ENDED:
            message.note_told_otherwise(person.name)
    log.info("staff_message_decided", message_id=message_id, who=person.name, again=again)
