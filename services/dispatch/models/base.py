"""What the tables of dispatch have in common."""

from typing import Annotated

from sqlalchemy import MetaData
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field

from shared.table import Table

metadata = MetaData()

Names = Annotated[list[str], Field(sa_type=JSONB)]
"""Codes or names, as a JSON list."""


class DispatchTable(Table, registry=registry(metadata=metadata)):
    metadata = metadata
