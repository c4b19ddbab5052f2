"""How long to wait before the next attempt, and waiting that can be cut short."""

import asyncio
import random
from collections.abc import Callable
from time import monotonic

import structlog

LOG_AGAIN_SECONDS = 300.0
"""How often an outage that goes on is logged."""


async def wait_for(event: asyncio.Event, seconds: float) -> bool:
    """Wait until `event` is set, at most `seconds`. Returns whether it is."""
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return event.is_set()


class Backoff:
    """Full jitter: https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/

    `monotonic`: seconds of a clock that never goes back.
    """

    def __init__(
        self,
        first: float = 0.1,
        longest: float = 5.0,
        monotonic: Callable[[], float] = monotonic,
    ) -> None:
        self._first = first
        self._longest = longest
        self._monotonic = monotonic
        self._failures = 0
        self._logged: type[Exception] | None = None
        self._log_again_at = 0.0

    def next_delay(self) -> float:
        """Seconds; between half of and the whole of a span that doubles with every failure."""
        span = min(self._longest, self._first * 2.0**self._failures)
        self._failures = min(self._failures + 1, 16)
        return span * random.uniform(0.5, 1.0)

    def is_news(self, error: Exception) -> bool:
        """Whether to log this failure: the first since the reset, one of another kind than the
        last, or one after LOG_AGAIN_SECONDS without a line."""
        now = self._monotonic()
        if type(error) is self._logged and now < self._log_again_at:
            return False
        self._logged, self._log_again_at = type(error), now + LOG_AGAIN_SECONDS
        return True

    def reset(self) -> None:
        self._failures = 0
        self._logged = None


async def wait_out(
    error: Exception,
    stopping: asyncio.Event,
    backoff: Backoff,
    log: structlog.stdlib.BoundLogger,
    event: str,
    **whose: str,
) -> None:
    """Log whose work waits because of a transient error, where that is news, and wait a while.

    Nothing is logged while the process stops: on Ctrl-C the database may be gone before its users.
    """
    if not stopping.is_set() and backoff.is_news(error):
        log.warning(event, why=type(error).__name__, **whose)
    await wait_for(stopping, backoff.next_delay())
