from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from shared.clock import ManualClock, SystemClock
from shared.connections import Limits
from shared.db import Database
from shared.migrations import make_database, migrate
from tests.integration.audit.sample_data import SampleData
from waterdesk.installation import SERVICES

_SERVICES = Path(__file__).parents[3] / "services"


@pytest.fixture(scope="session")
async def audit_databases(postgres: str) -> AsyncIterator[Mapping[str, Database]]:
    """Made once; every test fills them anew."""
    databases = {}
    for name in SERVICES:
        url = postgres.format(f"ledger_{name}")
        await make_database(url)
        await migrate(url, _SERVICES / name / "migrations")
        databases[name] = Database(url, name, SystemClock(), limits=Limits(pool_size=2))
    yield databases
    for database in databases.values():
        await database.close()


@pytest.fixture
async def data(
    audit_databases: Mapping[str, Database], clock: ManualClock, tmp_path: Path
) -> SampleData:
    """Consistent sample data."""
    data = SampleData(audit_databases, clock, tmp_path / "simulators.jsonl")
    await data.empty()
    await data.fill()
    return data
