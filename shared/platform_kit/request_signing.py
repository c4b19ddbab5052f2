"""How Waterdesk and a 12345 hotline sign their requests to each other.

No city publishes its scheme; this is an ordinary HMAC over everything that matters in a request:
`X-Signature = hex(HMAC-SHA256(secret, METHOD \\n PATH?QUERY \\n TIMESTAMP \\n NONCE \\n
hex(SHA256(body))))`, with `X-App-Id`, `X-Timestamp` (unix seconds) and `X-Nonce` beside it.
PATH?QUERY stands as it does on the wire (percent-encoded). A nonce that comes
twice is not refused here: a delivery made twice has the same delivery id, and changes nothing.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import httpx

from shared.platform_kit.signatures import BadSignature as BadSignature
from shared.platform_kit.signatures import StaleTimestamp as StaleTimestamp
from shared.platform_kit.signatures import check_timestamp, same_signature

WINDOW_SECONDS = 300
"""How far a request's timestamp may lie from the receiver's clock, either way."""


def _signature(
    secret: str, method: str, path_and_query: str, timestamp: str, nonce: str, body: bytes
) -> str:
    covered = "\n".join(
        (method.upper(), path_and_query, timestamp, nonce, hashlib.sha256(body).hexdigest())
    )
    return hmac.new(secret.encode(), covered.encode(), hashlib.sha256).hexdigest()


def sign(
    app_id: str,
    secret: str,
    method: str,
    path_and_query: str,
    body: bytes,
    now: datetime,
    nonce: str,
) -> dict[str, str]:
    """The four headers that sign one request."""
    timestamp = str(int(now.timestamp()))
    return {
        "X-App-Id": app_id,
        "X-Timestamp": timestamp,
        "X-Nonce": nonce,
        "X-Signature": _signature(secret, method, path_and_query, timestamp, nonce, body),
    }


def verify(
    headers: Mapping[str, str],
    method: str,
    path_and_query: str,
    body: bytes,
    secret: str,
    now: datetime,
) -> None:
    """Accept a request or raise: BadSignature, or StaleTimestamp for a right but old signature.

    `headers` must find names in any case, as those of httpx and Starlette do.
    """
    timestamp = headers.get("X-Timestamp", "")
    expected = _signature(
        secret, method, path_and_query, timestamp, headers.get("X-Nonce", ""), body
    )
    if not same_signature(headers.get("X-Signature", ""), expected):
        raise BadSignature("the request signature does not match")
    check_window(headers, now)


def check_window(headers: Mapping[str, str], now: datetime) -> None:
    """What can be told before the body is read. Raises BadSignature or StaleTimestamp."""
    check_timestamp(headers.get("X-Timestamp", ""), now, WINDOW_SECONDS)


@dataclass(frozen=True, slots=True)
class SignedRequests(httpx.Auth):
    """Signs every request of an httpx client: `httpx.AsyncClient(auth=SignedRequests(...))`."""

    requires_request_body = True
    app_id: str
    secret: str = field(repr=False)
    clock: Callable[[], datetime]

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers.update(
            sign(
                self.app_id,
                self.secret,
                request.method,
                request.url.raw_path.decode("ascii"),
                request.content,
                self.clock(),
                secrets.token_hex(16),
            )
        )
        yield request
