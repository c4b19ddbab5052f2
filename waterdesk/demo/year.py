"""A year of the demo county in a minute: the real services on a clock that jumps.

Everything goes the way it goes in real time, over the platforms' wire and the bus; only the waiting
is left out. How far the year has come is kept beside the data, so that it can be killed at any
moment and goes on where it stopped: whatever was done already is recognised.
"""

import json
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from shared.auth.permissions import Role
from shared.clock import ManualClock
from waterdesk.demo.pumping import Pump
from waterdesk.demo.staff import Staff
from waterdesk.demo.world import World
from waterdesk.simulators.feeding import feed
from waterdesk.simulators.said import Said, SpokenTo

_LEFT_RUNNING = timedelta(hours=6)
"""What happens this long before the year's end is left as it is: a desk at work."""
_TAKEN_WITHIN = timedelta(minutes=20)
"""How long after it was said a complaint has been taken, linked and given to a crew."""
_HEARD_WITHIN = timedelta(hours=6)
"""How long after a step that somebody waits for the other services have heard of it. In the real
thing these are seconds; here several steps are heard at once, and each counts from its own time all
the same."""
_A_MOMENT = timedelta(seconds=1)
_LENGTH = 200
_PATIENCE = 3
"""How often somebody tries the same again."""
_ONCE_IS_ENOUGH: tuple[str, ...] = ("load_county", "recount")
"""Turns for what does not change within the year."""
_ASKED: Mapping[str, SpokenTo] = {
    "intake: pull 12345": SpokenTo.HOTLINE,
    "intake: read board": SpokenTo.BOARD,
    "intake: reread board": SpokenTo.BOARD,
}
"""Turns that ask a platform: it has something only after somebody has spoken there."""
_DUE_SINCE: Mapping[str, Mapping[str, str]] = {
    "dispatch": {
        "link_waiting": "SELECT min(received_at) FROM complaint WHERE state = 'no_scheme'",
        "assign_waiting": "SELECT min(opened_at) FROM work_order WHERE state = 'waiting_for_crew'",
    },
    "reply": {
        "sweep": "SELECT min(next_at) FROM deadline",
        "acknowledge": "SELECT min(acknowledge_at) FROM complaint",
        "send": "SELECT min(next_attempt_at) FROM reply"
        " WHERE state IN ('approved', 'sending', 'awaiting_receipt')",
    },
}
"""By service: turns that find nothing before what this names, after a round."""


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
        text = self._path.read_text() if self._path.exists() else ""
        if not text:
            return None
        kept = json.loads(text)
        return Reached(**{name: datetime.fromisoformat(kept[name]) for name in kept})

    def save(self, reached: Reached) -> None:
        """Over what stood there, in one write of one length: a kill finds the old or the new."""
        kept = {"lived_until": reached.lived_until, "clock": reached.clock}
        text = json.dumps({name: at.isoformat() for name, at in kept.items()})
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o644)
        try:
            os.pwrite(descriptor, text.encode().ljust(_LENGTH), 0)
        finally:
            os.close(descriptor)


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
    round_at: datetime | None = clock.now()
    due: dict[str, datetime | None] = {}
    # Asked once more in the round after: it may have been away.
    spoken_to, spoken_to_before = set(SpokenTo), set(SpokenTo)
    done: Counter[str] = Counter()
    unheard: set[str] = set()
    acts = await staff.to_do()
    while True:
        act = next((act for act in acts if act.what not in unheard), None)
        moments = [waiting[-1].at] if waiting else []
        if act and act.at <= until - _LEFT_RUNNING:
            moments.append(act.at)
        if round_at:
            moments.append(round_at)
        if not moments or min(moments) > until:
            break
        clock.move_to(min(moments))
        now = clock.now()
        reached = replace(reached, clock=now)
        progress.save(reached)
        if waiting and waiting[-1].at <= now:
            said_now = waiting.pop()
            await feed(world.said_to, said_now)
            spoken_to.add(said_now.platform)
            round_at = _sooner(round_at, now + _TAKEN_WITHIN)
        elif act and act.at <= now:
            done[act.what] += 1
            if done[act.what] > _PATIENCE:
                raise NothingChangesError(act.what)
            unheard.add(act.what)
            await act.do()
            if act.is_awaited:
                round_at = _sooner(round_at, now + _HEARD_WITHIN)
            if act.who is Role.REVIEWER:
                due["send"] = now
            acts = await staff.to_do_after(act, acts)
        else:
            silent = set(SpokenTo) - spoken_to - spoken_to_before
            idle = [turn for turn, platform in _ASKED.items() if platform in silent]
            idle += [turn for turn, since in due.items() if since is None or since > now]
            await pump.round(without=[*_ONCE_IS_ENOUGH, *idle])
            spoken_to_before, spoken_to = spoken_to, set()
            due = await _due(world)
            # A reply that a platform did not take, or has not shown yet, is tried again.
            round_at = max(due["send"], now + _A_MOMENT) if due["send"] else None
            unheard.clear()
            reached = Reached(now, now)
            progress.save(reached)
            if on_moment:
                on_moment(now)
            acts = await staff.to_do()
    clock.move_to(until)
    await pump.settle()
    progress.save(Reached(until, until))


def _sooner(one: datetime | None, other: datetime) -> datetime:
    return min(one, other) if one else other


async def _due(world: World) -> dict[str, datetime | None]:
    """Since when, or from when, each of these turns has something to do."""
    due: dict[str, datetime | None] = {}
    for service, since in _DUE_SINCE.items():
        columns = ", ".join(f"({query}) AS {turn}" for turn, query in since.items())
        (row,) = await world.rows(service, f"SELECT {columns}")
        due |= row._mapping
    return due
