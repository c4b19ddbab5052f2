"""A year of the demo county in a minute: the real services on a clock that jumps.

Everything goes the way it goes in real time, over the platforms' wire and the bus; only the waiting
is left out. How far the year has come is kept beside the data, so that it can be killed at any
moment and goes on where it stopped: whatever was done already is recognised.
"""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
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
_TAKEN_WITHIN = timedelta(minutes=20)
"""How long after it was said a complaint has been taken, linked and given to a crew."""
_HEARD_WITHIN = timedelta(hours=6)
"""How long after somebody's step the other services have heard of it. In the real thing these are
seconds; here several steps are heard at once, and each counts from its own time all the same."""
_A_MOMENT = timedelta(seconds=1)
_PATIENCE = 3
"""How often somebody tries the same again."""
_ONCE_IS_ENOUGH: tuple[str, ...] = ("load_county", "recount")
"""Turns for what does not change within the year."""
_ONLY_AFTER_WORDS = ("intake: pull 12345", "intake: read board", "intake: reread board")
"""Turns that ask the platforms: they have something only after somebody has spoken."""
_ALL_BUT_SENDING = (
    *_ONCE_IS_ENOUGH,
    *_ONLY_AFTER_WORDS,
    *("sweep", "acknowledge", "assign_waiting", "link_waiting"),
)


class NothingChangesError(Exception):
    """Somebody would do the same for ever: it was refused, or did not do what it should."""


@dataclass(frozen=True, slots=True)
class Reached:
    lived_until: datetime
    """All that was said up to here has been taken."""
    clock: datetime
    """What the clock showed last: it must not go back where something happened since."""


class Progress:
    """How far the year has come; survives a kill between any two of its moments."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> Reached | None:
        if not self._path.exists():
            return None
        kept = json.loads(self._path.read_text())
        return Reached(**{name: datetime.fromisoformat(kept[name]) for name in kept})

    def save(self, reached: Reached) -> None:
        half_written = self._path.with_suffix(".new")
        kept = {"lived_until": reached.lived_until, "clock": reached.clock}
        half_written.write_text(json.dumps({name: at.isoformat() for name, at in kept.items()}))
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
    reached = progress.load() or Reached(clock.now(), clock.now())
    waiting = [one for one in said if one.at > reached.lived_until]
    waiting.reverse()  # the next one stands last
    settle_at: datetime | None = clock.now()
    try_at: datetime | None = None
    idle = _ONCE_IS_ENOUGH
    done: Counter[str] = Counter()
    unheard: set[str] = set()
    acts = await staff.to_do()
    while True:
        act = next((act for act in acts if act.what not in unheard), None)
        moments = [waiting[-1].at] if waiting else []
        if act and act.at <= until - _LEFT_RUNNING:
            moments.append(act.at)
        moments += [at for at in (settle_at, try_at) if at]
        if not moments or min(moments) > until:
            break
        clock.move_to(min(moments))
        now = clock.now()
        reached = replace(reached, clock=now)
        progress.save(reached)
        if waiting and waiting[-1].at <= now:
            await feed(world.said_to, waiting.pop())
            settle_at = _sooner(settle_at, now + _TAKEN_WITHIN)
            idle = _ONCE_IS_ENOUGH
            continue  # the platforms have it: nobody here has anything more to do yet
        if act and act.at <= now:
            done[act.what] += 1
            if done[act.what] > _PATIENCE:
                raise NothingChangesError(act.what)
            unheard.add(act.what)
            await act.do()
            settle_at = _sooner(settle_at, now + _HEARD_WITHIN)
        elif settle_at and settle_at <= now:
            await pump.round(without=idle)
            settle_at, idle = None, (*_ONCE_IS_ENOUGH, *_ONLY_AFTER_WORDS)
            try_at = await _next_try(world)
            unheard.clear()
            reached = Reached(now, now)
            progress.save(reached)
            if on_moment:
                on_moment(now)
        else:
            await pump.round(without=_ALL_BUT_SENDING)
            try_at = await _next_try(world)
        acts = await staff.to_do()
    clock.move_to(until)
    await pump.settle()
    progress.save(Reached(until, until))


def _sooner(one: datetime | None, other: datetime) -> datetime:
    return min(one, other) if one else other


async def _next_try(world: World) -> datetime | None:
    """When a reply that a platform did not take, or has not shown yet, is due again."""
    async with world.services["reply"].database.reading() as session:
        due: datetime | None = await session.scalar(
            text(
                "SELECT min(next_attempt_at) FROM reply"
                " WHERE state IN ('approved', 'sending', 'awaiting_receipt')"
            )
        )
    return max(due, world.clock.now() + _A_MOMENT) if due else None
