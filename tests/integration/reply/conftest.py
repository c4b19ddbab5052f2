"""Reply on a real database: its handlers, its sender, and its HTTP API."""

from collections.abc import AsyncIterator, Mapping

import httpx
import pytest
from tenacity import wait_none

from services.reply.service import build
from shared.auth.permissions import Role
from shared.auth.tokens import Person, issue_token
from shared.bus.embedded import EmbeddedBus
from shared.clock import ManualClock
from shared.service import Service
from tests.integration.reply.events import COUNTY
from tests.integration.reply.harness import Harness, NewDatabase, config_with
from tests.integration.reply.postbox import SECRET, Postbox, open_postbox, settings


@pytest.fixture
async def harness(new_database: NewDatabase, clock: ManualClock) -> Harness:
    return Harness(await new_database("reply"), clock, config_with(clock))


@pytest.fixture
async def postbox(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Postbox]:
    """Its channels do not wait between two tries of one read."""
    monkeypatch.setattr("shared.http.wait_random_exponential", lambda **_: wait_none())
    opened = open_postbox(harness)
    yield opened
    await opened.close()


@pytest.fixture
async def service(harness: Harness, postbox: Postbox) -> AsyncIterator[Service]:
    bus = EmbeddedBus("postgresql:///none")  # nothing here speaks or listens
    built = build(settings(), harness.database, bus, secret=SECRET, transport=postbox.transport)
    yield built
    for close in built.closing:
        await close()


class Caller:
    def __init__(self, service: Service, harness: Harness) -> None:
        self._desk = harness
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=service.app), base_url="http://reply"
        )

    async def __call__(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        *,
        role: Role = Role.REVIEWER,
        name: str = "li",
        county: str = COUNTY,
        language: str = "zh",
    ) -> httpx.Response:
        person = Person(name, role, county)
        token = issue_token(person, SECRET, self._desk.clock.now(), audience="service")
        return await self._client.request(
            method,
            path,
            json=body,
            headers={"Authorization": f"Bearer {token}", "Accept-Language": language},
        )


@pytest.fixture
def call(service: Service, harness: Harness) -> Caller:
    return Caller(service, harness)
