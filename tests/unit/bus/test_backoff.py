"""A loop that waits logs why, once in a while, and stops waiting when the process ends."""

import asyncio

import structlog
from structlog.testing import capture_logs

from shared.bus.backoff import LOG_AGAIN_SECONDS, Backoff, wait_out

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


async def test_a_long_outage_is_logged_at_first_when_its_kind_changes_and_now_and_then() -> None:
    seconds = 0.0
    backoff = Backoff(0.001, longest=0.001, monotonic=lambda: seconds)
    other = TimeoutError()

    async def logged(error: Exception) -> bool:
        with capture_logs() as said:
            await wait_out(error, asyncio.Event(), backoff, log, "relay_waits")
        return bool(said)

    assert [await logged(error) for error in (UNAVAILABLE, UNAVAILABLE, other, other)] == [
        True,
        False,
        True,
        False,
    ]
    seconds += LOG_AGAIN_SECONDS
    assert [await logged(other), await logged(other)] == [True, False]
    backoff.reset()
    assert await logged(other), "a new outage"
