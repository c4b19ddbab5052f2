"""The bus beside the services of one process: opened in the background, and pruned."""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta

from shared.bus.backoff import wait_for
from shared.bus.protocol import Bus
from shared.bus.retention import prune
from shared.bus.topics import ALL as ALL_TOPICS
from shared.db import Database
from shared.periodic import run_periodically
from shared.progress import Progress
from shared.service import PeriodicTask

_LOOK_AT_TOPICS_SECONDS = 15.0
"""So readiness knows of a silent broker although there is nothing to send."""
_LOOK_AGAIN_SECONDS = 0.5
_PRUNE_EVERY_SECONDS = 600.0


class BusUpkeep:
    """Services start, and intake takes complaints, while the broker is unavailable.

    `retention`: how long events are kept, see shared/bus/retention.py.
    """

    def __init__(self, bus: Bus, retention: timedelta) -> None:
        self.bus = bus
        self.progress = Progress("bus", every_seconds=_LOOK_AT_TOPICS_SECONDS)
        self._retention = retention
        self._is_open = asyncio.Event()

    async def run(self, stopping: asyncio.Event) -> None:
        """Open the bus. Its topics are looked at again and again: a broker may lose them."""
        await run_periodically(self._open, _LOOK_AT_TOPICS_SECONDS, stopping, self.progress)

    async def _open(self) -> int:
        await self.bus.start()
        await self.bus.ensure_topics(ALL_TOPICS)
        self._is_open.set()
        return 0

    async def when_open(self, run: Awaitable[None], stopping: asyncio.Event) -> None:
        """`run` what needs the topics once they are made: a broker makes those that are missing by
        itself, with settings that are not ours."""
        while not stopping.is_set() and not await wait_for(self._is_open, _LOOK_AGAIN_SECONDS):
            pass
        await run

    def pruning(self, database: Database) -> PeriodicTask:
        """For each service: prune what it and the bus no longer keep."""
        return PeriodicTask(
            "prune", lambda: prune(database, self.bus, self._retention), _PRUNE_EVERY_SECONDS
        )
