"""The county's year, lived once for the whole run and killed over and over; and copies of it."""

import subprocess
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared.embedded_postgres import embedded_postgres
from tests.journey.books import Books, read_books, read_journal
from tests.journey.lives import COMPLAINTS_A_YEAR, LIVES, live
from waterdesk.audit.platforms import JOURNAL
from waterdesk.demo.showing import DemoState, said_in_the_year
from waterdesk.simulators.said import Said


@dataclass(frozen=True, slots=True)
class Year:
    home: Path
    said: list[Said]
    happened: Counter[str]
    """What went wrong with the platforms, and how often."""
    books: Books
    """As they stood when the year was over."""


async def books_of(home: Path) -> Books:
    with embedded_postgres(home / "postgres") as server:
        return await read_books(server.format("waterdesk_{}"), read_journal(home / JOURNAL))


@pytest.fixture(scope="session")
async def year(tmp_path_factory: pytest.TempPathFactory) -> Year:
    """Lived to its end by processes of which all but the last were killed, each on the data of the
    one before."""
    home = tmp_path_factory.mktemp("journey") / "home"
    home.mkdir()
    happened: Counter[str] = Counter()
    for life in LIVES:
        happened += await live(life, home)
    said = said_in_the_year(DemoState(home, datetime.now(UTC), COMPLAINTS_A_YEAR))
    return Year(home, said, happened, await books_of(home))


@pytest.fixture
def copy_of_the_year(year: Year, tmp_path: Path) -> Path:
    """A home of its own to go on with: what one test does there, no other sees."""
    subprocess.run(["cp", "-a", year.home, tmp_path / "home"], check=True)
    return tmp_path / "home"
