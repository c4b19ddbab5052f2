"""What reply's tables share."""

from typing import Any

from sqlalchemy import MetaData
from sqlalchemy.orm import registry
from sqlmodel import SQLModel

metadata = MetaData()


class ReplyTable(SQLModel, registry=registry(metadata=metadata)):
    """New rows of the hot paths are written by COPY, which names no column that starts empty or
    has a default in the database (`starts_as`)."""

    metadata = metadata


def starts_as(value: str) -> dict[str, Any]:
    """`sa_column_kwargs` of a column whose first value the database fills in."""
    return {"server_default": value}
