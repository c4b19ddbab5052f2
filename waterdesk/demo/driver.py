"""Runs all services step by step until nothing is left to do.

In production each service runs its own loops in real time. Making a year of history in a minute,
and testing it, needs the same steps without waiting: platforms push, periodic tasks run once,
relays send, consumers handle.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.bus.protocol import Bus, Subscription
from shared.bus.relay import relay_batch
from shared.service import Service

_BATCH = 500
_MAX_STEPS = 500


class NeverIdleError(Exception):
    """Two parts keep each other busy; the text names those that still found work."""


@dataclass(frozen=True, slots=True)
class Driver:
    _services: Sequence[Service]
    _bus: Bus
    _deliver_pushes: Callable[[], Awaitable[int]]
    _connections: Mapping[str, AsyncConnection]
    _subscriptions: Mapping[str, Subscription]

    async def catch_up(self) -> None:
        """After a restart: relay what is left in the outboxes, consume what is left on the bus."""
        for service in self._services:
            service.database.relay_wanted.set()
        while sum([await self._consume(service) for service in self._services]):
            pass

    async def run_until_idle(self) -> None:
        """Step until a whole step finds nothing to do. Raises NeverIdleError."""
        for _ in range(_MAX_STEPS):
            found = await self.step()
            if not any(found.values()):
                return
        busy = ", ".join(sorted(name for name, count in found.items() if count))
        raise NeverIdleError(busy)

    async def step(self, *, without: Collection[str] = ()) -> dict[str, int]:
        """Run every periodic task once and carry the resulting events.

        Returns how much each part found to do. `without`: names of tasks to leave out.
        """
        found = {"platforms": await self._deliver_pushes()}
        for service in self._services:
            for task in service.tasks:
                if task.name not in without:
                    found[f"{service.name}: {task.name}"] = await task.once()
        found["events"] = await self._carry_events()
        return found

    async def _carry_events(self) -> int:
        """Service by service, so that a later one consumes the events of all earlier ones in one
        batch. The earlier ones consume its events in the next step."""
        carried = 0
        for service in self._services:
            carried += await self._consume(service) + await self._relay(service)
        return carried

    async def _relay(self, service: Service) -> int:
        """Does nothing unless the service recorded an event since the last time."""
        if not service.database.relay_wanted.is_set():
            return 0
        service.database.relay_wanted.clear()
        sent = 0
        while batch := await relay_batch(self._connections[service.name], self._bus, _BATCH):
            sent += batch
            if batch < _BATCH:
                break
        return sent

    async def _consume(self, service: Service) -> int:
        if service.consumer is None:
            return 0
        subscription = self._subscriptions[service.name]
        received = await subscription.poll(_BATCH, 0)
        if received:
            await service.consumer.handle(received)
            await subscription.commit()
        return len(received)


@asynccontextmanager
async def open_driver(
    services: Sequence[Service], bus: Bus, deliver_pushes: Callable[[], Awaitable[int]]
) -> AsyncIterator[Driver]:
    """`deliver_pushes` lets the simulated platforms push what is due and returns how many."""
    async with AsyncExitStack() as stack:
        connections = {
            service.name: await stack.enter_async_context(service.database.connect())
            for service in services
        }
        subscriptions = {
            service.name: await stack.enter_async_context(
                bus.subscribe(service.consumer.name, service.consumer.topics)
            )
            for service in services
            if service.consumer
        }
        yield Driver(services, bus, deliver_pushes, connections, subscriptions)
