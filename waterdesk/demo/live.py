"""The live demo: everything served in real time, with residents and staff simulated."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from random import Random

import httpx
import structlog
from sqlalchemy import func, select

from shared.bus.backoff import wait_for
from shared.bus.protocol import Bus
from shared.bus.tables import outbox_unsent
from shared.bus.transient_errors import is_transient
from shared.clock import SystemClock
from waterdesk import composition
from waterdesk.bus_upkeep import BusUpkeep
from waterdesk.demo.composition import DemoComposition, compose_demo
from waterdesk.demo.county import demo_villages
from waterdesk.demo.simulated_staff import SimulatedStaff
from waterdesk.demo.state import DemoState
from waterdesk.installation import Installation
from waterdesk.runner import run_service, serve_http
from waterdesk.simulators.county_year import live_stream
from waterdesk.simulators.planned_submissions import Village
from waterdesk.simulators.submissions import Submission
from waterdesk.simulators.submit import submit

log = structlog.get_logger(__name__)

_STAFF_EVERY_SECONDS = 1.0
_STARTS_EARLIER = timedelta(minutes=10)
_SUBMITTED_AT_START = 6
"""The stream starts so much earlier that about this many submissions are there when the console
opens, but at most `_STARTS_EARLIER`."""
_STAFF_SPEED = 0.15
"""Live staff take this share of the history's durations."""
LEFT_TO_VISITOR = 0.3
"""Share of actions that the simulated staff leave to whoever tries the console."""
_IDLE_WITHIN_SECONDS = 30
_IDLE_CHECKS = 15
"""Consecutive checks, a tenth of a second apart, that must find nothing in progress."""


@dataclass(frozen=True, slots=True)
class LiveDemo:
    """The running demo."""

    _demo: DemoComposition
    _residents_and_staff_stop: asyncio.Event

    async def run_until_idle(self) -> None:
        """Stop residents and staff; return when the services have caught up."""
        self._residents_and_staff_stop.set()
        idle = 0
        for _ in range(_IDLE_WITHIN_SECONDS * 10):
            idle = idle + 1 if await self._is_idle() else 0
            if idle >= _IDLE_CHECKS:
                return
            await asyncio.sleep(0.1)

    async def _is_idle(self) -> bool:
        """Nothing is on its way between services."""
        for service in self._demo.services.values():
            async with service.database.reading() as session:
                if await session.scalar(select(func.count()).select_from(outbox_unsent)):
                    return False
        return True


@asynccontextmanager
async def run_live(
    installation: Installation, bus: Bus, state: DemoState, rate: float, stopping: asyncio.Event
) -> AsyncIterator[LiveDemo]:
    """Run everything inside the context and stop it at its end. `rate`: submissions a minute."""
    truth = {(s.platform.value, s.number): s for s in state.submissions_of_the_year()}
    residents_and_staff_stop = asyncio.Event()
    async with (
        compose_demo(installation, bus, SystemClock(), in_process=False) as demo,
        asyncio.TaskGroup() as tasks,
    ):
        host = installation.settings.host
        port = installation.settings.simulators_port
        tasks.create_task(serve_http(demo.simulators_app, host, port, stopping))
        upkeep = BusUpkeep(bus, timedelta(days=installation.settings.retention_days))
        tasks.create_task(upkeep.run(stopping))
        for name, service in demo.services.items():
            port = composition.port_of(name, installation)
            tasks.create_task(run_service(service, upkeep, host, port, stopping))
        tasks.create_task(
            _run_residents(demo, demo_villages(), rate, truth, residents_and_staff_stop)
        )
        staff = SimulatedStaff(demo, truth, speed=_STAFF_SPEED)
        tasks.create_task(_run_staff(staff, demo, residents_and_staff_stop))
        try:
            yield LiveDemo(demo, residents_and_staff_stop)
        finally:
            residents_and_staff_stop.set()
            stopping.set()


async def _run_residents(
    demo: DemoComposition,
    villages: Sequence[Village],
    rate: float,
    truth: dict[tuple[str, str], Submission],
    stopping: asyncio.Event,
) -> None:
    """Submit about `rate` messages a minute at random times. Adds them to `truth`."""
    random = Random()
    start = demo.clock.now() - min(timedelta(minutes=_SUBMITTED_AT_START / rate), _STARTS_EARLIER)
    for submission in live_stream(random.randrange(2**31), rate, start, villages=villages):
        pause = (submission.at - demo.clock.now()).total_seconds()
        if pause > 0 and await wait_for(stopping, pause):
            return
        truth[submission.platform.value, submission.number] = submission
        await submit(demo.simulators_client, submission)


async def _run_staff(staff: SimulatedStaff, demo: DemoComposition, stopping: asyncio.Event) -> None:
    """Do the due actions, except those left to the visitor."""
    while not await wait_for(stopping, _STAFF_EVERY_SECONDS):
        try:
            for action in await staff.next_actions():
                if action.at > demo.clock.now() or stopping.is_set():
                    break
                if Random(action.name).random() >= LEFT_TO_VISITOR:
                    await action.do()
        except Exception as error:
            if not is_transient(error) and not isinstance(error, httpx.HTTPError):
                raise
            if not stopping.is_set():
                log.warning("demo_staff_waits", error=type(error).__name__)
