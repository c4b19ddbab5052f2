"""What the tables of dispatch have in common."""

from typing import Annotated, Any

from sqlalchemy import MetaData
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

metadata = MetaData()

Names = Annotated[list[str], Field(sa_type=JSONB)]
"""Codes or names, as a JSON list."""


class DispatchTable(SQLModel, registry=registry(metadata=metadata)):
    metadata = metadata

    def __setattr__(self, name: str, value: Any) -> None:
        # SQLAlchemy's attributes notice a change by themselves; SQLModel's way sets it twice.
        object.__setattr__(self, name, value)
