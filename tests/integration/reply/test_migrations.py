"""The migrations make what the models say."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from services.reply.models import metadata
from shared.bus.tables import metadata as bus_metadata
from tests.integration.reply.harness import NewDatabase


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    context.opts["target_metadata"] = [metadata, bus_metadata]
    return list(compare_metadata(context, [metadata, bus_metadata]))  # type: ignore[arg-type]


async def test_the_migrations_make_what_the_models_say(new_database: NewDatabase) -> None:
    database = await new_database("reply")
    async with database.engine.connect() as connection:
        assert await connection.run_sync(_differences) == []
