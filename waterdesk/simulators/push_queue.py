"""Pushes from a simulated platform to intake, retried a bounded number of times."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.clock import Clock

from .failure_modes import FailureMode, FailureQueue

LATE_BY_SECONDS = 60


@dataclass(slots=True)
class _Push:
    key: str
    due_at: datetime
    attempts: int = 0


class PushQueue:
    """Pending pushes, oldest first.

    `deliver(key)` returns whether the receiver accepted it; `ended(key, accepted)` is called once
    for each. A process killed between the two delivers again after its restart, as real platforms
    do.
    """

    def __init__(
        self,
        faults: FailureQueue,
        clock: Clock,
        retry_after: Sequence[timedelta],
        deliver: Callable[[str], Awaitable[bool]],
        ended: Callable[[str, bool], None],
    ) -> None:
        self._faults = faults
        self._clock = clock
        self._retry_after = retry_after
        self._deliver = deliver
        self._ended = ended
        self._waiting: dict[str, _Push] = {}
        self._delivering = asyncio.Lock()

    def add(self, key: str) -> None:
        self._waiting[key] = _Push(key, self._clock.now())

    def remove(self, key: str) -> None:
        """Drop an ended push; an unknown key changes nothing."""
        self._waiting.pop(key, None)

    def __len__(self) -> int:
        return len(self._waiting)

    async def deliver_due(self, *, everything: bool = False) -> int:
        """Deliver once what is due now, or all of it; returns how many were accepted."""
        async with self._delivering:
            now = self._clock.now()
            due = [push for push in self._waiting.values() if everything or push.due_at <= now]
            if len(due) > 1 and self._faults.take(FailureMode.DISORDER, "push"):
                due.reverse()
            return sum([await self._deliver_one(push) for push in due])

    async def _deliver_one(self, push: _Push) -> bool:
        if late := self._faults.take(FailureMode.LATE, "push"):
            push.due_at = self._clock.now() + timedelta(seconds=late.amount or LATE_BY_SECONDS)
            return False
        accepted = await self._deliver(push.key)
        if self._faults.take(FailureMode.DUPLICATE, "push"):
            accepted = await self._deliver(push.key) or accepted
        if accepted or push.attempts == len(self._retry_after):
            self.remove(push.key)
            self._ended(push.key, accepted)
        else:
            push.due_at = self._clock.now() + self._retry_after[push.attempts]
            push.attempts += 1
        return accepted
