from collections.abc import AsyncIterator

import pytest

from shared.clock import ManualClock
from tests.integration.reply.desk import Desk, NewDatabase
from tests.integration.reply.postbox import Postbox, open_postbox


@pytest.fixture
async def desk(new_database: NewDatabase, clock: ManualClock) -> Desk:
    return Desk(await new_database("reply"), clock)


@pytest.fixture
async def postbox(desk: Desk) -> AsyncIterator[Postbox]:
    opened = open_postbox(desk)
    yield opened
    await opened.close()
