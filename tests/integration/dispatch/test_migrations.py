"""The migrations make what the models say."""

from collections.abc import Awaitable, Callable

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from services.dispatch.models import metadata
from shared.bus.tables import metadata as bus_metadata
from shared.db import Database


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    context.opts["target_metadata"] = [metadata, bus_metadata]
    return list(compare_metadata(context, [metadata, bus_metadata]))  # type: ignore[arg-type]


async def test_the_migrations_make_what_the_models_say(
    new_database: Callable[[str], Awaitable[Database]],
) -> None:
    database = await new_database("dispatch")
    async with database.engine.connect() as connection:
        assert await connection.run_sync(_differences) == []
