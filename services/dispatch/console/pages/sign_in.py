"""Signing in and out."""

from math import ceil
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from services.dispatch.console import accounts
from services.dispatch.console.accounts import Credentials, WrongNameOrPassword
from services.dispatch.console.language import both
from services.dispatch.console.passwords import LONGEST, TooManySignIns
from services.dispatch.console.rendering import go_to, page, words_of
from services.dispatch.console.session import forget, known_device, remember, sign_in_id_of
from services.dispatch.console.throttle import TooManyFailures
from shared.auth.permissions import Permission
from shared.db import DatabaseHere
from shared.problems import Problem
from shared.routes import Route

router = APIRouter(route_class=Route)


REFUSED = (WrongNameOrPassword, TooManyFailures, TooManySignIns)


@router.get("/sign-in")
async def sign_in_page(request: Request) -> Response:
    return page(
        request, "sign_in.html", name="", problem="", next=_inside(request.query_params.get("next"))
    )


@router.post("/sign-in")
async def sign_in(
    request: Request,
    database: DatabaseHere,
    name: Annotated[str, Form(max_length=100)] = "",
    password: Annotated[str, Form(max_length=LONGEST)] = "",
    next: Annotated[str, Form()] = "/",  # noqa: A002 - the address's own word
) -> Response:
    try:
        started, person = await accounts.sign_in(
            database, credentials(request, name.strip(), password)
        )
    except REFUSED as error:
        problem = as_problem(error)
        return page(
            request,
            "sign_in.html",
            status=problem.status,
            headers=problem.headers,
            name=name,
            problem=problem.text.in_language(words_of(request).language),
            next=_inside(next),
        )
    onward = _inside(next)
    if onward == "/" and not person.may(Permission.BOARD_SEE):
        onward = "/crew"
    response = go_to(request, onward)
    remember(request, response, started)
    return response


@router.post("/sign-out")
async def sign_out(request: Request, database: DatabaseHere) -> Response:
    if sign_in_id := sign_in_id_of(request):
        await accounts.end_sign_in(database, sign_in_id)
    response = go_to(request, "/sign-in")
    forget(response)
    return response


def credentials(request: Request, name: str, password: str) -> Credentials:
    address = request.client.host if request.client else ""
    return Credentials(name, password, address, known_device(request, name))


def as_problem(error: Exception) -> Problem:
    """One of REFUSED, as its answer."""
    if isinstance(error, TooManyFailures):
        seconds = ceil(error.wait.total_seconds())
        text = both("sign_in.wait", minutes=ceil(seconds / 60))
        return Problem(429, "too_many_failures", text, headers={"Retry-After": str(seconds)})
    if isinstance(error, TooManySignIns):
        text, headers = both("sign_in.busy"), {"Retry-After": "5"}
        return Problem(503, "too_many_sign_ins", text, headers=headers)
    return Problem(401, "wrong_name_or_password", both("sign_in.wrong"))


def _inside(address: str | None) -> str:
    """Only a path of our own: whoever wrote the link does not choose where people end up."""
    if not address or not address.startswith("/") or address[1:2] in ("/", "\\"):
        return "/"
    return address if address.isprintable() else "/"
