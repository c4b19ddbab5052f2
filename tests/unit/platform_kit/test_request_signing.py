"""The 12345 signature: both directions, and every way to get it wrong."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.platform_kit.request_signing import (
    BadSignature,
    SignedRequests,
    StaleTimestamp,
    sign,
    verify,
)

NOW = datetime(2026, 11, 23, 1, 15, tzinfo=UTC)
PATH = "/api/orders?cursor=&limit=50"
BODY = '{"reason":"不属供水"}'.encode()


def test_the_signature_is_the_one_written_down() -> None:
    headers = sign("app", "secret", "post", PATH, BODY, NOW, "n1")
    covered = f"POST\n{PATH}\n1795396500\nn1\n{hashlib.sha256(BODY).hexdigest()}"
    assert headers == {
        "X-App-Id": "app",
        "X-Timestamp": "1795396500",
        "X-Nonce": "n1",
        "X-Signature": hmac.digest(b"secret", covered.encode(), "sha256").hex(),
    }


@pytest.mark.parametrize(
    ("seconds", "accepted"),
    [(0, True), (300, True), (-300, True), (301, False), (-301, False), (86_400, False)],
)
def test_the_window_is_five_minutes_either_way(seconds: int, accepted: bool) -> None:
    headers = httpx.Headers(sign("app", "s", "GET", PATH, b"", NOW, "n"))
    later = NOW + timedelta(seconds=seconds)
    if accepted:
        verify(headers, "GET", PATH, b"", "s", later)
    else:
        with pytest.raises(StaleTimestamp):
            verify(headers, "GET", PATH, b"", "s", later)


@given(
    secret=st.text(max_size=30).filter(str.isprintable),
    body=st.binary(max_size=200),
    where=st.integers(min_value=0),
    flip=st.integers(1, 255),
)
def test_signing_round_trips_and_a_flipped_byte_is_caught(
    secret: str, body: bytes, where: int, flip: int
) -> None:
    headers = httpx.Headers(sign("app", secret, "POST", PATH, body, NOW, "n"))
    verify(headers, "POST", PATH, body, secret, NOW)
    if body:
        changed = bytearray(body)
        changed[where % len(body)] ^= flip
        with pytest.raises(BadSignature):
            verify(headers, "POST", PATH, bytes(changed), secret, NOW)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"X-Signature": ""}, id="empty signature"),
        pytest.param({"X-Signature": "水"}, id="signature that is not ASCII"),
        pytest.param({"X-Nonce": "other"}, id="another nonce"),
        pytest.param({"X-Timestamp": "1795396501"}, id="another time"),
        pytest.param({"X-Timestamp": "soon"}, id="no time at all"),
    ],
)
def test_a_changed_header_is_refused(change: dict[str, str]) -> None:
    headers = sign("app", "s", "GET", PATH, b"", NOW, "n") | change
    with pytest.raises(BadSignature):
        verify(headers, "GET", PATH, b"", "s", NOW)


def test_missing_headers_are_refused() -> None:
    with pytest.raises(BadSignature):
        verify({}, "GET", PATH, b"", "s", NOW)


@pytest.mark.parametrize("timestamp", ["soon", "", "-1", "1e9", "９９", "9" * 400])
def test_a_time_that_is_none_is_refused_even_where_it_is_signed(timestamp: str) -> None:
    covered = f"GET\n{PATH}\n{timestamp}\nn\n{hashlib.sha256(b'').hexdigest()}"
    signature = hmac.digest(b"s", covered.encode(), "sha256").hex()
    headers = {"X-Timestamp": timestamp, "X-Nonce": "n", "X-Signature": signature}
    with pytest.raises(BadSignature):
        verify(headers, "GET", PATH, b"", "s", NOW)


async def test_every_request_of_a_client_is_signed_as_it_goes_out() -> None:
    def receive(request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode()
        verify(request.headers, request.method, path, request.content, "s", NOW)
        return httpx.Response(200, json={"path": path, "app": request.headers["X-App-Id"]})

    async with httpx.AsyncClient(
        base_url="http://12345.test/base",
        auth=SignedRequests("app", "s", clock=lambda: NOW),
        transport=httpx.MockTransport(receive),
    ) as client:
        got = await client.get("/api/orders", params={"cursor": "水 1", "limit": 2})
        assert got.json() == {
            "path": "/base/api/orders?cursor=%E6%B0%B4+1&limit=2",
            "app": "app",
        }
        posted = await client.post("/api/orders/号1/replies", json={"publicAnswer": "已修复"})
        assert posted.status_code == 200
