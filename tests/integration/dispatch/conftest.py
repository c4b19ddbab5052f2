from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from shared.clock import ManualClock
from shared.db import Database
from tests.integration.dispatch.harness import Dispatch
from tests.integration.dispatch.telling import Telling, settings_for
from waterdesk.demo.in_process_http import InProcessTransport
from waterdesk.simulators.app import build_app
from waterdesk.simulators.settings import SimulatorSettings


@pytest.fixture
async def dispatch(
    new_database: Callable[[str], Awaitable[Database]], clock: ManualClock
) -> Dispatch:
    """With the small county in its tables."""
    made = Dispatch(await new_database("dispatch"), clock)
    await made.loads()
    return made


@pytest.fixture
def simulated() -> SimulatorSettings:
    return SimulatorSettings(
        wecom_members=frozenset({"LiJie", "ZhaoLei"}), press_to="http://dispatch"
    )


@pytest.fixture
async def telling(
    dispatch: Dispatch, clock: ManualClock, simulated: SimulatorSettings, tmp_path: Path
) -> AsyncIterator[Telling]:
    """With WeCom and a provider of text messages, and dispatch's API where WeCom calls it."""
    to_dispatch = InProcessTransport()
    simulators = build_app(simulated, clock, to_dispatch)
    settings = settings_for(simulated, tmp_path)
    made = Telling(dispatch, simulators.state.simulators, httpx.ASGITransport(simulators), settings)
    service = made.service()
    to_dispatch.apps["dispatch"] = service.app
    yield made
    await simulators.state.simulators.close()
    for close in service.closing:
        await close()
