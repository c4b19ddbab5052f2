"""A complaint as dispatch keeps it, and its ways of changing."""

from datetime import datetime
from typing import Any, Self

from sqlalchemy import Index, text
from sqlmodel import Field

from services.dispatch.rules.fault_matching import (
    ComplaintState,
    LinkReason,
    Signs,
    complaint_state,
)
from shared.bulk_insert import new_row
from shared.columns import Moment
from shared.events.complaints import ComplaintDecided, ComplaintEdited, ComplaintReceived, Decision
from shared.vocabulary import Category, Component

from .base import DispatchTable


class Complaint(DispatchTable, table=True):
    """诉求, as intake's events tell it, and the work order it is linked to."""

    __tablename__ = "complaint"
    __table_args__ = (
        Index("complaint_of_work_order", "work_order_id"),
        Index(
            "complaint_to_decide",
            "county",
            "received_at",
            postgresql_where=text("state IN ('waiting_for_person', 'no_scheme')"),
        ),
        Index(
            "complaint_without_scheme", "village_code", postgresql_where=text("state = 'no_scheme'")
        ),
        Index("complaint_listed", "county", "received_at"),
        Index("complaint_of_number", "county", "external_id"),
    )

    id: str = Field(primary_key=True)
    county: str
    platform: str
    external_id: str
    sent_at: Moment
    received_at: Moment
    time_limit: str | None
    """The limit printed on the ticket, verbatim."""
    is_ours: bool
    category: str
    second_category: str | None
    component: str | None
    urgent: bool
    says_repeated: bool
    village_code: str | None
    village: str | None
    town: str | None
    village_group: str | None
    category_confidence: float
    place_confidence: float
    needs_human: bool
    decided_by: str | None = None
    """None: nobody yet; the rules alone."""
    decided_at: Moment | None = None
    edited_at: Moment | None = None
    state: str = ComplaintState.WAITING_FOR_PERSON.value
    """A ComplaintState: LINKED where it has a work order, and only there."""
    work_order_id: str | None = Field(default=None, foreign_key="work_order.id")
    linked_at: Moment | None = None
    link_reason: str | None = None
    """A LinkReason."""
    chases: int = 0
    chased_at: Moment | None = None

    @classmethod
    def received(cls, event: ComplaintReceived, *, has_scheme: bool) -> Self:
        """`has_scheme`: its village is on one. LINKED: a work order is to be found."""
        return new_row(
            cls,
            id=event.complaint_id,
            county=event.county,
            platform=event.platform,
            external_id=event.external_id,
            sent_at=event.sent_at,
            received_at=event.received_at,
            time_limit=event.time_limit,
            state=_state(event.decision, has_scheme=has_scheme).value,
            **_columns_of(event.decision),
        )

    @property
    def subject(self) -> tuple[str, str | None, str | None]:
        """What it is about and where: another one is another matter."""
        return self.category, self.component, self.village_code

    @property
    def signs(self) -> Signs:
        """For a complaint whose village is known."""
        assert self.village_code is not None
        component = self.component
        return Signs(
            village_code=self.village_code,
            group=self.village_group,
            category=Category(self.category),
            component=None if component is None else Component(component),
            sent_at=self.sent_at,
        )

    def state_now(self, *, has_scheme: bool) -> ComplaintState:
        """Where it stands, as in `received`."""
        return _state(self, has_scheme=has_scheme)

    def decide(self, event: ComplaintDecided) -> None:
        """A person said what it is about."""
        self._take(event.decision)
        self.decided_by, self.decided_at = event.decided_by, event.decided_at

    def edit(self, event: ComplaintEdited) -> None:
        """The platform changed its words, and so what the rules make of them."""
        self._take(event.decision)
        self.time_limit, self.edited_at = event.time_limit, event.edited_at

    def chase(self, times: int, at: datetime) -> int:
        """It was asked for again, `times` times in all. Returns how many of these are new."""
        more = max(times - self.chases, 0)
        self.chases += more
        self.chased_at = max(self.chased_at or at, at)
        return more

    def link_to(self, work_order_id: str, reason: LinkReason, now: datetime) -> None:
        """The work order counts it by WorkOrder.link, and its former one by WorkOrder.unlink."""
        if self.state != ComplaintState.LINKED:
            self.state = ComplaintState.LINKED.value
        self.work_order_id, self.linked_at, self.link_reason = work_order_id, now, reason.value

    def stay_without(self, state: ComplaintState) -> None:
        """It has no work order (any more): `state` says why."""
        self.state = state.value
        self.work_order_id = self.linked_at = self.link_reason = None

    def _take(self, decision: Decision) -> None:
        for name, value in _columns_of(decision).items():
            setattr(self, name, value)


def _columns_of(decision: Decision) -> dict[str, Any]:
    """All fields of a decision are columns of its complaint."""
    columns = vars(decision).copy()
    columns["village_group"] = columns.pop("group")
    return columns


def _state(said: "Decision | Complaint", *, has_scheme: bool) -> ComplaintState:
    return complaint_state(
        is_ours=said.is_ours,
        category=Category(said.category),
        needs_human=said.needs_human,
        has_village=said.village_code is not None,
        has_scheme=has_scheme,
    )
