"""The access token: fetched once, in time, and again when WeChat refuses it."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from shared import http
from shared.platform_kit.wechat_token import AccessToken, TokenUnavailable, stable_token


class Platform:
    """Hands out numbered tokens; the current one again unless forced or expired, as WeChat does."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 1, 15, tzinfo=UTC)
        self.asked: list[dict[str, Any]] = []
        self.issued = 0
        self.expires = self.now
        self.broken: dict[str, Any] | None = None

    def answer(self, request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)
        self.asked.append(asked)
        if self.broken:
            return httpx.Response(200, json=self.broken)
        if asked["force_refresh"] or self.now >= self.expires - timedelta(minutes=5):
            self.issued += 1
            self.expires = self.now + timedelta(seconds=7200)
        lives = int((self.expires - self.now).total_seconds())
        return httpx.Response(
            200, json={"access_token": f"token-{self.issued}", "expires_in": lives}
        )


@pytest.fixture
def platform() -> Platform:
    return Platform()


@pytest.fixture
async def token(platform: Platform) -> AsyncIterator[AccessToken]:
    async with httpx.AsyncClient(
        base_url="http://wechat.test", transport=httpx.MockTransport(platform.answer)
    ) as client:
        yield AccessToken(client, stable_token(client, "wx1", "secret"), clock=lambda: platform.now)


async def test_many_callers_at_once_cause_one_fetch(platform: Platform, token: AccessToken) -> None:
    assert set(await asyncio.gather(*(token.current() for _ in range(20)))) == {"token-1"}
    assert platform.asked == [
        {
            "grant_type": "client_credential",
            "appid": "wx1",
            "secret": "secret",
            "force_refresh": False,
        }
    ]


@pytest.mark.parametrize(
    ("minutes", "expected"), [(0, "token-1"), (114, "token-1"), (115, "token-2"), (300, "token-2")]
)
async def test_a_token_is_replaced_five_minutes_before_it_ends(
    platform: Platform, token: AccessToken, minutes: int, expected: str
) -> None:
    await token.current()
    platform.now += timedelta(minutes=minutes)
    assert await token.current() == expected


async def test_a_refused_token_is_replaced_once_for_all_who_were_refused(
    platform: Platform, token: AccessToken
) -> None:
    refused = await token.current()
    fresh = await asyncio.gather(*(token.instead_of(refused) for _ in range(5)))
    assert set(fresh) == {"token-2"}
    assert [asked["force_refresh"] for asked in platform.asked] == [False, False, True]


async def test_a_token_renewed_elsewhere_needs_no_force(
    platform: Platform, token: AccessToken
) -> None:
    refused = await token.current()
    platform.issued = 7
    assert await token.instead_of(refused) == "token-7"
    assert not any(asked["force_refresh"] for asked in platform.asked)


@pytest.mark.parametrize("errcode", [40001, 42001])
async def test_a_call_is_made_again_with_a_fresh_token(token: AccessToken, errcode: int) -> None:
    used: list[str] = []

    async def send(with_token: str) -> Mapping[str, Any]:
        used.append(with_token)
        return {"errcode": errcode if with_token == "token-1" else 0}

    assert await token.call(send) == {"errcode": 0}
    assert used == ["token-1", "token-2"]


async def test_a_call_is_not_made_a_third_time(token: AccessToken) -> None:
    used: list[str] = []

    async def send(with_token: str) -> Mapping[str, Any]:
        used.append(with_token)
        return {"errcode": 40001}

    assert (await token.call(send))["errcode"] == 40001
    assert len(used) == 2


async def test_another_error_is_handed_back_at_once(token: AccessToken) -> None:
    used: list[str] = []

    async def send(with_token: str) -> Mapping[str, Any]:
        used.append(with_token)
        return {"errcode": 45015}

    assert (await token.call(send))["errcode"] == 45015
    assert len(used) == 1


async def test_a_wrong_secret_is_named_by_its_errcode(
    platform: Platform, token: AccessToken
) -> None:
    platform.broken = {"errcode": 40125, "errmsg": "invalid appsecret"}
    with pytest.raises(TokenUnavailable) as raised:
        await token.current()
    assert raised.value.errcode == 40125
    platform.broken = None
    assert await token.current() == "token-1"


async def test_a_server_that_never_ends_its_answer_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def never_ends(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(http, "EXCHANGE_SECONDS", 0.05)
    async with (
        httpx.AsyncClient(
            base_url="http://wechat.test", transport=httpx.MockTransport(never_ends)
        ) as client,
        asyncio.timeout(5),
    ):
        with pytest.raises(httpx.ReadTimeout):
            await AccessToken(
                client, stable_token(client, "wx1", "secret"), lambda: datetime.now(UTC)
            ).current()
