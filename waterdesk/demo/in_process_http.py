"""HTTP without sockets: the host name of a request selects the app that answers."""

import httpx
from fastapi import FastAPI


class InProcessTransport(httpx.AsyncBaseTransport):
    """`apps`: the app for each host name; filled once apps that need each other exist.

    Raises httpx.ConnectError for an unknown host.
    """

    def __init__(self) -> None:
        self.apps: dict[str, FastAPI] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        app = self.apps.get(request.url.host)
        if app is None:
            raise httpx.ConnectError(f"no app for host {request.url.host}")
        return await httpx.ASGITransport(app).handle_async_request(request)
