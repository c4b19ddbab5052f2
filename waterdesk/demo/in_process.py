"""HTTP without sockets: requests go to the app that is named by the host."""

from collections.abc import Mapping

import httpx
from fastapi import FastAPI


class ByHost(httpx.AsyncBaseTransport):
    """`apps`: what answers for each host name. Filled later where apps need each other.

    Raises httpx.ConnectError for a host that is not among them.
    """

    def __init__(self) -> None:
        self.apps: dict[str, FastAPI] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        app = self.apps.get(request.url.host)
        if app is None:
            raise httpx.ConnectError(f"nobody answers for {request.url.host}")
        return await httpx.ASGITransport(app).handle_async_request(request)

    def answer(self, apps: Mapping[str, FastAPI]) -> None:
        self.apps.update(apps)
