"""When each complaint was done, seen from outside: the bus that a benchmark listens through."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from shared.bus.protocol import Bus, Message, Received, Subscription
from shared.events.complaints import ComplaintReceived


class Track:
    """Seconds (monotonic) at which each complaint was accepted, and at which both listeners had
    committed what they did about it."""

    def __init__(self, listeners: int) -> None:
        self._listeners = listeners
        self._heard: dict[str, int] = {}
        self.accepted: dict[str, float] = {}
        self.done: dict[str, float] = {}

    def heard(self, complaint_id: str, at: float) -> None:
        times = self._heard.pop(complaint_id, 0) + 1
        if times < self._listeners:
            self._heard[complaint_id] = times
        else:
            self.done[complaint_id] = at


class TrackedBus:
    """A bus that tells `track` when a consumer's offset has moved behind a complaint: only then is
    everything that it asked for committed."""

    def __init__(self, bus: Bus, track: Track) -> None:
        self._bus = bus
        self._track = track

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
            yield _Tracked(subscription, self._track)

    @asynccontextmanager
    async def read_from(self, topic: str, since: datetime | None) -> AsyncIterator[Subscription]:
        async with self._bus.read_from(topic, since) as subscription:
            yield subscription


class _Tracked:
    def __init__(self, subscription: Subscription, track: Track) -> None:
        self._subscription = subscription
        self._track = track
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
        at = time.perf_counter()
        for complaint_id in self._complaints:
            self._track.heard(complaint_id, at)
        self._complaints.clear()
