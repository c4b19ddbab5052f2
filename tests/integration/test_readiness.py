"""What `/readyz` tells of the database and of each part of a service."""

from collections.abc import Awaitable, Callable

import httpx
import pytest
from fastapi import FastAPI

from shared import health
from shared.db import Database
from shared.progress import Progress


@pytest.fixture
async def app(new_database: Callable[[str], Awaitable[Database]]) -> FastAPI:
    app = FastAPI(title="reply")
    app.state.database = await new_database("reply")
    app.include_router(health.router)
    return app


async def _get(app: FastAPI, path: str) -> httpx.Response:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://reply") as client:
        return await client.get(path)


@pytest.mark.parametrize("path", ["/readyz", "/health/ready", "/livez", "/health/live"])
async def test_a_service_that_works_answers_200_at_the_new_and_the_old_path(
    app: FastAPI, path: str
) -> None:
    assert (await _get(app, path)).status_code == 200


async def test_it_names_what_is_late_and_how_old_each_success_is(app: FastAPI) -> None:
    late, well = Progress("relay", late_after=-1), Progress("consumer")
    well.succeeded()
    app.state.parts = [late, well]
    answer = await _get(app, "/readyz")
    assert answer.status_code == 503
    told = answer.json()
    assert told["waiting_for"] == ["relay"]
    assert told["parts"]["relay"]["age"] is None
    assert told["parts"]["consumer"]["ready"]
    assert 0 <= told["parts"]["consumer"]["age"] < 60


async def test_without_its_database_it_is_alive_and_unready(app: FastAPI) -> None:
    app.state.database = Database(
        "postgresql://nobody@127.0.0.1:1/none", "reply", app.state.database.clock
    )
    answer = await _get(app, "/readyz")
    assert answer.status_code == 503
    assert answer.json()["waiting_for"] == ["database"]
    assert (await _get(app, "/livez")).status_code == 200
