"""The console on a service's app: one line where dispatch is put together."""

from collections.abc import Awaitable, Callable

import httpx
from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from services.dispatch.console.accounts import Throttle
from services.dispatch.console.clients import Colleague
from services.dispatch.console.errors import answer_with_pages
from services.dispatch.console.pages import board, sign_in
from services.dispatch.console.rendering import STATIC
from services.dispatch.console.security import SameOriginOnly, SecurityHeaders
from shared.settings import CommonSettings


def add_console(
    app: FastAPI,
    settings: CommonSettings,
    *,
    intake: httpx.AsyncBaseTransport | None = None,
    reply: httpx.AsyncBaseTransport | None = None,
) -> Callable[[], Awaitable[None]]:
    """Mount the console at the root of `app`, after the routes it has; what to call at the end.

    `app.state.database` and `app.state.secret` are set before. `intake` and `reply`: how they are
    reached, where that is not by TCP (tests).
    """
    console = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    console.state.database = app.state.database
    console.state.secret = app.state.secret
    console.state.throttle = Throttle()
    console.state.intake = Colleague("intake", settings.intake_url, app.state.secret, intake)
    console.state.reply = Colleague("reply", settings.reply_url, app.state.secret, reply)
    console.add_middleware(SameOriginOnly)
    console.add_middleware(SecurityHeaders)
    answer_with_pages(console)
    for pages in (sign_in, board):
        console.include_router(pages.router)
    console.mount("/static", StaticFiles(directory=STATIC))
    app.mount("/", console)

    async def close() -> None:
        await console.state.intake.close()
        await console.state.reply.close()

    return close
