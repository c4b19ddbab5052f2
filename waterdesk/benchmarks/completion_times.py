"""When each complaint was done: measured at the bus, outside the services."""

import time
from collections.abc import Callable, Sequence

from shared.bus.protocol import Received, Subscription
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


class TrackedSubscription:
    """Calls `on_committed` when the offset of complaints is committed: after their effects."""

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
