"""Our categories in official codes: every version of every table that a county has had."""

from typing import Annotated, Any

from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from shared.columns import Moment

from .base import DispatchTable


class CodeTable(DispatchTable, table=True):
    """One version of one table; the largest version stands. Rows are added, never changed."""

    __tablename__ = "code_table"

    county: str = Field(primary_key=True)
    system: str = Field(primary_key=True)
    """The standard's name: GB/T 39666-2020, or a province's own."""
    version: int = Field(primary_key=True)
    """1 is the first that somebody saved."""
    lines: Annotated[list[dict[str, Any]], Field(sa_type=JSONB)]
    """Fields as of rules.official_codes.OfficialCode."""
    changed_by: str
    changed_at: Moment
