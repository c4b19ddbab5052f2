"""The consuming services of a benchmark, each in a process of its own."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.privacy.vault import new_key
from waterdesk.benchmarks.completion_times import CompletionTimes
from waterdesk.installation import Installation

NAMES = ("dispatch", "reply")


class ConsumerFailedError(Exception):
    """A service's process ended early; its standard error says why."""


class Consumers:
    """Passes what the processes report to `times`."""

    def __init__(self, times: CompletionTimes) -> None:
        self._times = times
        self.peak_mb = 0.0
        """Of all of them together, once they have ended."""

    async def read_reports(self, process: Process) -> None:
        """Until the process ends. Raises ConsumerFailedError."""
        assert process.stdout is not None
        async for line in process.stdout:
            line_read = json.loads(line)
            self._times.committed(line_read.get("done", ()), line_read.get("at", 0.0))
            self.peak_mb += line_read.get("peak_mb", 0.0)
        if status := await process.wait():
            raise ConsumerFailedError(f"a consuming service ended with status {status}")


@asynccontextmanager
async def running_consumers(
    installation: Installation, times: CompletionTimes
) -> AsyncIterator[Consumers]:
    """Run dispatch and reply inside the context. Raises ConsumerFailedError."""
    environment = os.environ | {
        "WATERDESK_HOME": str(installation.settings.home),
        "WATERDESK_DATABASE_URL": installation.database_url("{service}"),
        "WATERDESK_BUS": installation.settings.bus,
        "WATERDESK_BUS_URL": installation.database_url("bus"),
        "WATERDESK_KAFKA": installation.settings.kafka,
        "WATERDESK_SECRET": installation.secret,
        "WATERDESK_PRIVACY_KEYS": new_key(),  # neither of them decrypts anything
    }
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "waterdesk.benchmarks.consumer_process", name),
            stdin=PIPE,
            stdout=PIPE,
            limit=2**20,
            env=environment,
        )
        for name in NAMES
    ]
    consumers = Consumers(times)
    try:
        async with asyncio.TaskGroup() as tasks:
            for process in processes:
                await _is_ready(process)
                tasks.create_task(consumers.read_reports(process))
            yield consumers
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
        raise ConsumerFailedError("a consuming service did not start")
