"""The demo as a whole: history once, then everything live, until it is told to stop."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from shared.bus.protocol import Bus
from shared.bus.tables import outbox
from shared.clock import ManualClock, SystemClock
from waterdesk import composition
from waterdesk.demo.county import demo_villages, load_demo_county
from waterdesk.demo.live import residents_speak, staff_works
from waterdesk.demo.pumping import pump
from waterdesk.demo.staff import Staff
from waterdesk.demo.world import World, open_world
from waterdesk.demo.year import Progress, live_through
from waterdesk.installation import Installation
from waterdesk.runner import run_service, serve_http
from waterdesk.simulators.county_year import YEAR, county_year
from waterdesk.simulators.said import Said

COMPLAINTS_A_YEAR = 280
"""Of the 401 that the model county handled in 2024: nobody waits long for a first look."""
_SEED = 610122
_LONGEST_REST_SECONDS = 30
_CALM_LOOKS = 15
"""Looks in a row, a tenth of a second apart, that find nothing under way."""


class DemoState:
    """What the demo must remember to be the same demo after a restart. `now` and `complaints` (in
    the year before) count only where it is a new one."""

    def __init__(self, home: Path, now: datetime, complaints: int = COMPLAINTS_A_YEAR) -> None:
        self._path = home / "demo.json"
        kept: dict[str, Any] = (
            json.loads(self._path.read_text())
            if self._path.exists()
            else {"year_end": now.isoformat(), "complaints": complaints, "passwords": {}}
        )
        self.year_end = datetime.fromisoformat(kept["year_end"])
        self.complaints: int = kept["complaints"]
        self.passwords: dict[str, str] = kept["passwords"]
        """Of the demo's accounts: made on the first start, never the same twice."""
        self._keep()

    def add_passwords(self, made: dict[str, str]) -> None:
        if made:
            self.passwords |= made
            self._keep()

    def _keep(self) -> None:
        half_made = self._path.with_suffix(".new")
        descriptor = os.open(half_made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(
                {
                    "year_end": self.year_end.isoformat(),
                    "complaints": self.complaints,
                    "passwords": self.passwords,
                },
                file,
            )
        half_made.rename(self._path)


FOR_HISTORY: Mapping[str, str] = {"fsync": "off"}
"""PostgreSQL's settings while the year is made: its thousands of commits do not wait for the disk.
Killed at any moment it loses nothing all the same; only a power cut may spoil it. `os.sync()` when
the year is made, before it runs without them."""


def history_is_made(home: Path) -> bool:
    reached = _progress(home).load()
    return (
        reached is not None and reached.lived_until >= DemoState(home, datetime.now(UTC)).year_end
    )


def _progress(home: Path) -> Progress:
    return Progress(home / "demo-year.json")


def said_in_the_year(state: DemoState) -> list[Said]:
    return county_year(_SEED, state.year_end, state.complaints, villages=demo_villages())


async def make_history(
    installation: Installation,
    bus: Bus,
    state: DemoState,
    on_moment: Callable[[datetime], None] | None = None,
    before: Callable[[World], None] | None = None,
) -> None:
    """Let the year before `state.year_end` happen, or the rest of it. Nothing where it has.

    `before` is shown the world before anything happens in it: tests let it go wrong.
    """
    if history_is_made(installation.settings.home):
        return
    progress = _progress(installation.settings.home)
    reached = progress.load()
    clock = ManualClock(reached.clock if reached else state.year_end - YEAR)
    said = said_in_the_year(state)
    truth = {(one.platform.value, one.number): one for one in said}
    async with open_world(installation, bus, clock, in_process=True) as world:
        if before:
            before(world)
        dispatch = world.services["dispatch"].database
        state.add_passwords(await load_demo_county(dispatch, state.passwords))
        services = list(world.services.values())
        async with pump(services, bus, world.simulators.deliver_pushes) as pumped:
            staff = Staff(world, truth)
            await live_through(
                world, pumped, staff, said, state.year_end, progress, on_moment=on_moment
            )


class Show:
    """The demo while it runs."""

    def __init__(self, world: World, quiet: asyncio.Event) -> None:
        self._world = world
        self._quiet = quiet

    async def come_to_rest(self) -> None:
        """Nobody says or does anything more; returns when the services have caught up."""
        self._quiet.set()
        calm = 0
        for _ in range(_LONGEST_REST_SECONDS * 10):
            calm = calm + 1 if await self._is_calm() else 0
            if calm >= _CALM_LOOKS:
                return
            await asyncio.sleep(0.1)

    async def _is_calm(self) -> bool:
        """Everything said has been taken, and nothing is on its way between services."""
        for service in self._world.services.values():
            async with service.database.reading() as session:
                if await session.scalar(select(func.count()).select_from(outbox)):
                    return False
        return True


@asynccontextmanager
async def live(
    installation: Installation, bus: Bus, state: DemoState, rate: float, stopping: asyncio.Event
) -> AsyncIterator[Show]:
    """Everything runs while inside; leaving it stops all of it."""
    truth = {(one.platform.value, one.number): one for one in said_in_the_year(state)}
    quiet = asyncio.Event()
    async with (
        open_world(installation, bus, SystemClock(), in_process=False) as world,
        asyncio.TaskGroup() as tasks,
    ):
        host = installation.settings.host
        port = installation.settings.simulators_port
        tasks.create_task(serve_http(world.simulators_app, host, port, stopping))
        for name, service in world.services.items():
            port = composition.port_of(name, installation)
            tasks.create_task(run_service(service, bus, host, port, stopping))
        tasks.create_task(residents_speak(world, demo_villages(), rate, truth, quiet))
        tasks.create_task(staff_works(Staff(world, truth, haste=0.15), world, quiet))
        try:
            yield Show(world, quiet)
        finally:
            quiet.set()
            stopping.set()
