"""One consuming service in a process of its own, without HTTP.

Its events go the way they go in `waterdesk serve`, but no error is waited out. Of its periodic
tasks only the one that gives new work orders a crew: the others poll platforms and
look for what is due.

Writes JSON lines: {"ready": true} once it consumes, {"done", "at"} for complaints whose offset is
committed, {"peak_mb"} at the end, when standard input is closed.
"""

import asyncio
import json
import sys
from collections.abc import Sequence

import uvloop

from shared.bus.consumer import Consumer
from shared.bus.relay import run_relay
from shared.clock import SystemClock
from shared.garbage import collect_less_often
from shared.logging import configure_logging
from shared.periodic import run_periodically
from shared.progress import Progress
from shared.settings import CommonSettings
from waterdesk import composition
from waterdesk.benchmarks.completion_times import TrackedSubscription
from waterdesk.benchmarks.memory import peak_megabytes
from waterdesk.installation import Installation, open_installation


async def _consume(installation: Installation, name: str) -> None:
    stopping = asyncio.Event()
    async with installation.open_bus() as bus:
        service = composition.build(name, installation, bus, SystemClock())
        assert service.consumer is not None
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(run_relay(service.database, bus, stopping, Progress("relay")))
            tasks.create_task(_handle_events(service.consumer, stopping))
            for task in service.tasks:
                if task.name == "assign_new":
                    tasks.create_task(
                        run_periodically(
                            task.once, task.every_seconds, stopping, Progress(task.name)
                        )
                    )
            _report({"ready": True})
            # Nothing is written there: it becomes readable when it is closed.
            asyncio.get_running_loop().add_reader(sys.stdin, stopping.set)
            await stopping.wait()
        await service.close()


async def _handle_events(consumer: Consumer, stopping: asyncio.Event) -> None:
    async with consumer.bus.subscribe(consumer.name, consumer.topics) as subscription:
        tracked = TrackedSubscription(subscription, _report_done)
        while not stopping.is_set():
            await consumer.poll_once(tracked, stopping)


def _report_done(complaint_ids: Sequence[str], at: float) -> None:
    _report({"done": list(complaint_ids), "at": at})


def _report(line: dict[str, object]) -> None:
    print(json.dumps(line), flush=True)


def main(name: str) -> None:
    configure_logging("ERROR")
    collect_less_often()
    with open_installation(CommonSettings()) as installation:
        uvloop.run(_consume(installation, name))
    _report({"peak_mb": peak_megabytes()})


if __name__ == "__main__":
    main(sys.argv[1])
