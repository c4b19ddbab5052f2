"""One sweeper of `deadlines`: reply's periodic sweep in a process of its own, until it is told to
stop. Settings come from the environment. Writes {"ready"} once it can reach the database.
"""

import asyncio
import json

import uvloop

from shared.clock import SystemClock
from shared.logging import configure_logging
from shared.periodic import run_periodically
from shared.progress import Progress
from shared.settings import CommonSettings
from waterdesk import composition
from waterdesk.installation import open_installation
from waterdesk.runner import stop_on_signals

_TASK = "sweep"


async def _sweep() -> None:
    stopping = asyncio.Event()
    stop_on_signals(stopping)
    with open_installation(CommonSettings()) as installation:
        service = composition.build("reply", installation, installation.new_bus(), SystemClock())
        task = next(task for task in service.tasks if task.name == _TASK)
        await task.once()  # opens a connection
        print(json.dumps({"ready": True}), flush=True)
        await run_periodically(task.once, task.every_seconds, stopping, Progress(_TASK))
        await service.close()


if __name__ == "__main__":
    configure_logging("ERROR")
    uvloop.run(_sweep())
