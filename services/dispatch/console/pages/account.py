"""One's own account: the password, and by which ways one wants to be told."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from services.dispatch.console import accounts
from services.dispatch.console.accounts import PasswordTooSimple, WrongNameOrPassword
from services.dispatch.console.language import both
from services.dispatch.console.pages.sign_in import REFUSED, as_problem, credentials
from services.dispatch.console.passwords import LONGEST, SHORTEST
from services.dispatch.console.rendering import go_to, page
from services.dispatch.console.session import ACCOUNT_PAGE, allowed, remember
from services.dispatch.models import Staff
from shared.auth.tokens import Person
from shared.db import DatabaseHere
from shared.problems import Problem
from shared.routes import Route

router = APIRouter(prefix=ACCOUNT_PAGE, route_class=Route)

Self = Annotated[Person, allowed()]
Password = Annotated[str, Form(max_length=LONGEST)]


@router.get("")
async def account_page(request: Request, person: Self, database: DatabaseHere) -> Response:
    async with database.reading() as session:
        staff = await session.get_one(Staff, person.name)
    return page(
        request,
        "account.html",
        shortest=SHORTEST,
        ways=sorted(request.app.state.policy.ways),
        declined=staff.declined_ways,
    )


@router.post("/ways")
async def choose_ways(
    request: Request,
    person: Self,
    database: DatabaseHere,
    ways: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Ways that are left out tell them nothing any more; the console always does."""
    async with database.work() as (session, _):
        staff = await session.get_one(Staff, person.name)
        staff.choose_ways(ways or ())
    return go_to(request, f"{ACCOUNT_PAGE}?done=ways_saved")


@router.post("")
async def change(
    request: Request,
    person: Self,
    database: DatabaseHere,
    password: Password = "",
    new_password: Password = "",
    new_password_again: Password = "",
) -> Response:
    """Every other browser they are signed in on is signed out."""
    if new_password != new_password_again:
        raise Problem(422, "passwords_differ", both("password.differ"))
    try:
        started = await accounts.change_password(
            database, credentials(request, person.name, password), new_password
        )
    except PasswordTooSimple:
        text = both("password.too_simple", shortest=SHORTEST)
        raise Problem(422, "password_too_simple", text) from None
    except WrongNameOrPassword:
        raise Problem(422, "wrong_password", both("password.wrong")) from None
    except REFUSED as error:
        raise as_problem(error) from None
    response = go_to(request, "/?done=password_changed")
    remember(request, response, started)
    return response
