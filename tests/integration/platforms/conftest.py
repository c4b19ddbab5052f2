"""The simulators in this process, with a clock that tests move."""

from collections.abc import AsyncIterator

import httpx
import pytest

from shared.clock import ManualClock
from waterdesk.simulators.app import build_app
from waterdesk.simulators.settings import SimulatorSettings
from waterdesk.simulators.simulators import Simulators


@pytest.fixture
def ours() -> SimulatorSettings:
    return SimulatorSettings()


@pytest.fixture
async def platforms(
    clock: ManualClock, ours: SimulatorSettings
) -> AsyncIterator[tuple[Simulators, httpx.ASGITransport]]:
    """The simulators, and the transport that reaches them by any host name."""
    app = build_app(ours, clock)
    yield app.state.simulators, httpx.ASGITransport(app)
    await app.state.simulators.close()
