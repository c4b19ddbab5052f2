"""When each complaint was done: measured at the bus, outside the services."""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from shared.bus.protocol import Bus, Message, Received, Subscription
from shared.events.complaints import ComplaintReceived

OnCommitted = Callable[[Sequence[str], float], None]
"""Called with complaint ids and the monotonic time of their commit."""


class CompletionTimes:
    """When (monotonic) each complaint was stored and all consumers had committed."""

    def __init__(self, consumers: int) -> None:
        self._consumers = consumers
        self._committed: dict[str, list[float]] = {}
        self.accepted: dict[str, float] = {}
        self.done: dict[str, float] = {}

    def committed(self, complaint_ids: Sequence[str], at: float) -> None:
        for complaint_id in complaint_ids:
            times = [*self._committed.pop(complaint_id, ()), at]
            if len(times) < self._consumers:
                self._committed[complaint_id] = times
            else:  # processes may report in any order
                self.done[complaint_id] = max(times)


class TrackedBus:
    """A bus that calls `on_committed` when a consumer has committed the offset of complaints: after
    their effects."""

    def __init__(self, bus: Bus, on_committed: OnCommitted) -> None:
        self._bus = bus
        self._on_committed = on_committed

    async def start(self) -> None:
        await self._bus.start()

    async def close(self) -> None:
        await self._bus.close()

    async def ensure_topics(self, topics: Sequence[str]) -> None:
        await self._bus.ensure_topics(topics)

    async def publish(self, messages: Sequence[Message]) -> None:
        await self._bus.publish(messages)

    @asynccontextmanager
    async def subscribe(self, group: str, topics: Sequence[str]) -> AsyncIterator[Subscription]:
        async with self._bus.subscribe(group, topics) as subscription:
            yield _Tracked(subscription, self._on_committed)

    async def prune(self, retention: timedelta) -> int:
        return await self._bus.prune(retention)

    @asynccontextmanager
    async def read_from(self, topic: str, since: datetime | None) -> AsyncIterator[Subscription]:
        async with self._bus.read_from(topic, since) as subscription:
            yield subscription


class _Tracked:
    def __init__(self, subscription: Subscription, on_committed: OnCommitted) -> None:
        self._subscription = subscription
        self._on_committed = on_committed
        self._complaints: list[str] = []

    async def poll(self, max_messages: int, timeout: float) -> Sequence[Received]:
        received = await self._subscription.poll(max_messages, timeout)
        self._complaints += [
            item.message.key
            for item in received
            if item.message.headers["ce_type"] == ComplaintReceived.type
        ]
        return received

    async def commit(self) -> None:
        await self._subscription.commit()
        if self._complaints:
            self._on_committed(self._complaints, time.perf_counter())
            self._complaints = []
