"""One embedded PostgreSQL for the whole run; a fresh, migrated database for each test that asks."""

import os
import secrets
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import pytest
from hypothesis import settings
from xdist.remote import Producer

from shared.clock import ManualClock
from shared.connections import Limits
from shared.db import Database
from shared.embedded_postgres import embedded_postgres
from shared.migrations import make_database, migrate
from tests.kafka.brokers import apache_kafka, mock_kafka
from tests.workers import OneWorkerAGroup, dear_first

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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: dear_first(item.nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneWorkerAGroup:
    return OneWorkerAGroup(config, log)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The server's URL with `{}` where the database's name goes.

    Not below pytest's own folder: that is closed, to the account PostgreSQL runs under as well,
    by the next run that begins, and kept for three runs.
    """
    with (
        TemporaryDirectory(prefix="waterdesk-tests-") as folder,
        embedded_postgres(Path(folder) / "data", _FAST) as url,
    ):
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


# A lock that somebody still holds after the test is an error of the test's, and is said.
_EMPTY_IT = """
DO $$
DECLARE
    filled text[] := '{}';
    name text;
    has_rows boolean;
BEGIN
    PERFORM set_config('lock_timeout', '10s', true);
    FOR name IN SELECT oid::regclass FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
            AND relname <> 'alembic_version'
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %s)', name) INTO has_rows;
        IF has_rows THEN filled := filled || name; END IF;
    END LOOP;
    IF filled <> '{}' THEN
        EXECUTE format('TRUNCATE %s RESTART IDENTITY CASCADE', array_to_string(filled, ', '));
    END IF;
END $$
"""


@pytest.fixture(scope="session")
def spare_databases() -> defaultdict[str, list[str]]:
    """URLs of each service's databases that tests have left: migrated, emptied, free to take."""
    return defaultdict(list)


@pytest.fixture
async def new_database(
    postgres: str,
    migrated_template: Callable[[str], Awaitable[str]],
    spare_databases: defaultdict[str, list[str]],
    clock: ManualClock,
) -> AsyncIterator[Callable[[str], Awaitable[Database]]]:
    """`await new_database("reply")`: that service's own, migrated, empty database.

    Emptied after the test for another one, which takes less time and disk than a new copy. So a
    test that changes the tables themselves changes them back.
    """
    taken: list[tuple[str, Database]] = []

    async def take(service: str) -> Database:
        spare = spare_databases[service]
        url = spare.pop() if spare else await _copy(postgres, await migrated_template(service))
        taken.append((url, Database(url, service, clock, limits=Limits(pool_size=4))))
        return taken[-1][1]

    yield take
    for url, database in taken:
        await database.close()
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(_EMPTY_IT)
        finally:
            await connection.close()
        spare_databases[database.service].append(url)
