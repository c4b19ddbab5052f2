"""Intake with its own database, the demo county's villages and throw-away keys."""

from collections.abc import Awaitable, Callable

import pytest

from services.intake.gazetteer import load_gazetteer
from services.intake.handlers.taking import Desk
from services.intake.keyed_hashes import KeyedHashes
from shared.db import Database
from shared.privacy.vault import Vault, new_key

SECRET = "a secret of the tests, long enough"


@pytest.fixture(scope="session")
def desk() -> Desk:
    return Desk(load_gazetteer(), Vault([new_key()]), KeyedHashes(SECRET))


@pytest.fixture
async def database(new_database: Callable[[str], Awaitable[Database]]) -> Database:
    return await new_database("intake")
