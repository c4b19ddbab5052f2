"""Work that comes round again: polling platforms, sweeping deadlines, sending."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from shared.bus.faults import is_passing
from shared.bus.waiting import Backoff, wait_for

log = structlog.get_logger(__name__)


async def run_periodically(
    name: str,
    turn: Callable[[], Awaitable[int]],
    every_seconds: float,
    stopping: asyncio.Event,
) -> None:
    """Call `turn` until `stopping`; again at once while it found work (returned more than 0).

    An error never ends the round: it is logged here, once each time, and waited after.
    """
    backoff = Backoff(first=max(every_seconds, 0.1), longest=60)
    while not stopping.is_set():
        try:
            found = await turn()
        except Exception as error:
            if is_passing(error):
                log.warning("turn_waits", turn=name, why=type(error).__name__)
            else:
                log.exception("turn_failed", turn=name)
            await wait_for(stopping, backoff.next_delay())
        else:
            backoff.reset()
            if not found:
                await wait_for(stopping, every_seconds)
