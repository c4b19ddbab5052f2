"""Injected failures: each waits in a queue until an operation it applies to is called."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import httpx
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Receive, Scope, Send

from shared.clock import Clock

_OUTAGE_SECONDS = 6 * 3600


class FailureMode(StrEnum):
    ERROR_5XX = "error_5xx"
    """HTTP 503; nothing is stored."""
    TIMEOUT_BEFORE_ACCEPTING = "timeout_before_accepting"
    """The connection is cut without an answer; nothing is stored."""
    TIMEOUT_AFTER_ACCEPTING = "timeout_after_accepting"
    """Stored, then the connection is cut without an answer. Only operations that store."""
    RESET_AFTER_ACCEPTING = "reset_after_accepting"
    """Stored, then the connection is reset."""
    ERROR_500_AFTER_ACCEPTING = "error_500_after_accepting"
    """Stored, then HTTP 500."""
    ERROR_503_AFTER_ACCEPTING = "error_503_after_accepting"
    """Stored, then HTTP 503, as from a gateway that did not wait."""
    OUTAGE = "outage"
    """HTTP 503 to everything, and nothing is stored, for `amount` seconds (six hours)."""
    WAF_403 = "waf_403"
    """A firewall's HTML page; nothing is stored."""
    DUPLICATE = "duplicate"
    """The same twice: each item of a page, or one push."""
    DISORDER = "disorder"
    """A page, or the pushes due now, in reverse order."""
    LATE = "late"
    """A page of the 12345 feed shows nothing yet; a push waits `amount` seconds (60); an answer on
    the board appears only after `amount` reads of its thread (3)."""


@dataclass(frozen=True, slots=True)
class InjectedFailure:
    kind: FailureMode
    on: str | None = None
    """The only operation it applies to (names: README.md), or None for any."""
    amount: int | None = None
    until: datetime | None = None
    """When it ends by itself, however often it was met; None: it happens once."""


class FailureQueue:
    """Failures queued for one simulator. They are not in the journal: a restart forgets them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: list[InjectedFailure] = []

    def add(
        self, kind: FailureMode, times: int = 1, on: str | None = None, amount: int | None = None
    ) -> None:
        until = None
        if kind is FailureMode.OUTAGE:
            until = self._clock.now() + timedelta(seconds=amount or _OUTAGE_SECONDS)
        self._waiting.extend([InjectedFailure(kind, on, amount, until)] * times)

    def take(self, kind: FailureMode, operation: str) -> InjectedFailure | None:
        """Return the oldest failure of this kind that applies to the operation, and remove it
        unless it goes on until a time."""
        now = self._clock.now()
        self._waiting = [each for each in self._waiting if not each.until or now < each.until]
        for index, failure in enumerate(self._waiting):
            if failure.kind is kind and failure.on in (None, operation):
                return failure if failure.until else self._waiting.pop(index)
        return None

    def waiting(self) -> tuple[InjectedFailure, ...]:
        return tuple(self._waiting)

    def clear(self) -> None:
        self._waiting.clear()


class Rejected(Exception):
    """The simulated platform rejects a request; `body` is its own error answer."""

    def __init__(self, body: Mapping[str, Any], status: int = 200) -> None:
        super().__init__(status)
        self.body = body
        self.status = status


def answer(
    failures: FailureQueue,
    operation: str,
    act: Callable[[], Mapping[str, Any]],
    *,
    stores: bool,
    status: int = 200,
) -> Response:
    """Do `act` and answer with what it returns, unless a failure is queued for this operation."""
    for mode, instead in _BEFORE_ACCEPTING.items():
        if failures.take(mode, operation):
            return instead()
    try:
        body = act()
    except Rejected as refused:
        return JSONResponse(refused.body, refused.status)
    for mode, instead in _AFTER_ACCEPTING.items() if stores else ():
        if failures.take(mode, operation):
            return instead()
    return JSONResponse(body, status)


def page_of(
    failures: FailureQueue, operation: str, items: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """One page of a list, reordered or doubled by queued failures. Changes `items`."""
    if len(items) > 1 and failures.take(FailureMode.DISORDER, operation):
        items.reverse()
    if items and failures.take(FailureMode.DUPLICATE, operation):
        items = [item for item in items for _ in range(2)]
    return items


class ConnectionCut(httpx.ReadTimeout):
    """What a client in the same process (httpx.ASGITransport) sees as a read that timed out."""


class ConnectionReset(httpx.ReadError):
    """What a client in the same process sees as a connection that was reset."""


class CutConnection(Response):
    """Cuts the connection at once, so that no test waits for a real timeout.

    Over a socket the server closes the connection before the body it has announced: the client
    knows as little as after a timeout.
    """

    error: type[httpx.TransportError] = ConnectionCut

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-length", b"1")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        raise self.error("injected: the simulator cut the connection")


class ResetConnection(CutConnection):
    error = ConnectionReset


def _error(status: int) -> Callable[[], Response]:
    return lambda: JSONResponse({"message": "服务暂不可用"}, status)


_BEFORE_ACCEPTING: Mapping[FailureMode, Callable[[], Response]] = {
    FailureMode.OUTAGE: _error(503),
    FailureMode.ERROR_5XX: _error(503),
    FailureMode.WAF_403: lambda: HTMLResponse("<html><title>403</title>访问被拦截</html>", 403),
    FailureMode.TIMEOUT_BEFORE_ACCEPTING: CutConnection,
}
_AFTER_ACCEPTING: Mapping[FailureMode, Callable[[], Response]] = {
    FailureMode.TIMEOUT_AFTER_ACCEPTING: CutConnection,
    FailureMode.RESET_AFTER_ACCEPTING: ResetConnection,
    FailureMode.ERROR_500_AFTER_ACCEPTING: _error(500),
    FailureMode.ERROR_503_AFTER_ACCEPTING: _error(503),
}


def silence_cut_connections() -> None:
    """Keep uvicorn from logging a traceback for each injected cut."""

    def is_genuine(record: logging.LogRecord) -> bool:
        injected = (ConnectionCut, ConnectionReset)
        return not (record.exc_info and isinstance(record.exc_info[1], injected))

    logging.getLogger("uvicorn.error").addFilter(is_genuine)
