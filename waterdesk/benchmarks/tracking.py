"""When each complaint was done, seen from outside: the bus that a benchmark listens through."""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from shared.bus.protocol import Bus, Message, Received, Subscription
from shared.events.complaints import ComplaintReceived

Envelope = Callable[[Sequence[str], float], None]
"""Told of complaints' ids, and of the second (monotonic, one for all processes) they were done."""


class Track:
    """Seconds (monotonic) at which each complaint was accepted, and at which both listeners had
    committed what they did about it."""

    def __init__(self, listeners: int) -> None:
        self._listeners = listeners
        self._heard: dict[str, list[float]] = {}
        self.accepted: dict[str, float] = {}
        self.done: dict[str, float] = {}

    def heard(self, complaint_ids: Sequence[str], at: float) -> None:
        for complaint_id in complaint_ids:
            times = [*self._heard.pop(complaint_id, ()), at]
            if len(times) < self._listeners:
                self._heard[complaint_id] = times
            else:  # processes may report in any order
                self.done[complaint_id] = max(times)


class TrackedBus:
    """A bus that tells `heard` when a consumer's offset has moved behind complaints: only then is
    everything that they asked for committed."""

    def __init__(self, bus: Bus, heard: Envelope) -> None:
        self._bus = bus
        self._heard = heard

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
            yield _Tracked(subscription, self._heard)

    @asynccontextmanager
    async def read_from(self, topic: str, since: datetime | None) -> AsyncIterator[Subscription]:
        async with self._bus.read_from(topic, since) as subscription:
            yield subscription


class _Tracked:
    def __init__(self, subscription: Subscription, heard: Envelope) -> None:
        self._subscription = subscription
        self._heard = heard
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
            self._heard(self._complaints, time.perf_counter())
            self._complaints = []
