"""What commands open before they work: the installation, and one service's database."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Literal

from shared.clock import SystemClock
from shared.db import Database
from shared.logging import configure_logging
from shared.settings import CommonSettings
from waterdesk.composition import open_database
from waterdesk.installation import SERVICES, Installation, open_installation

ServiceName = Literal["intake", "dispatch", "reply"]


def names_of(service: ServiceName | None) -> tuple[str, ...]:
    """None: all services."""
    return SERVICES if service is None else (service,)


@contextmanager
def opened_installation(settings: CommonSettings) -> Iterator[Installation]:
    """With its logging set up. Raises what open_installation raises."""
    configure_logging(settings.log_level)
    with open_installation(settings) as installation:
        yield installation


@asynccontextmanager
async def opened_database(installation: Installation, service: str) -> AsyncIterator[Database]:
    database = open_database(installation, service, SystemClock())
    try:
        yield database
    finally:
        await database.close()
