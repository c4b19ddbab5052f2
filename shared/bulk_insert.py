"""Many rows at once, from and into typed objects. For the hot paths."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from operator import attrgetter, itemgetter
from typing import Any, TypeVar

from pydantic_core import to_json
from sqlalchemy import ARRAY, Select, Table, TextClause, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import class_mapper
from sqlmodel import SQLModel

from shared.sql import table_of

M = TypeVar("M", bound=SQLModel)
_FIRST_STATEMENT = text("SELECT 1")
"""SQLAlchemy begins a transaction on the server with its first statement, and COPY is not its."""


async def bulk_insert(
    session: AsyncSession, table: Table, rows: Sequence[Mapping[str, Any]] | Sequence[object]
) -> None:
    """Add new rows in the transaction of `session`, for half of what INSERT costs either side.

    The first row names the columns: the keys of a mapping, the fields of a dataclass, all
    columns but identity columns of a SQLModel object. Every row has them, in any order;
    other columns get the server's defaults. Raises asyncpg's own errors; UniqueViolationError where
    a row is there already.
    """
    if not rows:
        return
    names = _names_of(rows[0], table)
    if isinstance(rows[0], SQLModel):  # a fifth of what its attributes take to read
        rows = [row.__dict__ for row in rows]
    get: Any = itemgetter(*names) if isinstance(rows[0], Mapping) else attrgetter(*names)
    # A getter of one name gives the value itself rather than a tuple.
    records: list[tuple[Any, ...]] = [get(row) if len(names) > 1 else (get(row),) for row in rows]
    as_json = [isinstance(table.c[name].type, JSONB) for name in names]
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
    await driver.copy_records_to_table(table.name, columns=names, records=records)


def _names_of(row: object, table: Table) -> list[str]:
    if isinstance(row, SQLModel):
        return [column.name for column in table.c if column.identity is None]
    if isinstance(row, Mapping):
        return list(row)
    assert is_dataclass(row)
    return [each.name for each in fields(row)]


async def bulk_update(
    session: AsyncSession, table: Table, rows: Sequence[object], names: tuple[str, ...]
) -> None:
    """Write these columns of the objects into the rows with their primary keys, in one statement:
    an array for each column."""
    if not rows:
        return
    statement, columns = _update(table, names)
    values = zip(*map(attrgetter(*columns), rows), strict=True)
    await session.execute(statement, dict(zip(columns, map(list, values), strict=True)))


@cache
def _update(table: Table, names: tuple[str, ...]) -> tuple[TextClause, tuple[str, ...]]:
    """The statement, and the columns it takes an array of."""
    keys = tuple(column.name for column in table.primary_key)
    columns = keys + names
    types = {name: ARRAY(table.c[name].type) for name in columns}
    dialect = PGDialect()  # type: ignore[no-untyped-call]
    arrays = ", ".join(f"CAST(:{name} AS {types[name].compile(dialect)})" for name in columns)
    changed = ", ".join(f'"{name}" = new."{name}"' for name in names)
    same_row = " AND ".join(f'old."{key}" = new."{key}"' for key in keys)
    quoted = ", ".join(f'"{name}"' for name in columns)
    statement = text(
        f"UPDATE {table.name} AS old SET {changed}"  # noqa: S608 - our own columns
        f" FROM unnest({arrays}) AS new ({quoted}) WHERE {same_row}"
    )
    return statement.bindparams(*(bindparam(n, type_=types[n]) for n in columns)), columns


def new_row(model: type[M], **values: Any) -> M:
    """A new object of a table's class with these columns, and the class's defaults for the others.

    For a twentieth of what SQLModel's constructor costs, which sets every field by itself. Raises
    TypeError where a column is missing or unknown. `values` are not validated, as SQLModel does
    not validate tables' classes either.
    """
    manager, columns, defaults, factories = _shape(model)
    made = defaults | values
    for name, factory in factories:
        if name not in values:
            made[name] = factory()
    if len(made) != len(columns):
        raise TypeError(f"{model.__name__}: {sorted(made.keys() ^ columns)}")
    row: M = manager.new_instance()
    row.__dict__.update(made)
    return row


async def new_rows(
    session: AsyncSession, model: type[M], statement: Select[Any], **parameters: Any
) -> list[M]:
    """Objects of whole rows that the session does not know, to be changed by `bulk_update`. They
    cost a fifth of those in the session."""
    found = await session.execute(statement, parameters)
    return [new_row(model, **row) for row in found.mappings()]


@cache
def _shape(model: type[SQLModel]) -> tuple[Any, frozenset[str], dict[str, Any], list[Any]]:
    manager = class_mapper(model).class_manager  # class_mapper() sets up the class's attributes
    columns = [column for column in table_of(model).c if column.identity is None]
    fields = {column.name: model.model_fields[column.name] for column in columns}
    defaults = {
        name: field.default
        for name, field in fields.items()
        if not field.is_required() and field.default_factory is None
    }
    factories = [
        (name, field.default_factory)
        for name, field in fields.items()
        if field.default_factory is not None
    ]
    return manager, frozenset(fields), defaults, factories
