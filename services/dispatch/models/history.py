"""The failure history of the schemes, and what repeats in it."""

from sqlalchemy import Index
from sqlmodel import Field

from shared.columns import Moment

from .base import DispatchTable, Names


class Failure(DispatchTable, table=True):
    """One repaired fault: the failure history of the schemes."""

    __tablename__ = "failure"
    __table_args__ = (
        Index("failure_of_component", "scheme_id", "component", "failed_at"),
        Index("failure_of_county", "county", "failed_at"),
    )

    work_order_id: str = Field(primary_key=True, foreign_key="work_order.id")
    county: str
    scheme_id: str = Field(foreign_key="scheme.id")
    component: str
    failed_at: Moment
    repaired_at: Moment


class Hotspot(DispatchTable, table=True):
    """The same component kind of one scheme failed again within the window."""

    __tablename__ = "hotspot"
    __table_args__ = (Index("hotspot_of_county", "county", "last_at"),)

    scheme_id: str = Field(primary_key=True, foreign_key="scheme.id")
    component: str = Field(primary_key=True)
    county: str
    failures: int
    window_days: int
    first_at: Moment
    last_at: Moment
    work_order_ids: Names
    """Its evidence, the oldest first."""
    noticed_at: Moment
    seen_by: str | None = None
    """Who of the supervisors has seen it as it now is."""
    seen_at: Moment | None = None
