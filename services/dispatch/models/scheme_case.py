"""What a supervisor decided about a scheme that keeps failing, and what came of it."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Self

from sqlalchemy import BigInteger, Identity, Index, text
from sqlmodel import Field

from shared.columns import Moment
from shared.ids import new_id

from .base import DispatchTable


class CaseStatus(StrEnum):
    """The values are message keys."""

    TO_CHECK = "to_check"
    """待核"""
    UNDER_WAY = "under_way"
    """整改中"""
    DONE = "done"
    """已整改"""
    DISMISSED = "dismissed"
    """Looked at, and nothing is to be done; the note says why."""


OPEN_CASE = frozenset({CaseStatus.TO_CHECK, CaseStatus.UNDER_WAY})


@dataclass(frozen=True, slots=True)
class Decided:
    """What a supervisor filled in."""

    status: CaseStatus
    owner: str
    """Empty: whoever had it, or decides now."""
    due_on: date | None
    note: str


class SchemeCase(DispatchTable, table=True):
    """One decision about a scheme. A scheme has one open case at most."""

    __tablename__ = "scheme_case"
    __table_args__ = (
        Index(
            "scheme_case_open",
            "scheme_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("scheme_case_of_county", "county", "opened_at"),
    )

    id: str = Field(primary_key=True)
    scheme_id: str = Field(foreign_key="scheme.id")
    county: str
    status: str
    """A CaseStatus."""
    owner: str
    """The sign-in name of who sees to it."""
    due_on: date | None
    opened_at: Moment
    opened_by: str
    ended_at: Moment | None = None
    """When it was done or dismissed."""
    version: int = 1

    @classmethod
    def opened(
        cls, scheme_id: str, county: str, step: Decided, who: str, now: datetime
    ) -> tuple[Self, "CaseStep"]:
        case = cls(
            id=new_id("k-", now),
            scheme_id=scheme_id,
            county=county,
            status=step.status.value,
            owner=step.owner or who,
            due_on=step.due_on,
            opened_at=now,
            opened_by=who,
            ended_at=None if step.status in OPEN_CASE else now,
        )
        return case, case._step(step.note, who, now)

    def change(self, step: Decided, who: str, now: datetime) -> "CaseStep":
        self.status, self.due_on = step.status.value, step.due_on
        self.owner = step.owner or self.owner
        self.ended_at = None if step.status in OPEN_CASE else now
        self.version += 1
        return self._step(step.note, who, now)

    def _step(self, note: str, who: str, now: datetime) -> "CaseStep":
        return CaseStep(
            case_id=self.id,
            at=now,
            who=who,
            status=self.status,
            owner=self.owner,
            due_on=self.due_on,
            note=note,
        )


class CaseStep(DispatchTable, table=True):
    """One line of a case's history. Lines are only added."""

    __tablename__ = "scheme_case_step"
    __table_args__ = (Index("step_of_scheme_case", "case_id", "id"),)

    id: int | None = Field(
        default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(),)
    )
    case_id: str = Field(foreign_key="scheme_case.id")
    at: Moment
    who: str
    status: str
    owner: str
    due_on: date | None
    note: str
