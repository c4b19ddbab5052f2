"""What each way of failing says about whether a reply arrived, as a table."""

import asyncio
from datetime import timedelta

import httpx
import pytest

from services.reply.channels.channel import Ambiguous, PlatformUnavailable, Refused
from shared.http import PlatformRejected, open_client
from shared.send_once import answer_of, send_once

SECRET = "不可外传"


async def sent(outcome: httpx.Response | Exception) -> httpx.Response:
    asked = 0

    def platform(_: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async with open_client("http://city", transport=httpx.MockTransport(platform)) as client:
        try:
            return await send_once(client, client.build_request("POST", "/", json={"a": SECRET}))
        finally:
            assert asked == 1, "sent once, whatever comes back"


@pytest.mark.parametrize(
    ("outcome", "error"),
    [
        (httpx.ConnectError(SECRET), PlatformUnavailable),
        (httpx.ConnectTimeout(SECRET), PlatformUnavailable),
        (httpx.PoolTimeout(SECRET), PlatformUnavailable),
        (httpx.WriteError(SECRET), Ambiguous),
        (httpx.WriteTimeout(SECRET), Ambiguous),
        (httpx.ReadTimeout(SECRET), Ambiguous),
        (httpx.ReadError(SECRET), Ambiguous),
        (httpx.RemoteProtocolError(SECRET), Ambiguous),
        (httpx.DecodingError(SECRET), Ambiguous),
        (httpx.Response(400, json={"code": 40001, "message": SECRET}), Refused),
        (httpx.Response(404, json={"code": SECRET}), Refused),
        (httpx.Response(409, text=SECRET), Refused),
        (httpx.Response(413), Refused),
        (httpx.Response(422, json=[SECRET]), Refused),
        (httpx.Response(301, headers={"Location": "/x"}), PlatformRejected),
        (httpx.Response(401), PlatformRejected),
        (httpx.Response(403, text=SECRET), PlatformRejected),
        (httpx.Response(429), PlatformUnavailable),
        (httpx.Response(503), Ambiguous),
        (httpx.Response(500), Ambiguous),
        (httpx.Response(502), Ambiguous),
        (httpx.Response(504), Ambiguous),
    ],
)
async def test_a_failure_says_whether_it_arrived(
    outcome: httpx.Response | Exception, error: type[Exception]
) -> None:
    with pytest.raises(Exception) as caught:
        await sent(outcome)
    assert type(caught.value) is error
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_a_2xx_that_cannot_be_read_may_have_been_taken() -> None:
    for answer in (httpx.Response(200, text="<html>"), httpx.Response(200, json=[1])):
        with pytest.raises(Ambiguous):
            answer_of(await sent(answer))


async def test_a_platform_that_goes_on_and_on_is_ambiguous(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.http.EXCHANGE_SECONDS", 0.01)

    async def never(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError("not reached")

    async with open_client("http://city", transport=httpx.MockTransport(never)) as client:
        with pytest.raises(Ambiguous):
            await send_once(client, client.build_request("POST", "/"))


async def test_the_pause_a_busy_platform_asks_for_is_told() -> None:
    for status, error in ((429, PlatformUnavailable), (503, Ambiguous)):
        with pytest.raises(error) as caught:
            await sent(httpx.Response(status, headers={"Retry-After": "120"}))
        assert isinstance(caught.value, PlatformUnavailable | Ambiguous)
        assert caught.value.retry_after == timedelta(seconds=120)
