"""Statements put together once say what they said when they were built at every use."""

import pytest
from sqlalchemy import ARRAY, Column, MetaData, String, Table, bindparam, select
from sqlalchemy.dialects.postgresql import JSONB, asyncpg, insert
from sqlalchemy.exc import InvalidRequestError

from shared.sql import any_of, compiled_once

_POSTGRES = asyncpg.dialect()  # type: ignore[no-untyped-call]
_TABLE = Table("thing", MetaData(), Column("id", String, primary_key=True), Column("facts", JSONB))
_ANEW = insert(_TABLE)
_WRITTEN = compiled_once(
    _ANEW.on_conflict_do_update(
        index_elements=["id"],
        set_={"facts": _ANEW.excluded.facts},
        where=_TABLE.c.id != bindparam("but_for", "x"),
    ),
    ("id", "facts"),
)


def test_parameters_keep_their_types_and_values() -> None:
    parameters = _WRITTEN.compile(dialect=_POSTGRES).binds
    assert {name: type(bound.type) for name, bound in parameters.items()} == {
        "id": String,
        "facts": JSONB,
        "but_for": String,
    }
    assert parameters["but_for"].value == "x"


def test_a_value_that_is_needed_is_asked_for() -> None:
    with pytest.raises(InvalidRequestError, match="facts"):
        _WRITTEN.compile(dialect=_POSTGRES).construct_params({"id": "a"}, _check=True)


def test_the_statement_is_one_that_sqlalchemy_remembers() -> None:
    assert _WRITTEN._generate_cache_key() is not None
    assert _ANEW.on_conflict_do_nothing()._generate_cache_key() is None


def test_any_number_of_values_is_one_parameter() -> None:
    statement = select(_TABLE.c.id).where(_TABLE.c.id == any_of("ids"))
    parameters = statement.compile(dialect=_POSTGRES).binds
    assert isinstance(parameters["ids"].type, ARRAY)
    assert list(parameters) == ["ids"]
