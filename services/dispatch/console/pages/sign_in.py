"""In and out."""

from math import ceil
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response

from services.dispatch.console.accounts import (
    Throttle,
    TooManyFailures,
    WrongNameOrPassword,
    check_password,
)
from services.dispatch.console.rendering import go_to, page, words_of
from services.dispatch.console.session import forget, remember
from shared.auth.permissions import Permission
from shared.db import Database, database_of
from shared.routes import Route

router = APIRouter(route_class=Route)


@router.get("/sign-in")
async def sign_in_page(request: Request) -> Response:
    return page(
        request, "sign_in.html", name="", problem="", next=_inside(request.query_params.get("next"))
    )


@router.post("/sign-in")
async def sign_in(
    request: Request,
    database: Annotated[Database, Depends(database_of)],
    name: Annotated[str, Form(max_length=100)] = "",
    password: Annotated[str, Form(max_length=500)] = "",
    next: Annotated[str, Form()] = "/",  # noqa: A002 - the address's own word
) -> Response:
    throttle: Throttle = request.app.state.throttle
    t = words_of(request)
    try:
        async with database.reading() as session:
            now = database.clock.now()
            person = await check_password(session, throttle, name.strip(), password, now)
    except WrongNameOrPassword:
        problem, status = t("sign_in.wrong"), 401
    except TooManyFailures as error:
        minutes = ceil(error.wait.total_seconds() / 60)
        problem, status = t("sign_in.wait", minutes=minutes), 429
    else:
        onward = _inside(next)
        if onward == "/" and not person.may(Permission.BOARD_SEE):
            onward = "/crew"
        response = go_to(request, onward)
        remember(request, response, person)
        return response
    return page(
        request,
        "sign_in.html",
        status=status,
        name=name,
        problem=problem,
        next=_inside(next),
    )


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    response = go_to(request, "/sign-in")
    forget(response)
    return response


def _inside(address: str | None) -> str:
    """Only a path of our own: whoever wrote the link does not choose where people end up."""
    if not address or not address.startswith("/") or address[1:2] in ("/", "\\"):
        return "/"
    return address if address.isprintable() else "/"
