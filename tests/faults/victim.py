"""A process that dies by SIGKILL, at a given step.

It reads one JSON line a run, forks (so that a run costs no start of Python), and answers with one
JSON line: whether the child was killed or came to its end. Nothing is caught, flushed or closed.
"""

import asyncio
import json
import os
import signal
import sys
from typing import Any

from shared.bus.consumer import Consumer
from shared.bus.embedded import EmbeddedBus
from shared.clock import SystemClock
from shared.connections import Limits
from shared.db import Database
from tests.integration.bus import ledger
from tests.integration.bus.driving import consume_all, relay_all
from tests.integration.bus.stepping import SteppedBus, Stepper


class _Sudden(Stepper):
    def step(self, name: str) -> None:
        self.steps.append(name)
        if len(self.steps) == self._crash_at:
            os.kill(os.getpid(), signal.SIGKILL)


async def _work(task: dict[str, Any]) -> None:
    bus = EmbeddedBus(task["bus"])
    await bus.start()
    database = Database(task["database"], task["role"], SystemClock(), limits=Limits(pool_size=2))
    stepper = _Sudden(task["kill_at"])
    stepped = SteppedBus(bus, stepper)
    async with stepper.watching(database):
        if task["role"] == "sender":
            await relay_all(database, stepped)
        else:
            consumer = Consumer(
                "ledger", database, stepped, [ledger.TOPIC], {ledger.Deposited: ledger.on_deposited}
            )
            await consume_all(consumer, stepped)
    await database.close()
    await bus.close()


def main() -> None:
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            asyncio.run(_work(json.loads(line)))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        ended = "killed" if os.WIFSIGNALED(status) else f"exit {os.WEXITSTATUS(status)}"
        print(json.dumps({"ended": ended}), flush=True)


if __name__ == "__main__":
    main()
