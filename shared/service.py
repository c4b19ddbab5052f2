"""A service as its wiring hands it over: its app, its consumer and its periodic tasks."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from fastapi import FastAPI

from shared.bus.consumer import Consumer
from shared.db import Database
from shared.progress import Progress


@dataclass(frozen=True, slots=True)
class PeriodicTask:
    """Periodic work: `once` does what is due now and returns how much it found."""

    name: str
    once: Callable[[], Awaitable[int]]
    every_seconds: float


@dataclass(frozen=True, slots=True)
class Service:
    name: str
    app: FastAPI
    database: Database
    consumer: Consumer | None = None
    tasks: Sequence[PeriodicTask] = ()
    parts: Sequence[Progress] = ()
    """What `/readyz` watches beside the relay, the consumer and the tasks."""
    starting: Sequence[Callable[[], Awaitable[None]]] = ()
    """What must hold before anything is served; an error ends the start."""
    closing: Sequence[Callable[[], Awaitable[None]]] = field(default=())
    """What to close at the end (HTTP clients)."""

    def __post_init__(self) -> None:
        self.app.state.consumer = self.consumer  # for shared.bus.parked_api

    async def close(self) -> None:
        for close in self.closing:
            await close()
        await self.database.close()
