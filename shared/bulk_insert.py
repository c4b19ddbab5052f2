"""Many new rows at once, by COPY. For the hot paths."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Table, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

_FIRST_STATEMENT = text("SELECT 1")
"""SQLAlchemy begins a transaction on the server with its first statement, and COPY is not its."""


async def bulk_insert(
    session: AsyncSession, table: Table, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Add new rows in the transaction of `session`, for half of what INSERT costs either side.

    All rows have the columns of the first, in its order. No defaults are filled in but the
    server's. Raises asyncpg's own errors; UniqueViolationError where a row stands there already.
    """
    if not rows:
        return
    columns = [table.c[name] for name in rows[0]]
    as_json = {column.name for column in columns if isinstance(column.type, JSONB)}
    connection = await (await session.connection()).get_raw_connection()
    driver = connection.driver_connection
    assert driver is not None
    if not driver.is_in_transaction():
        await session.execute(_FIRST_STATEMENT)
    await driver.copy_records_to_table(
        table.name,
        columns=[column.name for column in columns],
        records=[
            tuple(
                to_json(value).decode() if name in as_json else value for name, value in row.items()
            )
            for row in rows
        ]
        if as_json
        else [tuple(row.values()) for row in rows],
    )
