"""How Waterdesk asks others over HTTP: one kind of client, and one retry policy for reading.

Only a request that reads is retried. One that changes something is sent once, by the code that
knows what a lost response means there.
"""

import asyncio
import logging
import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import cast

import httpx
from opentelemetry.trace import SpanKind
from tenacity import (
    AsyncRetrying,
    retry_if_exception,
    stop_after_attempt,
    wait_random_exponential,
)

from shared.telemetry import inject_trace, span

# httpx writes every address at INFO; WeChat's addresses hold the access token.
logging.getLogger("httpx").setLevel(logging.WARNING)

USER_AGENT = "Waterdesk (rural drinking-water complaint desk)"
CONNECT_SECONDS = 5.0
SILENCE_SECONDS = 10.0
"""The longest pause between two bytes."""
EXCHANGE_SECONDS = 30.0
"""The longest any request may take in all."""


class PlatformUnavailable(Exception):
    """The other side cannot do what it was asked now, and surely has not done it: ask again later.

    `retry_after`: the pause it asks for, where it names one.
    """

    def __init__(self, why: str, retry_after: timedelta | None = None) -> None:
        super().__init__(why)
        self.retry_after = retry_after


class PlatformRejected(PlatformUnavailable):
    """The platform refuses us: account, signature or form are wrong. Nothing was done, and nothing
    will be until a person has corrected the settings.

    `status` is HTTP's, `code` the platform's own ("" where it gave none); never its message.
    """

    def __init__(self, why: str, status: int, code: str = "") -> None:
        super().__init__(why)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how long one read is tried while the other side is unavailable; seconds."""

    attempts: int = 4
    first_wait: float = 0.25
    longest_wait: float = 4.0


ONCE = RetryPolicy(attempts=1)


def open_client(
    base_url: str,
    *,
    auth: httpx.Auth | None = None,
    silence_seconds: float = SILENCE_SECONDS,
    transport: httpx.AsyncBaseTransport | None = None,
) -> httpx.AsyncClient:
    """A client of one platform or service. It follows no redirects: no API we call uses them."""
    return httpx.AsyncClient(
        base_url=base_url,
        auth=auth,
        headers={"User-Agent": USER_AGENT, "Accept": "application/json"},
        timeout=httpx.Timeout(silence_seconds, connect=CONNECT_SECONDS, pool=CONNECT_SECONDS),
        limits=httpx.Limits(max_connections=10, max_keepalive_connections=5, keepalive_expiry=15.0),
        follow_redirects=False,
        verify=_trusted_authorities(),
        transport=transport,
    )


@cache
def _trusted_authorities() -> ssl.SSLContext:
    """Read once for all clients: reading the list takes longer than all else a client needs."""
    return httpx.create_ssl_context()


async def exchange(client: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
    """Send one request once, as a part of the current trace. Bounded in all by EXCHANGE_SECONDS.

    Raises httpx.HTTPError.
    """
    try:
        with span(request.method, SpanKind.CLIENT, **{"server.address": request.url.host}) as part:
            inject_trace(request.headers)
            async with asyncio.timeout(EXCHANGE_SECONDS):
                response = await client.send(request)
            part.set_attribute("http.response.status_code", response.status_code)
            return response
    except TimeoutError:
        raise httpx.ReadTimeout("the exchange took too long", request=request) from None


def retrying_reads(retry_policy: RetryPolicy) -> AsyncRetrying:
    """Tries again after a PlatformUnavailable that names no time of its own: exponential backoff
    with jitter, bounded; raises the last PlatformUnavailable. For requests that change nothing.
    """
    return AsyncRetrying(
        retry=retry_if_exception(_may_be_retried),
        stop=stop_after_attempt(retry_policy.attempts),
        wait=wait_random_exponential(
            multiplier=retry_policy.first_wait, max=retry_policy.longest_wait
        ),
        reraise=True,
    )


async def read_json(
    client: httpx.AsyncClient,
    request: Callable[[], httpx.Request],
    retry_policy: RetryPolicy,
) -> object:
    """The JSON answer to a request that changes nothing. `request` makes it anew each time.

    Raises PlatformUnavailable, or PlatformRejected for a status that asking again will not change.
    """

    async def attempt() -> object:
        return await _read_once(client, request())

    return await retrying_reads(retry_policy)(attempt)


async def read_coded(
    client: httpx.AsyncClient,
    request: Callable[[], httpx.Request],
    retry_policy: RetryPolicy,
    success: int | str,
) -> Mapping[str, object]:
    """The JSON object that answers a read, of a platform that puts a `code` of its own into it.

    Raises PlatformUnavailable, or PlatformRejected for any code but `success`.
    """
    answer = await read_json(client, request, retry_policy)
    if not isinstance(answer, Mapping):
        raise PlatformUnavailable("the answer is not an object")
    if answer.get("code") != success:
        code = printable_code(answer.get("code"))
        raise PlatformRejected(f"code {code}", 200, code)
    return cast(Mapping[str, object], answer)


def printable_code(code: object) -> str:
    """A platform's code for logs and errors; what is no code stays out of them."""
    text = str(code) if isinstance(code, int | str) else ""
    return text if re.fullmatch(r"[\w.-]{1,20}", text, re.ASCII) else "unknown"


async def _read_once(client: httpx.AsyncClient, request: httpx.Request) -> object:
    try:
        response = await exchange(client, request)
    except httpx.HTTPError as error:
        raise PlatformUnavailable(type(error).__name__) from None
    status = response.status_code
    if status >= 500 or status in (408, 425, 429):
        raise PlatformUnavailable(f"HTTP {status}", retry_after(response))
    if not response.is_success:
        raise PlatformRejected(f"HTTP {status}", status)
    try:
        return cast(object, response.json())
    except (ValueError, RecursionError):
        raise PlatformUnavailable("the answer is not JSON") from None


def retry_after(response: httpx.Response) -> timedelta | None:
    """The pause a response asks for in seconds (RFC 9110, 10.2.3; its date form is not read)."""
    seconds = response.headers.get("Retry-After", "")
    return timedelta(seconds=int(seconds)) if seconds.isascii() and seconds.isdigit() else None


def _may_be_retried(error: BaseException) -> bool:
    return (
        isinstance(error, PlatformUnavailable)
        and not isinstance(error, PlatformRejected)
        and error.retry_after is None
    )
