"""The listening services of a benchmark, started and heard from its own process."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.privacy.vault import new_key
from waterdesk.benchmarks.tracking import Track
from waterdesk.installation import Installation

NAMES = ("dispatch", "reply")


class ListenerFailedError(Exception):
    """A service's process ended by itself; why stands on standard error."""


class Listeners:
    """What running processes say: what they have done goes to `track`."""

    def __init__(self, track: Track) -> None:
        self._track = track
        self.peak_mb = 0.0
        """Of all of them together, once they have ended."""

    async def hear(self, process: Process) -> None:
        """To its end. Raises ListenerFailedError."""
        assert process.stdout is not None
        async for line in process.stdout:
            said = json.loads(line)
            self._track.heard(said.get("done", ()), said.get("at", 0.0))
            self.peak_mb += said.get("peak_mb", 0.0)
        if status := await process.wait():
            raise ListenerFailedError(f"a listening service ended with status {status}")


@asynccontextmanager
async def listening(installation: Installation, track: Track) -> AsyncIterator[Listeners]:
    """Dispatch and reply listen while inside. Raises ListenerFailedError."""
    environment = os.environ | {
        "WATERDESK_HOME": str(installation.settings.home),
        "WATERDESK_DATABASE_URL": installation.database_url("{service}"),
        "WATERDESK_BUS": installation.settings.bus,
        "WATERDESK_BUS_URL": installation.database_url("bus"),
        "WATERDESK_KAFKA": installation.settings.kafka,
        "WATERDESK_SECRET": installation.secret,
        "WATERDESK_PRIVACY_KEYS": new_key(),  # neither of them has anything to open
    }
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "waterdesk.benchmarks.listening", name),
            stdin=PIPE,
            stdout=PIPE,
            limit=2**20,
            env=environment,
        )
        for name in NAMES
    ]
    listeners = Listeners(track)
    try:
        async with asyncio.TaskGroup() as tasks:
            for process in processes:
                await _is_ready(process)
                tasks.create_task(listeners.hear(process))
            yield listeners
            for process in processes:
                assert process.stdin is not None
                process.stdin.close()
    finally:
        for process in processes:
            if process.returncode is None:
                process.kill()
                await process.wait()


async def _is_ready(process: Process) -> None:
    assert process.stdout is not None
    if not json.loads(await process.stdout.readline() or "{}").get("ready"):
        raise ListenerFailedError("a listening service did not start")
