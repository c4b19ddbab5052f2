"""A service that runs in the test's own process, as `waterdesk serve` runs it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from fastapi import FastAPI

from shared.bus.protocol import Bus
from shared.db import Database
from shared.progress import Progress
from shared.service import PeriodicTask, Service
from tests.journey.process_group import comes_true, free_ports
from waterdesk.bus_upkeep import BusUpkeep
from waterdesk.runner import run_services


@dataclass
class Running:
    app: FastAPI
    ended: asyncio.Task[None]

    async def errors(self, within: float = 30.0, **expected: str | None) -> None:
        """Return when the parts with these names report these errors."""

        async def reported() -> bool:
            assert not self.ended.done(), "the service has ended"
            parts: list[Progress] = getattr(self.app.state, "parts", [])
            found = {part.part: part.report()["error"] for part in parts}
            return {name: found.get(name, "") for name in expected} == expected

        await comes_true(reported, within)


@asynccontextmanager
async def running(
    database: Database, bus: Bus, tasks: Sequence[PeriodicTask] = ()
) -> AsyncIterator[Running]:
    service = Service("reply", FastAPI(), database, tasks=tasks)
    stopping = asyncio.Event()
    (port,) = free_ports(1)
    upkeep = BusUpkeep(bus, timedelta(days=400))
    ended = asyncio.create_task(run_services([(service, port)], upkeep, "127.0.0.1", stopping))
    try:
        yield Running(service.app, ended)
    finally:
        stopping.set()
        await ended
