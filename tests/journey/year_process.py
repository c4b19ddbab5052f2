"""A process that makes the demo's year on WATERDESK_HOME, or the rest of it.

It runs what `waterdesk demo` runs: the three services, the embedded PostgreSQL and the bus in it,
on a clock that jumps. In addition the platforms fail now and then, and the process can be killed at
a given step. It reads one JSON line (a KillPoint, or null) and writes one line per step. After its
first step it waits for a line, so that the test can audit its data.

The simulators are part of the process, because of the clock. Their journal has every fact before
the answer is sent, so they do not forget anything when they are killed, like real platforms.
"""

import json
import os
import sys
from datetime import UTC, datetime, timedelta

import uvloop

from shared.garbage import collect_less_often
from shared.logging import configure_logging
from shared.settings import CommonSettings
from tests.journey.kill_points import KillPoint, kill_at
from tests.journey.platform_failures import PlatformFailures
from tests.journey.process_runs import COMPLAINTS_A_YEAR
from waterdesk.demo.composition import DemoComposition
from waterdesk.demo.history import POSTGRES_SETTINGS, make_history
from waterdesk.demo.state import DemoState
from waterdesk.installation import Installation, open_installation

_WITHOUT_FAILURES_AT_THE_END = timedelta(days=2)


class Reporter:
    """Prepares the composition and reports each step."""

    def __init__(self, kill_point: KillPoint | None, recovers_at: datetime) -> None:
        self._kill_point = kill_point
        self._recovers_at = recovers_at
        self._failures: PlatformFailures | None = None
        self._waited = False

    def prepare(self, demo: DemoComposition) -> None:
        self._failures = PlatformFailures(demo.simulators, self._recovers_at)
        if self._kill_point:
            apps = {name: service.app for name, service in demo.services.items()}
            kill_at(self._kill_point, apps | {"simulators": demo.simulators_app})

    def on_step(self, now: datetime) -> None:
        assert self._failures is not None
        self._failures.on_step(now)
        line = {"now": now.isoformat(), "failures": self._failures.happened()}
        print(json.dumps(line), flush=True)
        if not self._waited:
            sys.stdin.readline()
            self._waited = True


async def _make_year(installation: Installation, kill_point: KillPoint | None) -> None:
    await installation.migrate()
    async with installation.open_bus() as bus:
        state = DemoState(installation.settings.home, datetime.now(UTC), COMPLAINTS_A_YEAR)
        reporter = Reporter(kill_point, state.year_end - _WITHOUT_FAILURES_AT_THE_END)
        await make_history(installation, bus, state, reporter.on_step, reporter.prepare)


def main() -> None:
    assert os.getsid(0) == os.getpid(), "a kill point kills the whole session"
    collect_less_often()
    kill_point = json.loads(sys.stdin.readline())
    configure_logging("ERROR")
    with open_installation(CommonSettings(), POSTGRES_SETTINGS) as installation:
        uvloop.run(_make_year(installation, KillPoint(**kill_point) if kill_point else None))


if __name__ == "__main__":
    main()
