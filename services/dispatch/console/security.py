"""What every answer of the console carries, and which requests it refuses unread."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.dispatch.console.errors import error_page
from services.dispatch.console.language import both
from shared.problems import Problem

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_ON_EVERY_ANSWER = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    # Not `no-referrer`: browsers would then send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class SecurityHeaders:
    """Adds the headers; pages are never stored, assets with a version in their address for ever."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        versioned_asset = "/static/" in scope["path"] and scope["query_string"].startswith(b"v=")

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(_ON_EVERY_ANSWER)
                headers["Cache-Control"] = (
                    "public, max-age=31536000, immutable" if versioned_asset else "no-store"
                )
            await send(message)

        await self.app(scope, receive, send_with_headers)


class SameOriginOnly:
    """Refuses a change that another site's page asks for (cross-site request forgery).

    Browsers say where a request comes from: Sec-Fetch-Site on https and localhost, Origin with
    every POST. A change that carries neither is no browser's form, and is refused as well.
    Source: OWASP CSRF Prevention Cheat Sheet, "Fetch Metadata" and "Verifying Origin".
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        changes = scope["type"] == "http" and scope["method"] not in _SAFE_METHODS
        if changes and not _from_our_own_page(Headers(scope=scope)):
            request = Request(scope)
            request.state.person = None  # nothing is looked up for another site
            refused = await error_page(
                request, Problem(403, "cross_site", both("error.cross_site"))
            )
            await refused(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def _from_our_own_page(headers: Headers) -> bool:
    fetch_site = headers.get("sec-fetch-site")
    if fetch_site is not None:
        return fetch_site in ("same-origin", "none")
    origin = headers.get("origin", "")
    return bool(origin) and urlsplit(origin).netloc == headers.get("host")
