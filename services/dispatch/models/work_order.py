"""A work order and its ways of changing: each returns its line of the timeline and its event."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar, Self

from sqlalchemy import Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.dispatch.rules.fault_matching import OpenFault
from services.dispatch.rules.work_order import WITH_CREW, State, Step, after
from shared.columns import Moment
from shared.events.work_orders import (
    ComplaintsLinked,
    CrewArrived,
    CrewAssigned,
    RepairExpected,
    WorkOrderAccepted,
    WorkOrderClosed,
    WorkOrderRepaired,
)
from shared.vocabulary import Component

from .base import DispatchTable, Names
from .complaint import Complaint
from .timeline import Change, Happening, Line


class Outcome(StrEnum):
    REPAIRED = "repaired"
    NOTHING_FOUND = "nothing_found"
    MERGED = "merged"


class NumbersOfDay(DispatchTable, table=True):
    """How many work orders of one day have a number; its row is locked while numbers are given."""

    __tablename__ = "numbers_of_day"

    county: str = Field(primary_key=True)
    day: date = Field(primary_key=True)
    """In Shanghai."""
    given: int


class WorkOrder(DispatchTable, table=True):
    """维修任务: one fault being repaired, or one task of the office.

    Its counters, `urgent` and `version` are kept by its methods alone.
    """

    __tablename__ = "work_order"
    __table_args__ = (
        Index("work_order_open", "county", "opened_at", postgresql_where=text("state <> 'closed'")),
        Index("work_order_of_scheme", "scheme_id", postgresql_where=text("state <> 'closed'")),
        Index(
            "work_order_of_crew",
            "crew_id",
            postgresql_where=text("state IN ('assigned', 'accepted', 'on_site')"),
        ),
        Index(
            "work_order_without_crew",
            "county",
            postgresql_where=text("state = 'waiting_for_crew'"),
        ),
        Index(
            "work_order_of_number",
            "county",
            "number",
            unique=True,
            postgresql_where=text("number IS NOT NULL"),
        ),
        Index("work_order_of_fault", "rework_of", postgresql_where=text("rework_of IS NOT NULL")),
        Index(
            "work_order_closed", "county", "closed_at", postgresql_where=text("state = 'closed'")
        ),
    )

    id: str = Field(primary_key=True)
    number: str | None = None
    """What people call it: WX-20261128-003, the day (Shanghai) it was opened and a running number
    of that day and county. None: not given yet (handlers/numbering.py)."""
    county: str
    scheme_id: str = Field(foreign_key="scheme.id")
    village_code: str
    village: str
    town: str
    village_group: str | None
    category: str
    component: str
    """What is thought to have failed; after the repair, what has."""
    component_named: bool
    """Somebody said so; else presumed from the category."""
    for_office: bool
    urgent: bool
    state: str = State.WAITING_FOR_CREW.value
    """A rules.work_order.State."""
    version: int = 1
    """Grows with each change of state or crew; a command says which version its maker saw."""
    first_sent_at: Moment
    """When the complaint that opened it was sent: the fault is at least that old."""
    opened_at: Moment
    complaints: int = 0
    """How many are linked to it now."""
    chases: int = 0
    """How often they were asked for again."""
    crew_id: str | None = Field(default=None, foreign_key="crew.id")
    """Who has it; while it waits for rework, who had it last."""
    assigned_at: Moment | None = None
    assign_reason: str | None = None
    """Why this crew, or why none yet: message keys, the strongest first, joined by commas. None
    while it waits: no crew has been looked for yet."""
    given_back_by: Names = Field(default_factory=list, sa_type=JSONB)
    """Crews that gave it back: the rules do not choose them again."""
    accepted_at: Moment | None = None
    arrived_at: Moment | None = None
    expected_at: Moment | None = None
    """When the repair is to be expected, as was last said."""
    found_so_far: str = ""
    repaired_at: Moment | None = None
    found: str = ""
    done: str = ""
    reworks: int = 0
    """How often it was opened again itself."""
    rework_of: str | None = None
    """The first work order of the same fault, which residents say was not solved."""
    closed_at: Moment | None = None
    outcome: str | None = None
    """An Outcome."""
    merged_into: str | None = None

    def is_still(self, fault: OpenFault) -> bool:
        """Whether complaints that matched it then match it now: only a repair or the end of the
        work order changes what it takes."""
        return self.state != State.CLOSED and self.repaired_at == fault.repaired_at

    @property
    def is_with_crew(self) -> bool:
        return self.state in WITH_CREW

    CHANGED_BY_LINK: ClassVar = ("complaints", "chases", "urgent", "assign_reason")

    def link(
        self, complaints: Sequence[Complaint], now: datetime, who: str | None = None
    ) -> list[Change]:
        """Count complaints that Complaint.link_to has linked to it."""
        changes = self.become_urgent(now) if any(each.urgent for each in complaints) else []
        self.complaints += len(complaints)
        self.chases += sum(each.chases for each in complaints)
        by_reason: dict[str, list[str]] = {}
        for each in complaints:
            by_reason.setdefault(str(each.link_reason), []).append(each.id)
        for reason, complaint_ids in by_reason.items():
            linked = ComplaintsLinked(
                work_order_id=self.id,
                county=self.county,
                complaint_ids=tuple(complaint_ids),
                linked_at=now,
                reason=reason,
            )
            details = {"reason": reason, "complaints": len(complaint_ids)}
            changes.append(Change(self._line(Happening.LINKED, now, who, **details), linked))
        return changes

    def unlink(self, complaints: Sequence[Complaint], now: datetime) -> Change:
        """These complaints belong to another one, or to none."""
        self.complaints -= len(complaints)
        self.chases -= sum(each.chases for each in complaints)
        return Change(self._line(Happening.LEFT, now, complaints=len(complaints)))

    def note_edit(self, complaint_id: str, now: datetime) -> Change:
        return Change(self._line(Happening.EDITED, now, complaint_id=complaint_id))

    def chase(self, complaint_id: str, times: int, more: int, at: datetime) -> Change:
        """A complaint was asked for again; `more`: how often since it was last counted."""
        self.chases += more
        return Change(self._line(Happening.CHASED, at, complaint_id=complaint_id, times=times))

    def become_urgent(self, now: datetime) -> list[Change]:
        """Nothing where it is urgent already. Where it waits, a crew is looked for anew."""
        if self.urgent:
            return []
        self.urgent = True
        if self.state == State.WAITING_FOR_CREW:
            self.assign_reason = None
        return [Change(self._line(Happening.BECAME_URGENT, now))]

    CHANGED_BY_ASSIGNMENT: ClassVar = (
        "number",
        "state",
        "version",
        "crew_id",
        "assigned_at",
        "assign_reason",
        "accepted_at",
        "arrived_at",
    )

    def assign(
        self,
        crew_id: str,
        crew_name: str,
        reason: str,
        now: datetime,
        *,
        who: str | None = None,
        note: str = "",
    ) -> Change:
        self._go(Step.ASSIGN)
        self.crew_id, self.assigned_at, self.assign_reason = crew_id, now, reason
        self.accepted_at = self.arrived_at = None
        assigned = CrewAssigned(
            work_order_id=self.id,
            county=self.county,
            crew_id=crew_id,
            crew_name=crew_name,
            assigned_at=now,
            reason=reason,
        )
        details = {"crew_id": crew_id, "crew": crew_name, "reason": reason}
        if note:
            details["note"] = note
        return Change(self._line(Happening.ASSIGNED, now, who, **details), assigned)

    def wait(self, reason: str) -> bool:
        """No crew can go yet. Returns whether that was for another reason before."""
        changes = self.assign_reason != reason
        self.assign_reason = reason
        return changes

    def accept(self, who: str, now: datetime) -> Change:
        """The crew has seen it and is on its way."""
        self._go(Step.ACCEPT)
        self.accepted_at = now
        event = WorkOrderAccepted(
            work_order_id=self.id, county=self.county, crew_id=str(self.crew_id), accepted_at=now
        )
        return Change(self._line(Happening.ACCEPTED, now, who, crew_id=self.crew_id), event)

    def arrive(self, who: str, now: datetime) -> Change:
        """The crew stands at the fault."""
        self._go(Step.ARRIVE)
        self.arrived_at = now
        event = CrewArrived(
            work_order_id=self.id, county=self.county, crew_id=str(self.crew_id), arrived_at=now
        )
        return Change(self._line(Happening.ARRIVED, now, who, crew_id=self.crew_id), event)

    def expect(self, at: datetime, found: str, who: str, now: datetime) -> Change | None:
        """None: that was said already."""
        if (at, found) == (self.expected_at, self.found_so_far):
            return None
        self.expected_at, self.found_so_far = at, found
        event = RepairExpected(
            work_order_id=self.id, county=self.county, expected_at=at, found=found, said_at=now
        )
        details = {"expected_at": at.isoformat(), "note": found}
        return Change(self._line(Happening.EXPECTED, now, who, **details), event)

    def repair(
        self, component: Component, found: str, done: str, who: str, now: datetime
    ) -> Change:
        """`component` is what had really failed."""
        self._go(Step.REPAIR)
        self.component, self.component_named = component.value, True
        self.found, self.done, self.repaired_at = found, done, now
        event = WorkOrderRepaired(
            work_order_id=self.id,
            county=self.county,
            crew_id=str(self.crew_id),
            component=component,
            found=found,
            done=done,
            repaired_at=now,
        )
        details = {"crew_id": self.crew_id, "component": component.value}
        return Change(self._line(Happening.REPAIRED, now, who, **details), event)

    def give_back(self, who: str, note: str, now: datetime) -> Change:
        """Its crew gives it back, or the office takes it: it waits for another crew."""
        self._go(Step.RELEASE)
        had_it = str(self.crew_id)
        self.given_back_by = [*self.given_back_by, had_it]
        self.crew_id = self.assigned_at = self.assign_reason = None
        self.accepted_at = self.arrived_at = None
        return Change(self._line(Happening.RELEASED, now, who, crew_id=had_it, note=note))

    def rework(self, who: str, note: str, now: datetime) -> Change:
        """重办: it was not repaired after all, and waits for a crew again."""
        self._go(Step.REOPEN)
        self.reworks += 1
        self.given_back_by = []
        self.assigned_at = self.assign_reason = self.accepted_at = self.arrived_at = None
        self.repaired_at = self.closed_at = self.outcome = self.expected_at = None
        self.found_so_far = ""
        return Change(self._line(Happening.REOPENED, now, who, note=note))

    def close(
        self, outcome: Outcome, now: datetime, who: str | None = None, **details: str
    ) -> Change:
        """`details`: a person's `note` and `despite` (as in commands.Close), or `merged_into`."""
        self._go(Step.CLOSE)
        self.closed_at, self.outcome = now, outcome.value
        self.merged_into = details.get("merged_into")
        event = WorkOrderClosed(
            work_order_id=self.id,
            county=self.county,
            closed_at=now,
            outcome=outcome.value,
            merged_into=self.merged_into,
            note=details.get("note") if outcome is Outcome.NOTHING_FOUND else None,
        )
        line = self._line(Happening.CLOSED, now, who, outcome=outcome.value, **details)
        return Change(line, event)

    def merge_into(
        self, target: Self, complaints: Sequence[Complaint], who: str, now: datetime
    ) -> list[Change]:
        """Both are one fault: `complaints` (all of this one's, by now linked to `target`) count
        there, and this one ends."""
        changes = target.become_urgent(now) if self.urgent else []
        if complaints:
            changes += target.link(complaints, now, who)
        self.complaints = self.chases = 0
        return [*changes, self.close(Outcome.MERGED, now, who, merged_into=target.id)]

    def _go(self, step: Step) -> None:
        """Raises KeyError for a step that the state does not allow: guards come before."""
        self.state = after(State(self.state), step).value
        self.version += 1

    def _line(self, what: Happening, at: datetime, who: str | None = None, **details: Any) -> Line:
        return Line(self.id, at, who, what, details)
