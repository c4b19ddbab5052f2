"""The access token that every call to WeChat's or WeCom's server carries.

Source: WeChat's developer documentation, 获取稳定版接口调用凭据, and WeCom's (企业微信), 获取
access_token (path/91039). A token lives 7200 s. Both give every replica of ours the same token as
long as it is good, so nothing has to be shared between processes. WeChat's `force_refresh` is
rationed (20 a day), so it is asked for only when the platform itself refuses the token it would
hand out again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx

from shared.http import PlatformRejected, PlatformUnavailable, exchange

TOKEN_REFUSED = frozenset({40001, 40014, 42001})
"""errcodes that mean: the call was not done, come back with a fresh token."""

BUSY = frozenset({-1, 45009, 45011, 45033})
"""errcodes that mean: nothing was done, come back later. System busy; calls of the day, of the
minute, or at the same time used up."""

TokenRequest = Callable[[bool], httpx.Request]
"""The request for a token; True: for another one than the platform hands out now."""

REFRESH_EARLY = timedelta(minutes=5)
"""Old and new token are both good during the last five minutes of the old one."""


class TokenUnavailable(Exception):
    """WeChat gives us no token (wrong appid or secret, our address not allowed ...).

    Carries WeChat's errcode. No call was made with it, so trying again later is safe.
    """

    def __init__(self, errcode: int) -> None:
        super().__init__(f"no access token: errcode {errcode}")
        self.errcode = errcode


def stable_token(client: httpx.AsyncClient, app_id: str, app_secret: str) -> TokenRequest:
    """For a WeChat official account."""

    def request(force: bool) -> httpx.Request:
        asked = {
            "grant_type": "client_credential",
            "appid": app_id,
            "secret": app_secret,
            "force_refresh": force,
        }
        return client.build_request("POST", "/cgi-bin/stable_token", json=asked)

    return request


class AccessToken:
    """One account's token, fetched when needed, by one caller at a time.

    `client` speaks to WeChat (its base_url is `https://api.weixin.qq.com` or the simulator).
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        token_request: TokenRequest,
        clock: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._token_request = token_request
        self._clock = clock
        self._token = ""
        self._fresh_until: datetime | None = None
        self._fetching = asyncio.Lock()

    async def current(self) -> str:
        """A token that is good now. Raises TokenUnavailable or httpx.HTTPError."""
        async with self._fetching:
            if self._fresh_until is None or self._clock() >= self._fresh_until:
                await self._fetch(force=False)
            return self._token

    async def instead_of(self, refused: str) -> str:
        """A token other than the one WeChat has just refused.

        Callers who were refused with the same token at once cause one fetch between them.
        Raises TokenUnavailable or httpx.HTTPError.
        """
        async with self._fetching:
            if self._token == refused:
                await self._fetch(force=False)
            if self._token == refused:
                await self._fetch(force=True)
            return self._token

    async def call(self, send: Callable[[str], Awaitable[Mapping[str, Any]]]) -> Mapping[str, Any]:
        """Make a call with a token, and once more with a new one where WeChat refused the first.

        `send` takes the token and returns WeChat's JSON answer. A refused token means that nothing
        was done, so the second call can do nothing twice.
        """
        token = await self.current()
        answer = await send(token)
        if answer.get("errcode", 0) in TOKEN_REFUSED:
            answer = await send(await self.instead_of(token))
        return answer

    async def send(self, send: Callable[[str], Awaitable[Mapping[str, Any]]]) -> Mapping[str, Any]:
        """`call`, for a `send` that translates all its own errors, unless it changes nothing: any
        other is about the token, and nothing was sent.

        Raises PlatformUnavailable, PlatformRejected where our account is wrong, and what `send`
        raises.
        """
        try:
            return await self.call(send)
        except TokenUnavailable as error:
            if error.errcode in BUSY:
                raise PlatformUnavailable(str(error)) from None
            raise PlatformRejected(str(error), 200) from None
        except (httpx.HTTPError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise PlatformUnavailable(f"no answer: {type(error).__name__}") from None

    async def _fetch(self, *, force: bool) -> None:
        asked_at = self._clock()
        response = await exchange(self._client, self._token_request(force))
        response.raise_for_status()
        answer = response.json()
        if "access_token" not in answer:
            raise TokenUnavailable(int(answer.get("errcode", -1)))
        self._token = answer["access_token"]
        lives = timedelta(seconds=answer["expires_in"])
        self._fresh_until = asked_at + max(lives - REFRESH_EARLY, lives / 2)
