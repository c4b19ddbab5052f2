"""Deliveries a platform makes to us, tried again a bounded number of times."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.clock import Clock

from .faults import FaultKind, Faults

LATE_BY_SECONDS = 60


@dataclass(slots=True)
class _Push:
    key: str
    due_at: datetime
    attempts: int = 0


class PushQueue:
    """Pushes that wait, oldest first. What they are and how they end is their owner's matter.

    `deliver` says whether the receiver took one; `ended` is told (key, whether it was taken) once
    for each. Killed between the two, the next start delivers again, as real platforms do.
    """

    def __init__(
        self,
        faults: Faults,
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
        """It has ended; does nothing where it is not waiting."""
        self._waiting.pop(key, None)

    def __len__(self) -> int:
        return len(self._waiting)

    async def deliver_due(self, *, everything: bool = False) -> int:
        """Deliver once what is due now, or all that waits; returns how many were taken."""
        async with self._delivering:
            now = self._clock.now()
            due = [push for push in self._waiting.values() if everything or push.due_at <= now]
            if len(due) > 1 and self._faults.take(FaultKind.DISORDER, "push"):
                due.reverse()
            return sum([await self._deliver_one(push) for push in due])

    async def _deliver_one(self, push: _Push) -> bool:
        if late := self._faults.take(FaultKind.LATE, "push"):
            push.due_at = self._clock.now() + timedelta(seconds=late.amount or LATE_BY_SECONDS)
            return False
        taken = await self._deliver(push.key)
        if self._faults.take(FaultKind.DUPLICATE, "push"):
            taken = await self._deliver(push.key) or taken
        if taken or push.attempts == len(self._retry_after):
            self.remove(push.key)
            self._ended(push.key, taken)
        else:
            push.due_at = self._clock.now() + self._retry_after[push.attempts]
            push.attempts += 1
        return taken
