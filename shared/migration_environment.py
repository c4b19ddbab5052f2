"""What every service's `migrations/env.py` does: run on the connection migrate() hands over."""

from alembic import context
from sqlalchemy import MetaData

from shared.bus.tables import metadata as bus_metadata


def run(metadata: MetaData) -> None:
    """`metadata`: the service's own tables; the bus's are added for autogenerate."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=[metadata, bus_metadata],
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()
