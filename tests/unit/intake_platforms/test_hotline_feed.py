"""Pages of the 12345 feed: what holds one up and what does not."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import pytest

from services.intake.platforms.hotline_12345 import HotlineFeed
from services.intake.platforms.incoming import Incoming, Page, Unreadable
from shared.clock import ManualClock
from shared.http import PlatformRejected, PlatformUnavailable, RetryPolicy
from shared.platform_kit.request_signing import verify

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
CLOCK = ManualClock(NOW)
GOOD = {
    "issueNumber": "1",
    "issueTime": "2026-11-23 09:15:00",
    "issueDesc": "没水",
    "changeType": "new",
    "changeId": "c-1",
}
Handler = Callable[[httpx.Request], httpx.Response]


async def page_of(handler: Handler, cursor: str | None = None) -> Page:
    feed = HotlineFeed(
        "http://city/12345",
        "a",
        "s",
        CLOCK,
        county="610122",
        retry_policy=RetryPolicy(attempts=3, first_wait=0),
        transport=httpx.MockTransport(handler),
    )
    try:
        return await feed.fetch(cursor)
    finally:
        await feed.close()


def answering(**body: object) -> Handler:
    return lambda _: httpx.Response(200, json={"code": 0, **body})


async def test_one_unreadable_ticket_does_not_hold_up_the_others() -> None:
    page = await page_of(
        answering(orders=[GOOD, {"issueNumber": "2"}, "?", GOOD], nextCursor="n", hasMore=True)
    )
    assert [type(order) for order in page.incoming] == [Incoming, Unreadable, Unreadable, Incoming]
    assert [order.external_id for order in page.incoming] == ["1", "2", None, "1"]
    assert (page.next_cursor, page.has_more) == ("n", True)


async def test_each_try_is_signed_anew_over_path_and_query() -> None:
    nonces = []

    def city(request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode()
        verify(request.headers, "GET", path, b"", "s", NOW)
        assert path == "/12345/api/orders?cursor=a%2Fb%3D&limit=100"
        nonces.append(request.headers["X-Nonce"])
        return httpx.Response(503) if len(nonces) < 3 else answering(orders=[])(request)

    await page_of(city, "a/b=")
    assert len(set(nonces)) == 3


@pytest.mark.parametrize("next_cursor", [None, "", "here"])
async def test_a_cursor_that_stands_still_is_not_asked_for_again_at_once(
    next_cursor: str | None,
) -> None:
    page = await page_of(answering(orders=[], nextCursor=next_cursor, hasMore=True), "here")
    assert (page.next_cursor, page.has_more) == ("here", False)


@pytest.mark.parametrize(
    ("answer", "error", "asked"),
    [
        (httpx.Response(503), PlatformUnavailable, 3),
        (httpx.Response(429, headers={"Retry-After": "60"}), PlatformUnavailable, 1),
        (httpx.Response(200, text="<html>"), PlatformUnavailable, 3),
        (httpx.Response(200, json=[]), PlatformUnavailable, 1),
        (httpx.Response(200, json={"code": 0, "orders": {}}), PlatformUnavailable, 1),
        (
            httpx.Response(200, json={"code": 0, "orders": [], "nextCursor": 7}),
            PlatformUnavailable,
            1,
        ),
        (httpx.Response(200, json={"code": 50001, "message": "没"}), PlatformRejected, 1),
        (httpx.Response(401, json={"code": 40102}), PlatformRejected, 1),
        (httpx.Response(302, headers={"Location": "http://else"}), PlatformRejected, 1),
    ],
)
async def test_faults_of_the_platform(
    answer: httpx.Response, error: type[PlatformUnavailable], asked: int
) -> None:
    requests = []

    def city(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return answer

    with pytest.raises(PlatformUnavailable) as caught:
        await page_of(city)
    assert type(caught.value) is error
    assert "没" not in str(caught.value)
    assert len(requests) == asked


async def test_a_cut_connection_is_unavailable() -> None:
    def cut(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("https://secret-in-a-url", request=request)

    with pytest.raises(PlatformUnavailable, match=r"^ReadError$"):
        await page_of(cut)


async def test_bytes_that_are_not_text_are_away() -> None:
    nested = json.dumps({"code": 0}).encode() + b"\xff"
    with pytest.raises(PlatformUnavailable):
        await page_of(lambda _: httpx.Response(200, content=nested))
