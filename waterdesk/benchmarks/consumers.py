"""The consuming services of a benchmark, each in a process of its own."""

import asyncio
import json
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from waterdesk.benchmarks.completion_times import CompletionTimes
from waterdesk.benchmarks.processes import (
    ProcessFailedError,
    environment_of,
    report_of,
    running,
)
from waterdesk.installation import Installation

NAMES = ("dispatch", "reply")


class Consumers:
    """Passes what the processes report to `times`."""

    def __init__(self, times: CompletionTimes) -> None:
        self._times = times
        self.peak_mb = 0.0
        """Of all of them together, once they have ended."""

    async def read_reports(self, process: Process) -> None:
        """Until the process ends. Raises ProcessFailedError."""
        assert process.stdout is not None
        async for line in process.stdout:
            line_read = json.loads(line)
            self._times.committed(line_read.get("done", ()), line_read.get("at", 0.0))
            self.peak_mb += line_read.get("peak_mb", 0.0)
        if status := await process.wait():
            raise ProcessFailedError(f"a consuming service ended with status {status}")


@asynccontextmanager
async def running_consumers(
    installation: Installation, times: CompletionTimes
) -> AsyncIterator[Consumers]:
    """Run dispatch and reply inside the context. Raises ProcessFailedError."""
    consumers = Consumers(times)
    module, arguments = "waterdesk.benchmarks.consumer_process", [(name,) for name in NAMES]
    async with (
        running(module, arguments, environment_of(installation)) as processes,
        asyncio.TaskGroup() as tasks,
    ):
        for process in processes:
            await report_of(process)  # it is ready
            tasks.create_task(consumers.read_reports(process))
        yield consumers
        for process in processes:
            assert process.stdin is not None
            process.stdin.close()
