"""The console as a browser meets it, on a real migrated database; intake and reply stand-ins."""

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from fastapi import FastAPI

from services.dispatch.console import composition
from services.dispatch.settings import DispatchSettings
from shared.bus.consumer import Consumer
from shared.bus.embedded import EmbeddedBus
from shared.bus.topics import COMPLAINTS
from shared.clock import ManualClock
from shared.db import Database
from shared.web import service_app
from tests.integration.console.county import PASSWORD, fill_the_board
from tests.integration.console.stand_ins import Recorded, intake_stand_in, reply_stand_in

SECRET = "a secret of the tests, long enough"
ORIGIN = "http://desk.test"


@pytest.fixture
async def database(
    new_database: Callable[[str], Awaitable[Database]], clock: ManualClock
) -> Database:
    """A county with a busy morning behind it."""
    database = await new_database("dispatch")
    await fill_the_board(database, clock.now())
    return database


class Reachable(httpx.AsyncBaseTransport):
    """A service's transport that a test can cut."""

    def __init__(self, app: FastAPI) -> None:
        self._transport = httpx.ASGITransport(app)
        self.unavailable = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.unavailable:
            raise httpx.ConnectError("away", request=request)
        return await self._transport.handle_async_request(request)


@pytest.fixture
def recorded() -> Recorded:
    """What intake and reply are asked."""
    return Recorded()


@pytest.fixture
def intake(recorded: Recorded) -> Reachable:
    return Reachable(intake_stand_in(recorded))


@pytest.fixture
def reply(recorded: Recorded) -> Reachable:
    return Reachable(reply_stand_in(recorded))


AddConsole = Callable[..., FastAPI]


@pytest.fixture
async def add_console(
    database: Database, intake: Reachable, reply: Reachable
) -> AsyncIterator[AddConsole]:
    """`add_console(settings, database)`: a console of its own."""
    closing: list[Callable[[], Awaitable[None]]] = []

    def add(settings: DispatchSettings, database: Database = database) -> FastAPI:
        bus = EmbeddedBus("postgresql:///none")  # nothing here publishes or consumes
        app = service_app("dispatch", database, SECRET)
        app.state.consumer = Consumer("dispatch", database, bus, (COMPLAINTS,), {})
        closing.append(composition.add_console(app, settings, intake=intake, reply=reply))
        return app

    yield add
    for close in closing:
        await close()


@pytest.fixture
def app(add_console: AddConsole) -> FastAPI:
    return add_console(DispatchSettings())


Browser = Callable[[], httpx.AsyncClient]
SignedIn = Callable[[str], Awaitable[httpx.AsyncClient]]


@pytest.fixture
async def browser(app: FastAPI) -> AsyncIterator[Browser]:
    """`browser()`: one with no cookies yet; its own pages' forms say where they come from."""
    opened: list[httpx.AsyncClient] = []

    def open_one() -> httpx.AsyncClient:
        opened.append(
            httpx.AsyncClient(
                transport=httpx.ASGITransport(app),
                base_url=ORIGIN,
                headers={"Origin": ORIGIN, "Accept-Language": "zh-CN"},
            )
        )
        return opened[-1]

    yield open_one
    for client in opened:
        await client.aclose()


@pytest.fixture
async def signed_in(browser: Browser) -> SignedIn:
    async def sign_in(name: str) -> httpx.AsyncClient:
        client = browser()
        answer = await client.post("/sign-in", data={"name": name, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        return client

    return sign_in
