from collections.abc import Awaitable, Callable

import pytest

from shared.clock import ManualClock
from shared.db import Database
from tests.integration.dispatch.desk import Desk


@pytest.fixture
async def desk(new_database: Callable[[str], Awaitable[Database]], clock: ManualClock) -> Desk:
    """With the small county in its tables."""
    made = Desk(await new_database("dispatch"), clock)
    await made.loads()
    return made
