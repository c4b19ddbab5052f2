"""What goes wrong on demand: each fault waits in a queue until an operation it fits comes by."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import httpx
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Receive, Scope, Send


class FaultKind(StrEnum):
    ERROR_5XX = "error_5xx"
    """HTTP 503; nothing is stored."""
    TIMEOUT_BEFORE_ACCEPTING = "timeout_before_accepting"
    """The connection is cut without an answer; nothing is stored."""
    TIMEOUT_AFTER_ACCEPTING = "timeout_after_accepting"
    """Stored, then the connection is cut without an answer. Only operations that store."""
    WAF_403 = "waf_403"
    """A firewall's HTML page; nothing is stored."""
    DUPLICATE = "duplicate"
    """The same twice: each item of a page, or one push."""
    DISORDER = "disorder"
    """A page, or the pushes due now, the other way round."""
    LATE = "late"
    """A page of the 12345 feed shows nothing yet; a push waits `amount` seconds (60); an answer on
    the board appears only after `amount` reads of its thread (3)."""


@dataclass(frozen=True, slots=True)
class Fault:
    kind: FaultKind
    on: str | None = None
    """The only operation it fits, or None for any: see the README for their names."""
    amount: int | None = None


class Faults:
    """The faults that wait for one simulator. They are tools, not facts: a restart forgets them."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(
        self, kind: FaultKind, times: int = 1, on: str | None = None, amount: int | None = None
    ) -> None:
        self._waiting.extend([Fault(kind, on, amount)] * times)

    def take(self, kind: FaultKind, operation: str) -> Fault | None:
        """The oldest fault of this kind that fits the operation; it will not happen again."""
        for index, fault in enumerate(self._waiting):
            if fault.kind is kind and fault.on in (None, operation):
                return self._waiting.pop(index)
        return None

    def waiting(self) -> tuple[Fault, ...]:
        return tuple(self._waiting)

    def clear(self) -> None:
        self._waiting.clear()


class Refused(Exception):
    """The platform answers no, in its own words."""

    def __init__(self, body: Mapping[str, Any], status: int = 200) -> None:
        super().__init__(status)
        self.body = body
        self.status = status


def answer(
    faults: Faults,
    operation: str,
    act: Callable[[], Mapping[str, Any]],
    *,
    stores: bool,
    status: int = 200,
) -> Response:
    """Do `act` and answer with what it returns, unless a fault waits for this operation."""
    if faults.take(FaultKind.ERROR_5XX, operation):
        return JSONResponse({"message": "服务暂不可用"}, 503)
    if faults.take(FaultKind.WAF_403, operation):
        return HTMLResponse("<html><title>403</title>访问被拦截</html>", 403)
    if faults.take(FaultKind.TIMEOUT_BEFORE_ACCEPTING, operation):
        return CutConnection()
    try:
        body = act()
    except Refused as refused:
        return JSONResponse(refused.body, refused.status)
    if stores and faults.take(FaultKind.TIMEOUT_AFTER_ACCEPTING, operation):
        return CutConnection()
    return JSONResponse(body, status)


def page_of(faults: Faults, operation: str, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One page of a list (the caller's to give away), as the waiting faults make it look."""
    if len(items) > 1 and faults.take(FaultKind.DISORDER, operation):
        items.reverse()
    if items and faults.take(FaultKind.DUPLICATE, operation):
        items = [item for item in items for _ in range(2)]
    return items


class ConnectionCut(httpx.ReadTimeout):
    """What a client in the same process (httpx.ASGITransport) sees as a read that timed out."""


class CutConnection(Response):
    """Answers nothing that can be understood, at once: nobody has to wait for a real timeout.

    Over a socket the server closes the connection before the body it has announced: the client
    knows as little about what happened as after a timeout.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-length", b"1")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        raise ConnectionCut("the simulator cut the connection, as it was asked to")


def keep_quiet_about_cut_connections() -> None:
    """uvicorn logs an exception of its application with a traceback; these are ours to make."""

    def is_news(record: logging.LogRecord) -> bool:
        return not (record.exc_info and isinstance(record.exc_info[1], ConnectionCut))

    logging.getLogger("uvicorn.error").addFilter(is_news)
