"""Whoever waits for what is away says so, and stops waiting at once when it is told to end."""

import asyncio

import structlog
from structlog.testing import capture_logs

from shared.bus.backoff import Backoff, wait_out

AWAY = ConnectionRefusedError("away")
log = structlog.get_logger(__name__)


async def test_it_says_whose_work_waits_and_for_what() -> None:
    with capture_logs() as said:
        await wait_out(AWAY, asyncio.Event(), Backoff(0.001), log, "relay_waits", service="intake")
    (line,) = said
    assert line["event"] == "relay_waits"
    assert (line["service"], line["why"]) == ("intake", "ConnectionRefusedError")


async def test_it_says_nothing_and_waits_for_nothing_where_all_ends() -> None:
    stopping = asyncio.Event()
    stopping.set()
    with capture_logs() as said:
        async with asyncio.timeout(5):
            await wait_out(AWAY, stopping, Backoff(3600), log, "relay_waits", service="intake")
    assert said == []
