"""Let all services do everything there is to do now, and return when nothing is left.

The services run by their own loops in real time; a year made in a minute, and a test of it, cannot
wait for those. The same steps are taken here one after the other: platforms deliver, periodic work
takes its turn, relays relay, consumers consume.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.bus.protocol import Bus, Subscription
from shared.bus.relay import relay_batch
from shared.service import Service

_AT_ONCE = 500
_MORE_ROUNDS_THAN_ANY_WORK_NEEDS = 500


class NeverQuietError(Exception):
    """Two parts keep each other busy; the text says which still found work."""


class Pump:
    def __init__(
        self,
        services: Sequence[Service],
        bus: Bus,
        deliver: Callable[[], Awaitable[int]],
        connections: dict[str, AsyncConnection],
        subscriptions: dict[str, Subscription],
    ) -> None:
        self._services = services
        self._bus = bus
        self._deliver = deliver
        self._connections = connections
        self._subscriptions = subscriptions

    async def catch_up(self) -> None:
        """After a restart: relay what was left in the outboxes, hear what nobody has heard yet."""
        for service in self._services:
            service.database.relay_wanted.set()
        while sum([await self._hear(service) for service in self._services]):
            pass

    async def settle(self) -> None:
        """Go round until a whole round finds nothing to do."""
        for _ in range(_MORE_ROUNDS_THAN_ANY_WORK_NEEDS):
            found = await self.round()
            if not any(found.values()):
                return
        busy = ", ".join(sorted(name for name, count in found.items() if count))
        raise NeverQuietError(busy)

    async def round(self, *, without: Collection[str] = ()) -> dict[str, int]:
        """Every turn once, and the news that comes of it. Returns how much each found to do.
        `without`: names of turns left out."""
        found = {"platforms": await self._deliver()}
        for service in self._services:
            for turn in service.tasks:
                if turn.name not in without:
                    found[f"{service.name}: {turn.name}"] = await turn.once()
        found["news"] = await self._carry_news()
        return found

    async def _carry_news(self) -> int:
        """One service after the other: the last hears in one batch what all before it have said.
        What it has said itself, they hear in the next round."""
        carried = 0
        for service in self._services:
            carried += await self._hear(service) + await self._relay(service)
        return carried

    async def _relay(self, service: Service) -> int:
        """Only where something was said since last time: everything happens in this process."""
        if not service.database.relay_wanted.is_set():
            return 0
        service.database.relay_wanted.clear()
        sent = 0
        while batch := await relay_batch(self._connections[service.name], self._bus, _AT_ONCE):
            sent += batch
            if batch < _AT_ONCE:
                break
        return sent

    async def _hear(self, service: Service) -> int:
        if service.consumer is None:
            return 0
        subscription = self._subscriptions[service.name]
        received = await subscription.poll(_AT_ONCE, 0)
        if received:
            await service.consumer.take(received)
            await subscription.commit()
        return len(received)


@asynccontextmanager
async def pump(
    services: Sequence[Service], bus: Bus, deliver: Callable[[], Awaitable[int]]
) -> AsyncIterator[Pump]:
    """`deliver` lets the simulated platforms push what is due; returns how many."""
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
        yield Pump(services, bus, deliver, connections, subscriptions)
