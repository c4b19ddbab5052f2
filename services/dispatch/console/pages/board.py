"""The live board."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from services.dispatch.console.queries.board import Board, read_board
from services.dispatch.console.queries.filters import Filters
from services.dispatch.console.rendering import go_to, live_part, live_tag, page
from services.dispatch.console.session import allowed, signed_in
from shared.auth.permissions import Permission
from shared.auth.tokens import Person
from shared.db import Database
from shared.routes import Route

router = APIRouter(route_class=Route)


async def _read(request: Request, person: Person, filters: Filters) -> Board:
    database: Database = request.app.state.database
    async with database.reading() as session:
        return await read_board(
            session,
            person.county,
            filters,
            database.clock.now(),
            with_parked=person.may(Permission.PARKED_DECIDE),
        )


@router.get("/")
async def board(request: Request, filters: Annotated[Filters, Depends()]) -> Response:
    person = await signed_in(request)
    if not person.may(Permission.BOARD_SEE):
        return go_to(request, "/crew")
    view = await _read(request, person, filters)
    return page(request, "board.html", view=view, filters=filters, tag=live_tag(request, view))


@router.get("/board")
async def board_part(
    request: Request,
    person: Annotated[Person, allowed(Permission.BOARD_SEE)],
    filters: Annotated[Filters, Depends()],
) -> Response:
    """What the board asks for every few seconds."""
    view = await _read(request, person, filters)
    return live_part(request, "_board.html", view, filters=filters)
