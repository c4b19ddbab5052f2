"""The bench of deadlines, with few of them: what two sweepers record while one is killed."""

import asyncio
from pathlib import Path

from shared.settings import CommonSettings
from waterdesk.benchmarks.deadlines import POSTGRES_SETTINGS, measure
from waterdesk.installation import open_installation


def test_a_killed_sweeper_leaves_nothing_unrecorded_and_nothing_is_recorded_twice(
    tmp_path: Path,
) -> None:
    settings = CommonSettings(home=tmp_path, database_url=None, bus="embedded", bus_url=None)
    with open_installation(settings, POSTGRES_SETTINGS) as installation:
        asyncio.run(installation.migrate(("reply",)))
        enforced = asyncio.run(measure(installation, rows=2000, per_second=50, seconds=4))
    assert (enforced.due, enforced.missed, enforced.twice) == (200, 0, 0)
