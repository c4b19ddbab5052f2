import pytest

from shared.clock import ManualClock
from tests.integration.reply.desk import Desk, NewDatabase


@pytest.fixture
async def desk(new_database: NewDatabase, clock: ManualClock) -> Desk:
    return Desk(await new_database("reply"), clock)
