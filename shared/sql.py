"""Statements that are built once, when their module is loaded.

SQLAlchemy needs longer to build a statement, and to find its compiled form, than PostgreSQL needs
to run a small one. So frequent statements are constants, and what changes is a parameter.
"""

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import ARRAY, Insert, String, Table, TextClause, any_, bindparam, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.sql.elements import CollectionAggregate
from sqlalchemy.types import TypeEngine
from sqlmodel import SQLModel

_NAMED = PGDialect(paramstyle="named")  # type: ignore[no-untyped-call]


def table_of(model: type[SQLModel]) -> Table:
    """The table of a SQLModel class declared with `table=True`, for Core statements."""
    return model.metadata.tables[str(model.__tablename__)]


def any_of(
    name: str, kind: type[TypeEngine[Any]] | TypeEngine[Any] = String
) -> CollectionAggregate[bool]:
    """For `column == any_of(name)`: one array parameter, one statement for any number of values."""
    return any_(bindparam(name, type_=ARRAY(kind)))


def compiled_once(statement: Insert, columns: Iterable[str] = ()) -> TextClause:
    """The same as text. SQLAlchemy caches no INSERT ... ON CONFLICT, and compiles it at every use.

    `columns`: those that get their values when it is executed, where the statement names none.
    """
    compiled = statement.compile(dialect=_NAMED, column_keys=list(columns) or None)
    # text() does not recognise `:name::JSONB` as a parameter.
    return text(compiled.string.replace("::", " ::")).bindparams(
        *(
            bindparam(name, bound.value, bound.type, required=bound.required)
            for name, bound in compiled.binds.items()
        )
    )


def row_written(table: Table, keeping: Collection[str] = ()) -> TextClause:
    """A whole row, new or instead of the one with its key, of which these columns are kept."""
    statement = insert(table)
    key = [column.name for column in table.primary_key]
    changed = {
        column.name: statement.excluded[column.name]
        for column in table.c
        if column.name not in (*key, *keeping)
    }
    return compiled_once(
        statement.on_conflict_do_update(index_elements=key, set_=changed), table.c.keys()
    )
