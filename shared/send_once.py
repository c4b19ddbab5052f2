"""Sending a request once: what each kind of failure says about whether it arrived."""

from datetime import timedelta

import httpx

from shared.http import PlatformRejected, PlatformUnavailable, exchange, printable_code, retry_after


class Refused(Exception):
    """The other side will never take this as it is: a person must look at it.

    Carries the other side's code, never the words sent.
    """


class Ambiguous(Exception):
    """It may have been taken (time-out after sending): find out before sending it again.

    `retry_after`: the pause the other side asks for, where it names one.
    """

    def __init__(self, why: str, retry_after: timedelta | None = None) -> None:
        super().__init__(why)
        self.retry_after = retry_after


_NEVER_LEFT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)
_NOT_NOW = frozenset({408, 425, 429})
_NOT_US = frozenset({401, 403, 407})
"""Rejected before it was read: wrong signature or key, or a firewall."""


async def send_once(client: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
    """The 2xx response to a request that changes something at the platform; never sent again here.

    Raises PlatformUnavailable where it did nothing (PlatformRejected: our account is wrong),
    Refused where it will never do this, Ambiguous where it may have done it: a cut or silent
    connection, and a server error (503 too), which a gateway also answers when the platform behind
    it has worked but was slow.
    """
    try:
        response = await exchange(client, request)
    except _NEVER_LEFT as error:
        raise PlatformUnavailable(type(error).__name__) from None
    except httpx.HTTPError as error:
        raise Ambiguous(type(error).__name__) from None
    status = response.status_code
    if response.is_success:
        return response
    if status in _NOT_NOW:
        raise PlatformUnavailable(f"HTTP {status}", retry_after(response))
    if status in _NOT_US or response.is_redirect:
        raise PlatformRejected(f"HTTP {status}", status)
    if status >= 500:
        raise Ambiguous(f"HTTP {status}", retry_after(response))
    raise Refused(f"HTTP {status} code {code_of(response, 'code')}")


def answer_of(response: httpx.Response) -> dict[str, object]:
    """The JSON object of a 2xx response. Raises Ambiguous: with 2xx the platform did something."""
    try:
        answer = response.json()
    except (ValueError, RecursionError):
        raise Ambiguous("the answer is not JSON") from None
    if not isinstance(answer, dict):
        raise Ambiguous("the answer is not an object")
    return answer


def code_of(response: httpx.Response, field: str) -> str:
    """The platform's own code for a refusal, never its words, which may quote ours."""
    try:
        return printable_code(answer_of(response).get(field))
    except Ambiguous:
        return "unknown"
