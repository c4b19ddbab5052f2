"""A process that lives the county's year on WATERDESK_HOME, or what is left of it.

Everything is what `waterdesk demo` runs: the three services, the embedded PostgreSQL and the bus in
it, on a clock that jumps. Here the platforms fail now and then, and the process may be told how it
shall die. It reads one JSON line (a Death, or null) and writes one for each moment it has lived.
After its first one it waits for a line, so that it can be looked at.

The platforms live in this process because its clock jumps. What they remember is in their journal,
which has every fact before the answer leaves: to us they are what real ones are, somebody who was
told something, or was not, and never forgets it.
"""

import json
import os
import sys
from datetime import UTC, datetime, timedelta

import uvloop

from shared.garbage import collect_less_often
from shared.logging import configure_logging
from shared.settings import CommonSettings
from tests.journey.deaths import Death, bring
from tests.journey.lives import COMPLAINTS_A_YEAR
from tests.journey.troubles import Troubles
from waterdesk.demo.showing import FOR_HISTORY, DemoState, make_history
from waterdesk.demo.world import World
from waterdesk.installation import Installation, open_installation

_CALM_BEFORE_THE_END = timedelta(days=2)


class Life:
    """What is told to whoever looks on."""

    def __init__(self, death: Death | None, recovers_at: datetime) -> None:
        self._death = death
        self._recovers_at = recovers_at
        self._troubles: Troubles | None = None
        self._looked_at = False

    def before(self, world: World) -> None:
        self._troubles = Troubles(world.simulators, self._recovers_at)
        if self._death:
            apps = {name: service.app for name, service in world.services.items()}
            bring(self._death, apps | {"simulators": world.simulators_app})

    def on_moment(self, moment: datetime) -> None:
        assert self._troubles is not None
        self._troubles.at(moment)
        line = {"moment": moment.isoformat(), "happened": self._troubles.happened()}
        print(json.dumps(line), flush=True)
        if not self._looked_at:
            sys.stdin.readline()
            self._looked_at = True


async def _live(installation: Installation, death: Death | None) -> None:
    await installation.migrate()
    bus = await installation.open_bus()
    try:
        state = DemoState(installation.settings.home, datetime.now(UTC), COMPLAINTS_A_YEAR)
        life = Life(death, state.year_end - _CALM_BEFORE_THE_END)
        await make_history(installation, bus, state, life.on_moment, life.before)
    finally:
        await bus.close()


def main() -> None:
    assert os.getpgrp() == os.getpid(), "it takes its whole process group along"
    collect_less_often()
    told = json.loads(sys.stdin.readline())
    configure_logging("ERROR")
    with open_installation(CommonSettings(), FOR_HISTORY) as installation:
        uvloop.run(_live(installation, Death(**told) if told else None))


if __name__ == "__main__":
    main()
