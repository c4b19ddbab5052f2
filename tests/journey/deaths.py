"""SIGKILL for a whole process group, at an exact step between us and a platform."""

import os
import re
import signal
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send


@dataclass(frozen=True, slots=True)
class Death:
    """When `who` has done the `nth` request of this kind, and before anybody hears its answer.

    Who answers has stored what it was told by then; who asked never knows.
    """

    who: str
    """`simulators`, or the service that answers."""
    method: str
    path: str
    """A regular expression for the whole of it."""
    nth: int

    def as_json(self) -> Mapping[str, object]:
        return asdict(self)


class _Deadly:
    """An ASGI middleware."""

    def __init__(self, app: ASGIApp, death: Death) -> None:
        self._app = app
        self._death = death
        self._path = re.compile(death.path)
        self._done = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fits = (
            scope["type"] == "http"
            and scope["method"] == self._death.method
            and self._path.fullmatch(scope["path"])
        )

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < 300:
                self._done += 1
                if self._done == self._death.nth:
                    os.killpg(0, signal.SIGKILL)
            await send(message)

        await self._app(scope, receive, answer if fits else send)


def bring(death: Death, apps: Mapping[str, FastAPI]) -> None:
    """Let the process group of whoever calls this die so. Before any app has been asked."""
    apps[death.who].add_middleware(_Deadly, death=death)
