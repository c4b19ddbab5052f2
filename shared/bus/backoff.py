"""How long to wait before the next attempt, and waiting that can be cut short."""

import asyncio
import random

import structlog


async def wait_for(event: asyncio.Event, seconds: float) -> bool:
    """Wait until `event` is set, at most `seconds`. Returns whether it is."""
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return event.is_set()


class Backoff:
    """Full jitter: https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/"""

    def __init__(self, first: float = 0.1, longest: float = 5.0) -> None:
        self._first = first
        self._longest = longest
        self._failures = 0

    def next_delay(self) -> float:
        """Seconds; between half of and the whole of a span that doubles with every failure."""
        span = min(self._longest, self._first * 2.0**self._failures)
        self._failures = min(self._failures + 1, 16)
        return span * random.uniform(0.5, 1.0)

    def reset(self) -> None:
        self._failures = 0


async def wait_out(
    error: Exception,
    stopping: asyncio.Event,
    backoff: Backoff,
    log: structlog.stdlib.BoundLogger,
    event: str,
    **whose: str,
) -> None:
    """Log whose work waits because of a transient error, and wait a while.

    Nothing is logged while the process stops: on Ctrl-C the database may be gone before its users.
    """
    if not stopping.is_set():
        log.warning(event, why=type(error).__name__, **whose)
    await wait_for(stopping, backoff.next_delay())
