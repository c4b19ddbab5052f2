"""A year of the demo county in a minute: the real services on a clock that jumps.

Everything goes the way it goes in real time, over the platforms' wire and the bus; only the waiting
is left out. How far the year has come is kept beside the data, so that it can be killed at any
moment and goes on where it stopped: whatever was done already is recognised.
"""

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from services.demo.pumping import Pump
from services.demo.staff import Staff
from services.demo.world import World
from services.simulators.feeding import feed
from services.simulators.said import Said
from shared.clock import ManualClock

_LEFT_RUNNING = timedelta(hours=6)
"""What happens this long before the year's end is left as it is: a desk at work."""


class Progress:
    """How far the year has come; survives a kill between any two of its moments."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> datetime | None:
        if not self._path.exists():
            return None
        return datetime.fromisoformat(json.loads(self._path.read_text())["lived_until"])

    def save(self, moment: datetime) -> None:
        half_written = self._path.with_suffix(".new")
        half_written.write_text(json.dumps({"lived_until": moment.isoformat()}))
        half_written.rename(self._path)


async def live_through(
    world: World,
    pump: Pump,
    staff: Staff,
    said: Sequence[Said],
    until: datetime,
    progress: Progress,
    on_moment: Callable[[datetime], None] | None = None,
) -> None:
    """Let everything in `said` be said, and people do their work, up to `until`.

    `said` stands in order of time. `on_moment` is told after each moment that is done.
    """
    clock = world.clock
    assert isinstance(clock, ManualClock)
    lived_until = progress.load()
    waiting = [one for one in said if lived_until is None or one.at > lived_until]
    waiting.reverse()  # the next one stands last
    while True:
        acts = [act for act in await staff.to_do() if act.at <= until - _LEFT_RUNNING]
        moments = [act.at for act in acts[:1]] + [one.at for one in waiting[-1:]]
        moments += await _next_deadline(world)
        if not moments or min(moments) > until:
            break
        moment = max(min(moments), clock.now())
        clock.move_to(moment)
        while waiting and waiting[-1].at <= moment:
            await feed(world.said_to, waiting.pop())
        for act in acts:
            if act.at <= moment:
                await act.do()
        await pump.settle()
        progress.save(moment)
        if on_moment:
            on_moment(moment)
    clock.move_to(until)
    await pump.settle()
    progress.save(until)


async def _next_deadline(world: World) -> list[datetime]:
    """When the sweep has something to do next: at most one moment."""
    async with world.services["reply"].database.reading() as session:
        found = await session.scalar(text("SELECT min(next_at) FROM promise"))
        return [found] if found else []
