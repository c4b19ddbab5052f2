"""A loop that waits logs why, and stops waiting at once when the process ends."""

import asyncio

import structlog
from structlog.testing import capture_logs

from shared.bus.backoff import Backoff, wait_out

UNAVAILABLE = ConnectionRefusedError()
log = structlog.get_logger(__name__)


async def test_it_says_whose_work_waits_and_for_what() -> None:
    with capture_logs() as said:
        await wait_out(
            UNAVAILABLE, asyncio.Event(), Backoff(0.001), log, "relay_waits", service="intake"
        )
    (line,) = said
    assert line["event"] == "relay_waits"
    assert (line["service"], line["why"]) == ("intake", "ConnectionRefusedError")


async def test_it_says_nothing_and_waits_for_nothing_where_all_ends() -> None:
    stopping = asyncio.Event()
    stopping.set()
    with capture_logs() as said:
        async with asyncio.timeout(5):
            await wait_out(
                UNAVAILABLE, stopping, Backoff(3600), log, "relay_waits", service="intake"
            )
    assert said == []
