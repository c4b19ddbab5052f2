from collections.abc import Awaitable, Callable

import pytest

from shared.clock import ManualClock
from shared.db import Database
from tests.integration.dispatch.harness import Dispatch


@pytest.fixture
async def dispatch(
    new_database: Callable[[str], Awaitable[Database]], clock: ManualClock
) -> Dispatch:
    """With the small county in its tables."""
    made = Dispatch(await new_database("dispatch"), clock)
    await made.loads()
    return made
