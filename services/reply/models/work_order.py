"""What a reply says about a repair, and which complaints are linked to which work order.

Facts come in order for each work order; `sequence` says which of two came first, whatever their
times say.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from services.reply.rules.milestones import Done
from shared.columns import Moment

from .base import ReplyTable


class WorkOrder(ReplyTable, table=True):
    __tablename__ = "work_order"

    id: str = Field(primary_key=True)
    county: str
    scheme_name: str | None = None
    crew_name: str | None = None
    arrived_at: Moment | None = None
    arrived_sequence: int | None = Field(None, sa_type=BigInteger)
    repaired_at: Moment | None = None
    repaired_sequence: int | None = Field(None, sa_type=BigInteger)
    """Of the last repair."""
    found: str | None = None
    done: str | None = None
    nothing_found: str | None = None
    """What the office wrote when it closed it because nothing was found; empty or None: it did not,
    or a crew has been sent again since."""
    first_repaired_at: Moment | None = None
    first_repaired_sequence: int | None = Field(None, sa_type=BigInteger)
    last_arrived_at: Moment | None = None
    last_arrived_sequence: int | None = Field(None, sa_type=BigInteger)
    expected_at: Moment | None = None
    """When the repair is expected, as was last said."""
    found_so_far: str | None = None
    """What was found, said with it; empty: nothing was."""
    expected_sequence: int | None = Field(None, sa_type=BigInteger)

    @property
    def last_arrived(self) -> Done | None:
        return _done(self.last_arrived_at, self.last_arrived_sequence)

    @property
    def last_repaired(self) -> Done | None:
        return _done(self.repaired_at, self.repaired_sequence)

    @property
    def newest_work(self) -> int:
        """The sequence of the last arrival or repair known; 0: none."""
        return max(self.last_arrived_sequence or 0, self.repaired_sequence or 0)

    @property
    def arrived(self) -> Done | None:
        return _done(self.arrived_at, self.arrived_sequence)

    @property
    def repaired(self) -> Done | None:
        return _done(self.first_repaired_at, self.first_repaired_sequence)


class Link(ReplyTable, table=True):
    """A complaint is linked to this work order until the link with the next sequence."""

    __tablename__ = "link"
    __table_args__ = (Index("link_of_work_order", "work_order_id"),)

    complaint_id: str = Field(primary_key=True)
    sequence: int = Field(primary_key=True, sa_type=BigInteger)
    """Sequence of the event that told of it."""
    work_order_id: str
    linked_at: Moment

    @property
    def since(self) -> Done:
        return Done(self.linked_at, self.sequence)


def _done(at: datetime | None, sequence: int | None) -> Done | None:
    return None if at is None or sequence is None else Done(at, sequence)


@dataclass(slots=True)
class NewLink:
    complaint_id: str
    sequence: int
    work_order_id: str
    linked_at: datetime


@dataclass
class WorkOrderFacts:
    """What one batch of events tells of one work order; what it does not tell stays as it was."""

    id: str
    county: str
    scheme_name: str | None = None
    crew_name: str | None = None
    arrived_at: datetime | None = None
    arrived_sequence: int | None = None
    repaired_at: datetime | None = None
    repaired_sequence: int | None = None
    found: str | None = None
    done: str | None = None
    nothing_found: str | None = None
    first_repaired_at: datetime | None = None
    first_repaired_sequence: int | None = None
    last_arrived_at: datetime | None = None
    last_arrived_sequence: int | None = None
    expected_at: datetime | None = None
    found_so_far: str | None = None
    expected_sequence: int | None = None

    def assign(self, crew_name: str) -> None:
        """A crew is sent (again): that nothing was found no longer stands."""
        self.crew_name, self.nothing_found = crew_name, ""

    def arrive(self, at: datetime, sequence: int) -> None:
        """The first arrival counts; in a later round the last one."""
        self.last_arrived_at, self.last_arrived_sequence = at, sequence
        if self.arrived_at is None:
            self.arrived_at, self.arrived_sequence = at, sequence

    def expect(self, at: datetime, found: str, sequence: int) -> None:
        """The last expectation counts."""
        self.expected_at, self.found_so_far, self.expected_sequence = at, found, sequence

    def repair(self, found: str, done: str, at: datetime, sequence: int) -> None:
        """The last repair is what a draft says; the first one is when it was resolved."""
        self.found, self.done = found, done
        self.repaired_at, self.repaired_sequence = at, sequence
        self.nothing_found = ""
        if self.first_repaired_at is None:
            self.first_repaired_at, self.first_repaired_sequence = at, sequence
