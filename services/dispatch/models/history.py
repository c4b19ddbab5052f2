"""The failure history of the schemes, and what repeats in it."""

from datetime import date, datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from services.dispatch.rules.failure_incidents import Repair
from shared.clock import SHANGHAI
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


class HistoryImport(DispatchTable, table=True):
    """One file of past failures that was taken in."""

    __tablename__ = "history_import"

    id: str = Field(primary_key=True)
    county: str
    file_name: str
    imported_at: Moment
    imported_by: str
    failures: int
    """How many of its rows were new."""
    undone_at: Moment | None = None


class PastFailure(DispatchTable, table=True):
    """A failure from before this system, as an office wrote it down."""

    __tablename__ = "past_failure"
    __table_args__ = (
        UniqueConstraint(
            "scheme_id",
            "component",
            "failed_on",
            "village",
            "number",
            name="past_failure_is_told_once",
        ),
        Index("past_failure_of_county", "county", "failed_on"),
        Index("past_failure_of_import", "import_id"),
    )

    id: str = Field(primary_key=True)
    import_id: str = Field(foreign_key="history_import.id")
    county: str
    scheme_id: str = Field(foreign_key="scheme.id")
    component: str
    village: str
    failed_on: date
    repaired_on: date
    complaints: int
    number: str
    """The office's own; empty where it gave none."""
    note: str

    @property
    def repair(self) -> Repair:
        """As if both days were noted at noon: the hours were not written down."""
        return Repair(
            scheme_id=self.scheme_id,
            component=self.component,
            village_code=self.village,
            failed_at=_noon(self.failed_on),
            repaired_at=_noon(self.repaired_on),
            work_order_id=self.id,
            complaints=self.complaints,
            no_water=False,
        )


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=SHANGHAI)
