"""One embedded PostgreSQL for the whole run; a fresh, migrated database for each test that asks."""

import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import asyncpg
import pytest
from hypothesis import settings

from shared.clock import ManualClock
from shared.db import Database
from shared.embedded_postgres import embedded_postgres
from shared.migrations import make_database, migrate
from tests.kafka.brokers import apache_kafka, mock_kafka

__all__ = ["apache_kafka", "mock_kafka"]  # fixtures: one of each for the whole run

# A loaded machine is no failure; and CI judges a change, not the luck of the draw.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")

NOW = datetime(2026, 10, 12, 1, 30, tzinfo=UTC)
"""A Monday morning, 9:30 in Shanghai."""

# What a crash may lose does not matter here (tests that kill the server start their own).
_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
_SERVICES = Path(__file__).parents[1] / "services"
_JOURNEYS = Path(__file__).parent / "journey"


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests run on every core; what is dear to start (a JVM, a browser, a county's year) is started
    on one of them, and all tests that need it go there."""
    for item in items:
        if item.get_closest_marker("kafka"):
            item.add_marker(pytest.mark.xdist_group("kafka"))
        elif item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.xdist_group("browser"))
        elif _JOURNEYS in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("journey"))


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The server's URL with `{}` where the database's name goes."""
    with embedded_postgres(tmp_path_factory.mktemp("postgres") / "data", _FAST) as url:
        yield url


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


async def _copy(postgres: str, template: str) -> str:
    name = f"test_{secrets.token_hex(6)}"
    connection = await asyncpg.connect(postgres.format("postgres"))
    try:
        await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    finally:
        await connection.close()
    return postgres.format(name)


@pytest.fixture(scope="session")
async def migrated_template(postgres: str) -> Callable[[str], Awaitable[str]]:
    """Gives the name of a service's migrated database to copy from, made on first use."""
    made: dict[str, str] = {}

    async def template(service: str) -> str:
        if service not in made:
            name = f"template_{service}"
            await make_database(postgres.format(name))
            await migrate(postgres.format(name), _SERVICES / service / "migrations")
            made[service] = name
        return made[service]

    return template


@pytest.fixture
def new_empty_database(postgres: str) -> Callable[[], Awaitable[str]]:
    """`await new_empty_database()`: the URL of a database with nothing in it."""
    return partial(_copy, postgres, "template0")


@pytest.fixture
async def empty_database_url(postgres: str) -> str:
    return await _copy(postgres, "template0")


@pytest.fixture
async def new_database(
    postgres: str,
    migrated_template: Callable[[str], Awaitable[str]],
    clock: ManualClock,
) -> AsyncIterator[Callable[[str], Awaitable[Database]]]:
    """`await new_database("reply")`: that service's own, migrated, empty database."""
    opened: list[Database] = []

    async def make(service: str) -> Database:
        url = await _copy(postgres, await migrated_template(service))
        opened.append(Database(url, service, clock, pool_size=4))
        return opened[-1]

    yield make
    for database in opened:
        await database.close()
