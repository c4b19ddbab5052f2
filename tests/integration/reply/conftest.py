from collections.abc import AsyncIterator

import pytest

from shared.clock import ManualClock
from tests.integration.reply.harness import Harness, NewDatabase, config_with
from tests.integration.reply.postbox import Postbox, open_postbox


@pytest.fixture
async def harness(new_database: NewDatabase, clock: ManualClock) -> Harness:
    return Harness(await new_database("reply"), clock, config_with(clock))


@pytest.fixture
async def postbox(harness: Harness) -> AsyncIterator[Postbox]:
    opened = open_postbox(harness)
    yield opened
    await opened.close()
