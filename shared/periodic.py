"""Periodic tasks: polling platforms, sweeping deadlines, sending."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from shared.bus.backoff import Backoff, wait_for, wait_out
from shared.bus.transient_errors import is_systemic, is_transient
from shared.progress import Progress

_FIRST_RETRY_SECONDS = 5.0
"""At most: what runs once a day is tried again soon."""

log = structlog.get_logger(__name__)


async def run_periodically(
    once: Callable[[], Awaitable[int]],
    every_seconds: float,
    stopping: asyncio.Event,
    progress: Progress,
) -> None:
    """Call `once` until `stopping`; again at once while it found work (returned more than 0).

    No error ends this: it is reported to `progress`, logged, and waited out.
    """
    backoff = Backoff(first=min(max(every_seconds, 0.1), _FIRST_RETRY_SECONDS), longest=60)
    while not stopping.is_set():
        try:
            found = await once()
        except Exception as error:
            if is_transient(error):
                progress.failed(error)
                await wait_out(error, stopping, backoff, log, "task_waits", task=progress.part)
                continue
            if is_systemic(error):
                progress.stopped(error)
            else:
                progress.failed(error)
                log.exception("task_failed", task=progress.part)
            await wait_for(stopping, backoff.next_delay())
        else:
            progress.succeeded()
            backoff.reset()
            if not found:
                await wait_for(stopping, every_seconds)
