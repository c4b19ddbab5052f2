"""Many new rows at once, by COPY. For the hot paths."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any

from pydantic_core import to_json
from sqlalchemy import Table, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_FIRST_STATEMENT = text("SELECT 1")
"""SQLAlchemy begins a transaction on the server with its first statement, and COPY is not its."""


async def bulk_insert(
    session: AsyncSession,
    table: Table,
    rows: "Sequence[Mapping[str, Any]] | Sequence[DataclassInstance]",
) -> None:
    """Add new rows in the transaction of `session`, for half of what INSERT costs either side.

    The first row names the columns: the keys of a mapping, the fields of a dataclass. Every row has
    them, in any order; other columns get the server's defaults. Raises asyncpg's own errors;
    UniqueViolationError where a row is there already.
    """
    if not rows:
        return
    names, values_of = _columns_of(rows[0])
    as_json = [isinstance(table.c[name].type, JSONB) for name in names]
    records: list[tuple[Any, ...]] = [values_of(row) for row in rows]
    if any(as_json):
        records = [
            tuple(
                to_json(value).decode() if is_json else value
                for value, is_json in zip(record, as_json, strict=True)
            )
            for record in records
        ]
    connection = await (await session.connection()).get_raw_connection()
    driver = connection.driver_connection
    assert driver is not None
    if not driver.is_in_transaction():
        await session.execute(_FIRST_STATEMENT)
    await driver.copy_records_to_table(table.name, columns=list(names), records=records)


def _columns_of(row: object) -> tuple[Sequence[str], Callable[[object], tuple[Any, ...]]]:
    if is_dataclass(row):
        names = tuple(each.name for each in fields(row))
        return names, _as_tuple(attrgetter(*names), names)
    assert isinstance(row, Mapping)
    names = tuple(row)
    return names, _as_tuple(itemgetter(*names), names)


def _as_tuple(
    get: Callable[[Any], Any], names: Sequence[str]
) -> Callable[[object], tuple[Any, ...]]:
    """A getter of one name gives the value itself rather than a tuple."""
    return get if len(names) > 1 else lambda row: (get(row),)
