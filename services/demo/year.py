"""A year of the demo county in a minute: the real services on a clock that jumps.

Everything goes the way it goes in real time, over the platforms' wire and the bus; only the waiting
is left out. How far the year has come is kept beside the data, so that it can be killed at any
moment and goes on where it stopped: whatever was done already is recognised.
"""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from services.demo.pumping import Pump
from services.demo.staff import Staff
from services.demo.world import World
from services.simulators.feeding import feed
from services.simulators.said import Said
from shared.clock import ManualClock

_LEFT_RUNNING = timedelta(hours=6)
"""What happens this long before the year's end is left as it is: a desk at work."""
_TAKEN_WITHIN = timedelta(minutes=20)
"""How long after it was said a complaint has been taken, linked and given to a crew."""
_HEARD_WITHIN = timedelta(hours=6)
"""How long after somebody's step the other services have heard of it. In the real thing these are
seconds; here several steps are heard at once, and each counts from its own time all the same."""
_PATIENCE = 3
"""How often somebody tries the same again."""
_ONCE_IS_ENOUGH: tuple[str, ...] = ("load_county", "recount")
"""Turns for what does not change within the year."""
_ONLY_AFTER_WORDS = ("intake: pull 12345", "intake: read board", "intake: reread board")
"""Turns that ask the platforms: they have something only after somebody has spoken."""


class NothingChangesError(Exception):
    """Somebody would do the same for ever: it was refused, or did not do what it should."""


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

    `said` stands in order of time. `on_moment` is told how far it has come.
    """
    clock = world.clock
    assert isinstance(clock, ManualClock)
    await pump.catch_up()
    lived_until = progress.load()
    waiting = [one for one in said if lived_until is None or one.at > lived_until]
    waiting.reverse()  # the next one stands last
    settle_at: datetime | None = clock.now()
    idle = _ONCE_IS_ENOUGH
    done: Counter[str] = Counter()
    unheard: set[str] = set()
    while True:
        act = next((act for act in await staff.to_do() if act.what not in unheard), None)
        moments = [waiting[-1].at] if waiting else []
        if act and act.at <= until - _LEFT_RUNNING:
            moments.append(act.at)
        if settle_at:
            moments.append(settle_at)
        if not moments or min(moments) > until:
            break
        clock.move_to(min(moments))
        now = clock.now()
        if waiting and waiting[-1].at <= now:
            await feed(world.said_to, waiting.pop())
            settle_at = _sooner(settle_at, now + _TAKEN_WITHIN)
            idle = _ONCE_IS_ENOUGH
        elif act and act.at <= now:
            done[act.what] += 1
            if done[act.what] > _PATIENCE:
                raise NothingChangesError(act.what)
            unheard.add(act.what)
            await act.do()
            settle_at = _sooner(settle_at, now + _HEARD_WITHIN)
        else:
            await pump.round(without=idle)
            settle_at, idle = None, (*_ONCE_IS_ENOUGH, *_ONLY_AFTER_WORDS)
            unheard.clear()
            progress.save(now)
            if on_moment:
                on_moment(now)
    clock.move_to(until)
    await pump.settle()
    progress.save(until)


def _sooner(one: datetime | None, other: datetime) -> datetime:
    return min(one, other) if one else other
