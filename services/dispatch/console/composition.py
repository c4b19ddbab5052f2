"""The console on a service's app: one line where dispatch is put together."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import httpx
from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from services.dispatch.console.errors import answer_with_pages
from services.dispatch.console.pages import (
    account,
    alerts,
    board,
    calendar,
    call_backs,
    codes,
    complaint,
    crew,
    digest,
    disclosures,
    due,
    enter,
    exports,
    extensions,
    hotspots,
    messages,
    parked,
    pauses,
    policies,
    release_rules,
    replies,
    reply_templates,
    report,
    review,
    rulebook,
    schemes,
    search,
    settings_index,
    sign_in,
    staff,
    staff_ways,
    waiting,
    work_order,
)
from services.dispatch.console.platform_health import PlatformHealth
from services.dispatch.console.rendering import STATIC
from services.dispatch.console.security import SameOriginOnly, SecurityHeaders
from services.dispatch.console.service_clients import ServiceClient
from services.dispatch.policy import policy_of
from services.dispatch.settings import DispatchSettings
from shared.web import TELEMETRY

_PAGES = (
    sign_in,
    account,
    settings_index,
    policies,
    calendar,
    rulebook,
    staff,
    staff_ways,
    board,
    digest,
    alerts,
    call_backs,
    due,
    pauses,  # before work_order, whose steps are any word
    work_order,
    crew,
    enter,  # before complaint: /complaints/new is no complaint's id
    complaint,
    extensions,
    waiting,
    review,
    replies,
    hotspots,
    schemes,
    messages,
    report,
    codes,
    exports,
    parked,
    disclosures,
    reply_templates,
    release_rules,
    search,
)


def add_console(
    app: FastAPI,
    settings: DispatchSettings,
    *,
    intake: httpx.AsyncBaseTransport | None = None,
    reply: httpx.AsyncBaseTransport | None = None,
) -> Callable[[], Awaitable[None]]:
    """Mount the console at the root of `app`, after the routes it has; returns what closes it.

    `app.state.database` and `app.state.secret` are set before. `intake` and `reply`: how they are
    reached, where that is not by TCP (tests).
    """
    console = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, telemetry=TELEMETRY)
    console.state.database = app.state.database
    console.state.secret = app.state.secret
    console.state.policy = policy_of(settings)
    console.state.platform_health = PlatformHealth(
        timedelta(minutes=settings.platform_unavailable_minutes)
    )
    console.state.clients = {
        name: ServiceClient(name, address, app.state.secret, transport)
        for name, address, transport in (
            ("dispatch", "http://dispatch", httpx.ASGITransport(app)),
            ("intake", settings.intake_url, intake),
            ("reply", settings.reply_url, reply),
        )
    }
    console.add_middleware(GZipMiddleware, minimum_size=1500, compresslevel=5)
    console.add_middleware(SameOriginOnly)
    console.add_middleware(SecurityHeaders)
    if settings.trusted_proxies:
        console.add_middleware(ProxyHeadersMiddleware, trusted_hosts=settings.trusted_proxies)
    answer_with_pages(console)
    for each in _PAGES:
        console.include_router(each.router)
    console.mount("/static", StaticFiles(directory=STATIC))
    app.mount("/", console)

    async def close() -> None:
        for client in console.state.clients.values():
            await client.close()

    return close
