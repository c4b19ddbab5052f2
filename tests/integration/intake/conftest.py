"""Intake with its own database, wired to the simulators of the platforms in both directions."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import httpx
import pytest

from services.intake.context import Context
from services.intake.gazetteer import load_gazetteer
from services.intake.keyed_hashes import KeyedHashes
from services.intake.service import build
from services.intake.settings import IntakeSettings
from shared.auth.permissions import Role
from shared.auth.tokens import Person, issue_token
from shared.bus.embedded import EmbeddedBus
from shared.clock import ManualClock
from shared.db import Database
from shared.privacy.vault import Vault, new_key
from shared.service import Service
from tests.integration.intake.deliveries import COUNTY
from waterdesk.simulators.app import build_app
from waterdesk.simulators.settings import SimulatorSettings
from waterdesk.simulators.simulators import Simulators

SECRET = "a secret of the tests, long enough"


@pytest.fixture(scope="session")
def context() -> Context:
    return Context(load_gazetteer(), Vault([new_key()]), KeyedHashes(SECRET))


@pytest.fixture
async def database(new_database: Callable[[str], Awaitable[Database]]) -> Database:
    return await new_database("intake")


class Doorway(httpx.AsyncBaseTransport):
    """Reaches an application that is built later. `answers_lost`: so many of its next answers do
    not arrive, although what was asked is done."""

    def __init__(self) -> None:
        self.to: httpx.ASGITransport | None = None
        self.answers_lost = 0
        self.seen: Callable[[httpx.Request], None] = lambda _: None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        assert self.to is not None
        self.seen(request)
        response = await self.to.handle_async_request(request)
        if self.answers_lost:
            self.answers_lost -= 1
            raise httpx.ReadTimeout("the answer was lost", request=request)
        return response


@dataclass
class Intake:
    """The service under test, and the world around it."""

    service: Service
    simulators: Simulators
    doorway: Doorway
    clock: ManualClock
    client: httpx.AsyncClient = field(init=False)

    def __post_init__(self) -> None:
        transport = httpx.ASGITransport(self.service.app)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://intake")

    def signed_in(
        self, role: Role = Role.DISPATCHER, county: str = COUNTY, opens: str = ""
    ) -> dict[str, str]:
        """The header of someone who asks; `opens`: the complaint that a crew's token lists."""
        person = Person(f"{role}-1", role, county).opening(*filter(None, [opens]))
        token = issue_token(person, SECRET, self.clock.now(), audience="service")
        return {"authorization": f"Bearer {token}"}

    async def run(self, name: str) -> int:
        """The periodic task of this name, once."""
        (task,) = (task for task in self.service.tasks if task.name == name)
        return await task.once()

    async def drain(self, name: str) -> int:
        """The periodic task of this name, until it finds nothing new; how much it found."""
        found = 0
        for _ in range(50):
            new = await self.run(name)
            if not new:
                return found
            found += new
        raise AssertionError(f"{name} never comes to rest")


@pytest.fixture
def platforms() -> SimulatorSettings:
    return SimulatorSettings(push_to="http://intake")


@pytest.fixture
async def intake(
    database: Database, clock: ManualClock, platforms: SimulatorSettings
) -> AsyncIterator[Intake]:
    doorway = Doorway()
    simulated = build_app(platforms, clock, doorway)
    settings = IntakeSettings(
        county=COUNTY,
        hotline_url="http://simulated/12345",
        hotline_app_id=platforms.hotline_app_id,
        hotline_secret=platforms.hotline_secret,
        board_url="http://simulated/board",
        board_app_code=platforms.board_app_code,
        board_forum_id=platforms.board_fid,
        wechat_app_id=platforms.wechat_app_id,
        wechat_token=platforms.wechat_token,
        wechat_aes_key=platforms.wechat_aes_key if platforms.wechat_safe_mode else None,
    )
    service = build(
        settings,
        database,
        EmbeddedBus("postgresql://nowhere"),
        secret=SECRET,
        vault=Vault([new_key()]),
        transport=httpx.ASGITransport(simulated),
    )
    doorway.to = httpx.ASGITransport(service.app)
    made = Intake(service, simulated.state.simulators, doorway, clock)
    yield made
    await made.client.aclose()
    for close in service.closing:
        await close()
    await made.simulators.close()
