"""Work that comes round again: polling platforms, sweeping deadlines, sending."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from shared.bus.backoff import Backoff, wait_for, wait_out
from shared.bus.transient_errors import is_transient

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
            if not is_transient(error):
                log.exception("task_failed", turn=name)
                await wait_for(stopping, backoff.next_delay())
            else:
                await wait_out(error, stopping, backoff, log, "task_waits", turn=name)
        else:
            backoff.reset()
            if not found:
                await wait_for(stopping, every_seconds)
