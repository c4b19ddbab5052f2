"""The simulators in this process, and an intake that keeps what is pushed to it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from shared.clock import ManualClock
from shared.platform_kit.request_signing import SignedRequests
from waterdesk.simulators.app import build_app
from waterdesk.simulators.settings import SimulatorSettings
from waterdesk.simulators.simulators import Simulators

SETTINGS = SimulatorSettings(
    push_to="http://intake.test",
    hotline_retry_after=(timedelta(seconds=5), timedelta(seconds=30)),
)


@dataclass
class Intake:
    """Receives pushes; answers the queued answers first, then what a good receiver answers."""

    received: list[tuple[Request, bytes]] = field(default_factory=list)
    answers: list[Response] = field(default_factory=list)

    async def receive(self, request: Request) -> Response:
        self.received.append((request, await request.body()))
        if self.answers:
            return self.answers.pop(0)
        if "12345" in request.url.path:
            return Response('{"code":0}', media_type="application/json")
        return Response(request.query_params.get("echostr", "success"))

    @property
    def bodies(self) -> list[bytes]:
        return [body for _, body in self.received]


@pytest.fixture
def intake() -> Intake:
    return Intake()


@pytest.fixture
async def app(intake: Intake, clock: ManualClock) -> AsyncIterator[FastAPI]:
    receiver = FastAPI()
    receiver.add_route("/platforms/12345/webhook", intake.receive, methods=["POST"])
    receiver.add_route("/platforms/wechat/callback", intake.receive, methods=["GET", "POST"])
    app = build_app(SETTINGS, clock, httpx.ASGITransport(receiver))
    yield app
    await app.state.simulators.close()


@pytest.fixture
def simulators(app: FastAPI) -> Simulators:
    found = app.state.simulators
    assert isinstance(found, Simulators)
    return found


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(base_url="http://simulators.test", transport=transport) as client:
        yield client


@pytest.fixture
def signed(clock: ManualClock) -> SignedRequests:
    return SignedRequests(SETTINGS.hotline_app_id, SETTINGS.hotline_secret, clock.now)
