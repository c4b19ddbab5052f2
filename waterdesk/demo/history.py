"""The demo's year of history, made in about a minute by the real services on a clock that jumps.

Everything goes over the platforms' wire formats and the bus, as in production; only waiting is left
out. Progress is saved beside the data, so a killed run continues where it stopped, and
deduplication recognises what was done already.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from shared.auth.permissions import Role
from shared.bus.protocol import Bus
from shared.clock import ManualClock
from waterdesk.demo.composition import DemoComposition, compose_demo
from waterdesk.demo.county import load_demo_county
from waterdesk.demo.driver import Driver, open_driver
from waterdesk.demo.simulated_staff import SimulatedStaff
from waterdesk.demo.state import DemoState, Progress, Reached
from waterdesk.installation import Installation
from waterdesk.simulators.county_year import YEAR
from waterdesk.simulators.submissions import Platform, Submission
from waterdesk.simulators.submit import submit

POSTGRES_SETTINGS: Mapping[str, str] = {"fsync": "off"}
"""For making the history: its thousands of commits do not wait for the disk. A kill loses nothing;
a power cut may corrupt it. Call `os.sync()` before running without these settings."""
_LEFT_OPEN = timedelta(hours=6)
"""Staff actions in this time before the year's end are left undone, so that work is open."""
_STEP_AFTER_SUBMISSION = timedelta(minutes=20)
_STEP_AFTER_ACTION = timedelta(hours=6)
"""The longest time between a submission, or a staff action that others wait for, and the next step
of all services. In production this takes seconds; here several share one step, and each deadline
still counts from its own time."""
_SECOND = timedelta(seconds=1)
_MAX_ATTEMPTS = 3
"""How often staff try the same action."""
_NEVER_NEEDED = (
    *("import_county", "recount", "probe", "templates"),
    *("rank_schemes", "digests", "make_exports", "forget_exports"),
)
"""Tasks for what does not change within the year, or nobody looks at before its end."""
_POLLING_TASKS: Mapping[str, Platform] = {
    "intake: pull 12345": Platform.HOTLINE,
    "intake: read board": Platform.BOARD,
    "intake: reread board": Platform.BOARD,
}
"""Skipped while nothing new was submitted to their platform."""
_DUE_QUERIES: Mapping[str, Mapping[str, str]] = {
    "dispatch": {
        "link_waiting": "SELECT min(received_at) FROM complaint WHERE state = 'no_scheme'",
        "assign_new": "SELECT min(opened_at) FROM work_order"
        " WHERE state = 'waiting_for_crew' AND assign_reason IS NULL",
        "assign_waiting": "SELECT min(opened_at) FROM work_order WHERE state = 'waiting_for_crew'",
    },
    "reply": {
        "sweep": "SELECT min(next_at) FROM deadline",
        "acknowledge": "SELECT min(acknowledge_at) FROM complaint",
        "ask_residents": "SELECT min(due_at) FROM call_back",
        "send": "SELECT min(next_attempt_at) FROM reply"
        " WHERE state IN ('approved', 'sending', 'awaiting_receipt')",
    },
}
"""By service and task: when it next has something to do, as of the last step."""


class NoProgressError(Exception):
    """Staff would repeat an action for ever: it was rejected or had no effect."""


def history_is_made(home: Path, state: DemoState) -> bool:
    """Raises DemoStateDamaged."""
    reached = Progress(home).load()
    return reached is not None and reached.processed_until >= state.year_end


async def make_history(
    installation: Installation,
    bus: Bus,
    state: DemoState,
    on_step: Callable[[datetime], None] | None = None,
    prepare: Callable[[DemoComposition], None] | None = None,
) -> None:
    """Make the year before `state.year_end`, or the rest of it; returns at once if it is made.

    `on_step` gets the history's time after each step. `prepare` gets the composition before
    anything runs: tests inject failures there.
    """
    home = installation.settings.home
    if history_is_made(home, state):
        return
    state.save()
    progress = Progress(home)
    reached = progress.load()
    clock = ManualClock(reached.clock if reached else state.year_end - YEAR)
    submissions = state.submissions_of_the_year()
    async with compose_demo(installation, bus, clock, in_process=True) as demo:
        if prepare:
            prepare(demo)
        dispatch = demo.services["dispatch"].database
        state.add_passwords(await load_demo_county(dispatch, state.passwords))
        services = list(demo.services.values())
        async with open_driver(services, bus, demo.simulators.deliver_pushes) as driver:
            history = _History(demo, clock, driver, submissions, progress)
            await history.run(state.year_end, on_step or (lambda _: None))


class _History:
    """One run over the year: what is submitted next, what staff do next, when to step next."""

    def __init__(
        self,
        demo: DemoComposition,
        clock: ManualClock,
        driver: Driver,
        submissions: list[Submission],
        progress: Progress,
    ) -> None:
        self._demo = demo
        self._clock = clock
        self._driver = driver
        self._staff = SimulatedStaff(demo, {(s.platform.value, s.number): s for s in submissions})
        self._progress = progress
        self._reached = progress.load() or Reached(clock.now(), clock.now())
        self._pending = [s for s in submissions if s.at > self._reached.processed_until]
        self._pending.reverse()  # the next one is last
        self._step_at: datetime | None = clock.now()
        self._due: dict[str, datetime | None] = {}
        # A platform is polled in two steps: it may have been unavailable in the first one.
        self._submitted_to, self._submitted_to_before = set(Platform), set(Platform)
        self._attempts: Counter[str] = Counter()
        self._done_since_step: set[str] = set()

    async def run(self, until: datetime, on_step: Callable[[datetime], None]) -> None:
        await self._driver.catch_up()
        actions = await self._staff.next_actions()
        while True:
            action = next((a for a in actions if a.name not in self._done_since_step), None)
            times = [self._pending[-1].at] if self._pending else []
            if action and action.at <= until - _LEFT_OPEN:
                times.append(action.at)
            if self._step_at:
                times.append(self._step_at)
            if not times or min(times) > until:
                break
            self._clock.move_to(min(times))
            now = self._clock.now()
            self._reached = replace(self._reached, clock=now)
            self._progress.save(self._reached)
            if self._pending and self._pending[-1].at <= now:
                await self._submit(self._pending.pop(), now)
            elif action and action.at <= now:
                self._done_since_step.add(action.name)
                if action.role is None:  # it is delivered when its platform answers again
                    self._submitted_to |= {Platform.HOTLINE, Platform.WECHAT}
                else:
                    self._count_attempt(action.name)
                await action.do()
                if action.others_wait:
                    self._step_by(now + _STEP_AFTER_ACTION)
                if action.role is Role.REVIEWER:
                    self._due["send"] = now
                actions = await self._staff.next_actions_after(action, actions)
            else:
                await self._step(now)
                on_step(now)
                actions = await self._staff.next_actions()
        self._clock.move_to(until)
        await self._driver.run_until_idle()
        self._progress.save(Reached(until, until))

    async def _submit(self, submission: Submission, now: datetime) -> None:
        await submit(self._demo.simulators_client, submission)
        self._submitted_to.add(submission.platform)
        self._step_by(now + _STEP_AFTER_SUBMISSION)

    def _count_attempt(self, action: str) -> None:
        self._attempts[action] += 1
        if self._attempts[action] > _MAX_ATTEMPTS:
            raise NoProgressError(action)

    def _step_by(self, at: datetime) -> None:
        self._step_at = min(self._step_at, at) if self._step_at else at

    async def _step(self, now: datetime) -> None:
        quiet = set(Platform) - self._submitted_to - self._submitted_to_before
        idle = [task for task, platform in _POLLING_TASKS.items() if platform in quiet]
        idle += [task for task, due in self._due.items() if due is None or due > now]
        await self._driver.step(without=[*_NEVER_NEEDED, *idle])
        self._submitted_to_before, self._submitted_to = self._submitted_to, set()
        self._due = await self._query_due()
        # A reply that its platform did not accept, or does not show yet, is tried again.
        send = self._due["send"]
        self._step_at = max(send, now + _SECOND) if send else None
        self._done_since_step.clear()
        self._reached = Reached(now, now)
        self._progress.save(self._reached)

    async def _query_due(self) -> dict[str, datetime | None]:
        due: dict[str, datetime | None] = {}
        for service, queries in _DUE_QUERIES.items():
            columns = ", ".join(f"({query}) AS {task}" for task, query in queries.items())
            (row,) = await self._demo.rows(service, f"SELECT {columns}")
            due |= row._mapping
        return due
