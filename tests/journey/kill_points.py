"""SIGKILL for a whole session at an exact step between us and a platform."""

import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.journey.process_group import kill_session


@dataclass(frozen=True, slots=True)
class KillPoint:
    """After `app` has handled the `nth` such request and before the answer is sent.

    The answering side has stored its effect; the requesting side never sees the answer.
    """

    app: str
    """`simulators`, or the service that answers."""
    method: str
    path: str
    """Regular expression for the whole path."""
    nth: int

    def as_json(self) -> Mapping[str, object]:
        return asdict(self)


class _KillAtPoint:
    """An ASGI middleware."""

    def __init__(self, app: ASGIApp, point: KillPoint) -> None:
        self._app = app
        self._point = point
        self._path = re.compile(point.path)
        self._done = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fits = (
            scope["type"] == "http"
            and scope["method"] == self._point.method
            and self._path.fullmatch(scope["path"])
        )

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < 300:
                self._done += 1
                if self._done == self._point.nth:
                    kill_session(os.getsid(0))
            await send(message)

        await self._app(scope, receive, answer if fits else send)


def kill_at(point: KillPoint, apps: Mapping[str, FastAPI]) -> None:
    """Kill the calling session at `point`. Call it before the first request."""
    apps[point.app].add_middleware(_KillAtPoint, point=point)
