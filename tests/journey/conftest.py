"""The demo's year, made once per test run by processes that are killed; and copies of it."""

import subprocess
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared.embedded_postgres import embedded_postgres
from tests.journey.process_runs import COMPLAINTS_A_YEAR, RUNS, run_year
from tests.journey.records import Records, read_journal, read_records
from waterdesk.audit.simulator_journal import JOURNAL
from waterdesk.demo.state import DemoState
from waterdesk.simulators.submissions import Submission


@dataclass(frozen=True, slots=True)
class Year:
    home: Path
    submissions: list[Submission]
    failures: Counter[str]
    """Platform failures that happened, by name."""
    records: Records
    """At the year's end."""


async def records_of(home: Path) -> Records:
    with embedded_postgres(home / "postgres") as server:
        return await read_records(server.format("waterdesk_{}"), read_journal(home / JOURNAL))


@pytest.fixture(scope="session")
async def year(tmp_path_factory: pytest.TempPathFactory) -> Year:
    """Made by several processes on the same data; all but the last are killed."""
    home = tmp_path_factory.mktemp("journey") / "home"
    home.mkdir()
    failures: Counter[str] = Counter()
    for run in RUNS:
        failures += await run_year(run, home)
    state = DemoState(home, datetime.now(UTC), COMPLAINTS_A_YEAR)
    return Year(home, state.submissions_of_the_year(), failures, await records_of(home))


@pytest.fixture
def copy_of_the_year(year: Year, tmp_path: Path) -> Path:
    """A copy of the home that the test may change."""
    subprocess.run(["cp", "-a", year.home, tmp_path / "home"], check=True)
    return tmp_path / "home"
