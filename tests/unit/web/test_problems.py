"""Every answer that is no success is problem+json, in the reader's language."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest
import structlog
from fastapi import APIRouter
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from structlog.testing import capture_logs

from shared.bus.protocol import BusUnavailable
from shared.clock import ManualClock
from shared.db import Database
from shared.routes import Route
from shared.web import service_app

raising: list[Exception] = []
router = APIRouter(route_class=Route)


@router.get("/raises")
async def raises() -> None:
    raise raising[0]


@router.get("/limited")
async def limited(limit: int) -> int:
    return limit


@pytest.fixture
async def client(clock: ManualClock) -> AsyncIterator[httpx.AsyncClient]:
    app = service_app("here", Database("postgresql:///none", "here", clock), "")
    app.include_router(router)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
        yield client


async def answer_to(client: httpx.AsyncClient, error: Exception, **headers: str) -> httpx.Response:
    raising[:] = [error]
    return await client.get("/raises", headers=headers)


@pytest.mark.parametrize(
    "error",
    [
        PoolTimeoutError("the pool is full"),
        DBAPIError("SELECT 1", {}, asyncpg.AdminShutdownError("gone")),
        InterfaceError("SELECT 1", {}, asyncpg.InterfaceError("connection is closed")),
        ConnectionRefusedError("no server"),
        BusUnavailable("no broker"),
        DBAPIError("SELECT 1", {}, asyncpg.UndefinedColumnError("code and schema apart")),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_what_may_pass_is_503_and_says_when_to_ask_again(
    client: httpx.AsyncClient, error: Exception
) -> None:
    if isinstance(error, DBAPIError):
        error.orig.sqlstate = "57P01"  # type: ignore[union-attr]
    answer = await answer_to(client, error)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["title"] == "系统暂时无法处理，没有保存。请稍后再试。"


async def test_a_failure_is_500_in_words_and_logged_once(client: httpx.AsyncClient) -> None:
    structlog.reset_defaults()
    with capture_logs() as logged:
        answer = await answer_to(client, ValueError("13800001111"), **{"Accept-Language": "en"})
    assert answer.status_code == 500
    assert answer.json()["title"] == "Something failed and was recorded; try later."
    assert "138" not in answer.text
    assert [(line["event"], line["route"]) for line in logged] == [("request_failed", "/raises")]


@pytest.mark.parametrize(
    ("method", "address", "status", "key"),
    [
        ("GET", "/nothing", 404, "not_found"),
        ("DELETE", "/limited", 405, "method_not_allowed"),
        ("GET", "/limited?limit=many", 422, "invalid_request"),
    ],
)
async def test_fastapis_own_refusals_in_words(
    client: httpx.AsyncClient, method: str, address: str, status: int, key: str
) -> None:
    answer = await client.request(method, address)
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["type"]) == (status, f"urn:waterdesk:problem:{key}")
    assert answer.headers["content-language"] == "zh"
    assert status != 405 or answer.headers["allow"] == "GET"


async def test_the_docs_page_is_off_until_a_setting_turns_it_on(clock: ManualClock) -> None:
    database = Database("postgresql:///none", "here", clock)
    for docs, status in ((False, 404), (True, 200)):
        transport = httpx.ASGITransport(service_app("here", database, "", docs=docs))
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            assert (await client.get("/docs")).status_code == status
            assert (await client.get("/redoc")).status_code == 404
            assert (await client.get("/openapi.json")).status_code == 200
