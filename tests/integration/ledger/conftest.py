from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from shared.clock import ManualClock
from shared.db import Database
from tests.integration.ledger.world import World


@pytest.fixture
async def world(
    new_database: Callable[[str], Awaitable[Database]], clock: ManualClock, tmp_path: Path
) -> World:
    """All in order."""
    names = ("intake", "dispatch", "reply")
    databases = {name: await new_database(name) for name in names}
    world = World(databases, clock, tmp_path / "simulators.jsonl")
    await world.holds()
    return world
