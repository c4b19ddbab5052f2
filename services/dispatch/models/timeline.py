"""The timeline of a work order."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, NamedTuple

from sqlalchemy import BigInteger, Identity, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from shared.columns import Moment
from shared.events.event import Event

from .base import DispatchTable


class Happening(StrEnum):
    """What happened. The values are message keys; beside each: its details."""

    OPENED = "opened"  # reason
    LINKED = "linked"  # complaints (how many), reason
    LEFT = "complaints_left"  # complaints
    EDITED = "complaint_edited"  # complaint_id
    CHASED = "chased"  # complaint_id, times
    BECAME_URGENT = "became_urgent"
    ASSIGNED = "assigned"  # crew_id, crew, reason, note
    RELEASED = "released"  # crew_id, note
    ACCEPTED = "accepted"  # crew_id
    ARRIVED = "arrived"  # crew_id
    EXPECTED = "expected"  # expected_at (ISO), note
    REPAIRED = "repaired"  # crew_id, component
    REOPENED = "reopened"  # note
    ALERTED = "alerted"  # stage, step, complaints, level, people (sign-in names)
    TAKEN_ON = "taken_on"  # stage, step, complaints
    CLOSED = "closed"  # outcome, note and despite, or merged_into


class WorkOrderStep(DispatchTable, table=True):
    """One line of a work order's timeline."""

    __tablename__ = "work_order_step"
    __table_args__ = (Index("step_of_work_order", "work_order_id", "id"),)

    id: int | None = Field(
        default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(),)
    )
    work_order_id: str = Field(foreign_key="work_order.id")
    at: Moment
    who: str | None
    """A sign-in name; None: the rules."""
    what: str
    """A Happening."""
    details: Annotated[dict[str, Any], Field(sa_type=JSONB)]
    """What the message needs: crew_id, crew, reason (keys), complaints (how many), note, ..."""


@dataclass(slots=True)
class Line:
    """A WorkOrderStep to be written."""

    work_order_id: str
    at: datetime
    who: str | None
    what: Happening
    details: dict[str, Any]


class Change(NamedTuple):
    """What a change of a work order leaves: its line of the timeline, and what others are told."""

    line: Line
    event: Event | None = None
