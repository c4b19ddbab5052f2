"""Bring one service's database to its newest form, by Alembic; replicas wait for each other."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url

from shared.advisory_locks import AdvisoryLock
from shared.connections import DEFAULT_LIMITS
from shared.db import async_engine


async def make_database(url: str) -> None:
    """Create the database of `url` where it is missing, through the server's `postgres`."""
    target = make_url(url)
    through = target.set(database="postgres").render_as_string(hide_password=False)
    engine = async_engine(through, DEFAULT_LIMITS.without_hurry())
    try:
        async with engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            known = await connection.scalar(
                text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": target.database}
            )
            if not known:
                quoted = engine.dialect.identifier_preparer.quote(str(target.database))
                await connection.execute(text(f"CREATE DATABASE {quoted}"))
    finally:
        await engine.dispose()


async def migrate(url: str, scripts: Path) -> None:
    """Run the migrations in `scripts` (a service's folder `migrations/`) that are not yet run."""
    engine = async_engine(url, DEFAULT_LIMITS.without_hurry())
    try:
        async with engine.begin() as connection:
            await connection.execute(
                text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": AdvisoryLock.MIGRATION}
            )
            await connection.run_sync(_upgrade, scripts)
    finally:
        await engine.dispose()


def _config(scripts: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    return config


def _upgrade(connection: Connection, scripts: Path) -> None:
    config = _config(scripts)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def newest_revision(scripts: Path) -> str | None:
    """The revision a database must be at for this code."""
    return ScriptDirectory.from_config(_config(scripts)).get_current_head()
