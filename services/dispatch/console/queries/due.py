"""What is due: one line a fault, the longest overdue first, then what is due next.

A fault (or a complaint that has none yet) is overdue while one of its deadlines is missed and not
made good since; else it is due when its next deadline is. Tiles, totals and lines all count these.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Select, and_, func, literal, select, tuple_
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.console.queries.alerts import who_has_it
from services.dispatch.console.queries.deadlines import (
    fault_of_complaint,
    is_overdue,
    is_paused,
    is_unmet,
)
from services.dispatch.console.queries.extensions import of_deadline, unanswered
from services.dispatch.console.queries.filters import Choice, Filters, only_complaints
from services.dispatch.console.queries.tables import (
    complaint,
    crew,
    deadline,
    missed_cause,
    staff,
    work_order,
)
from services.dispatch.rules.digest import day_begins
from shared.clock import SHANGHAI

SOON = timedelta(hours=24)
_of_deadline = and_(
    missed_cause.c.complaint_id == deadline.c.complaint_id,
    missed_cause.c.stage == deadline.c.stage,
    missed_cause.c.round == deadline.c.round,
    missed_cause.c.due_at == deadline.c.due_at,
)
_KINDS: tuple["Due", ...] = ("overdue", "soon", "warned", "open", "paused", "today")
"""As DueCounts."""
Due = Literal["", "overdue", "today", "soon", "warned", "open", "paused", "pending"]


@dataclass(frozen=True, slots=True)
class DueFilters(Filters):
    crew: Choice = ""
    """A crew's id."""
    stage: Choice = ""
    due: Due = ""
    """`pending`: all that is not overdue."""
    cause: Literal["", "none"] = ""
    """none: overdue, and nobody has said why of one of its deadlines."""


@dataclass(frozen=True, slots=True)
class DueCounts:
    """Faults. Those not overdue are warned of or open; some of them are due within SOON, or before
    the day ends. Of some faults a clock stands still: they are paused, and counted as what else
    they are as well."""

    overdue: int
    soon: int
    warned: int
    open: int
    paused: int
    today: int

    @property
    def pending(self) -> int:
        return self.warned + self.open

    @property
    def total(self) -> int:
        return self.overdue + self.pending

    def of(self, due: Due) -> int:
        """How many lines the list has that is filtered by `due`."""
        return int(getattr(self, due)) if due else self.total


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page of the list ends."""

    due_at: datetime
    fault: str


@dataclass(frozen=True, slots=True)
class GivenCause:
    cause: str
    note: str
    given_by: str
    """What the person is called."""
    given_at: datetime


@dataclass(frozen=True, slots=True)
class DueLine:
    """A fault, or a complaint without one, with the unmet deadline that comes first."""

    fault: str
    due_at: datetime
    overdue: int
    """How many of its complaints are overdue."""
    pending: int
    """How many of its complaints have a deadline to come, and none missed."""
    complaint_id: str
    stage: str
    round: int
    state: str
    provisional: bool
    unverified: bool
    paused_for: str | None
    is_paused: bool
    """Whether a clock of it stands still, be it of another deadline."""
    platform: str
    external_id: str
    category: str
    urgent: bool
    chases: int
    town: str | None
    village: str | None
    village_group: str | None
    work_order_id: str | None
    work_order_number: str | None
    work_order_state: str | None
    crew: str | None
    asks_for_time: bool
    """Whether a request for more time on the deadline that comes first is not answered."""
    unexplained: int
    """How many of its missed deadlines have no cause."""
    given_cause: str | None
    """Of the deadline that comes first, as are the next three."""
    cause_note: str | None
    cause_given_by: str | None
    cause_given_at: datetime | None
    taken_by: str | None
    """Who has taken on an alert of it last: what they are called."""

    @property
    def cause(self) -> GivenCause | None:
        if not self.given_cause or not self.cause_given_by or not self.cause_given_at:
            return None
        note = self.cause_note or ""
        return GivenCause(self.given_cause, note, self.cause_given_by, self.cause_given_at)

    @property
    def together(self) -> int:
        """How many complaints stand behind this line."""
        return self.overdue + self.pending

    @property
    def position(self) -> Position:
        return Position(self.due_at, self.fault)


async def count_due(
    session: AsyncSession, county: str, filters: DueFilters, now: datetime
) -> DueCounts:
    """Whatever `filters.due` says: all kinds are counted."""
    faults = _faults(county, filters).subquery()
    of_all = func.count()
    query = select(
        *(of_all.filter(*_is(faults, due, now)) for due in _KINDS),
    )
    return DueCounts(*(await session.execute(query)).one())


async def read_due(
    session: AsyncSession,
    county: str,
    filters: DueFilters,
    now: datetime,
    most: int,
    after: Position | None = None,
) -> tuple[DueLine, ...]:
    """At most `most` lines of those that `filters.due` names, from `after` on."""
    query = due_lines(county, filters, now, most, after)
    return tuple(DueLine(*row) for row in await session.execute(query))


def due_lines(
    county: str, filters: DueFilters, now: datetime, most: int, after: Position | None = None
) -> Select[Any]:
    """The same as a query of DueLine's fields, for long lists that are read row by row."""
    faults = _only_due(_faults(county, filters).subquery(), filters.due, now, after, most)
    first = and_(
        deadline.c.complaint_id == faults.c.complaint_id,
        deadline.c.stage == faults.c.stage,
        deadline.c.round == faults.c.round,
    )
    return (
        select(
            faults.c.fault,
            faults.c.due_at,
            faults.c.overdue,
            faults.c.complaints - faults.c.overdue,
            deadline.c.complaint_id,
            deadline.c.stage,
            deadline.c.round,
            deadline.c.state,
            deadline.c.provisional,
            deadline.c.unverified,
            deadline.c.paused_for,
            faults.c.is_paused,
            complaint.c.platform,
            complaint.c.external_id,
            complaint.c.category,
            complaint.c.urgent,
            complaint.c.chases,
            complaint.c.town,
            complaint.c.village,
            complaint.c.village_group,
            complaint.c.work_order_id,
            work_order.c.number,
            work_order.c.state,
            crew.c.name,
            select(literal(value=True)).where(of_deadline, unanswered).exists(),
            faults.c.unexplained,
            missed_cause.c.cause,
            missed_cause.c.note,
            func.coalesce(func.nullif(staff.c.display_name, ""), missed_cause.c.given_by),
            missed_cause.c.given_at,
            who_has_it(faults.c.fault),
        )
        .select_from(faults)
        .join(deadline, first)
        .outerjoin(missed_cause, _of_deadline)
        .outerjoin(staff, staff.c.sign_in_name == missed_cause.c.given_by)
        .join(complaint, complaint.c.id == deadline.c.complaint_id)
        .outerjoin(work_order, work_order.c.id == complaint.c.work_order_id)
        .outerjoin(crew, crew.c.id == work_order.c.crew_id)
        .order_by(faults.c.due_at, faults.c.fault)
    )


def _faults(county: str, filters: DueFilters) -> Select[Any]:
    """Each fault with its unmet deadlines, as many as the filters leave."""
    due_first = (
        is_paused,
        deadline.c.due_at,
        deadline.c.complaint_id,
        deadline.c.stage,
        deadline.c.round,
    )
    of_complaint = func.count(complaint.c.id.distinct())
    query = (
        select(
            fault_of_complaint.label("fault"),
            func.coalesce(
                func.min(deadline.c.due_at).filter(~is_paused), func.min(deadline.c.due_at)
            ).label("due_at"),
            of_complaint.label("complaints"),
            of_complaint.filter(is_overdue).label("overdue"),
            func.bool_or((deadline.c.state == "warned") & ~is_paused).label("is_warned"),
            func.bool_or(is_paused).label("is_paused"),
            func.bool_and(is_paused).label("stands_still"),
            func.count().filter(is_overdue, missed_cause.c.cause.is_(None)).label("unexplained"),
            _first(deadline.c.complaint_id, due_first).label("complaint_id"),
            _first(deadline.c.stage, due_first).label("stage"),
            _first(deadline.c.round, due_first).label("round"),
        )
        .select_from(deadline)
        .join(complaint, complaint.c.id == deadline.c.complaint_id)
        .outerjoin(missed_cause, _of_deadline)
        .where(deadline.c.county == county, is_unmet)
        .group_by(fault_of_complaint)
    )
    if filters.crew or filters.state:
        query = query.outerjoin(work_order, work_order.c.id == complaint.c.work_order_id)
    if filters.crew:
        query = query.where(work_order.c.crew_id == filters.crew)
    if filters.stage:
        query = query.where(deadline.c.stage == filters.stage)
    if filters.cause:
        query = query.having(func.bool_or(is_overdue & missed_cause.c.cause.is_(None)))
    return only_complaints(query, filters)


def _first(column: Any, order: tuple[Any, ...]) -> Any:
    return func.array_agg(aggregate_order_by(column, *order))[1]


def _is(faults: Any, due: Due, now: datetime) -> tuple[Any, ...]:
    """What a fault of this kind is."""
    pending, running = faults.c.overdue == 0, ~faults.c.stands_still
    match due:
        case "overdue":
            return (~pending,)
        case "today":
            end = day_begins(now.astimezone(SHANGHAI).date() + timedelta(days=1))
            return pending, running, faults.c.due_at < end
        case "soon":
            return pending, running, faults.c.due_at <= now + SOON
        case "warned":
            return pending, faults.c.is_warned
        case "open":
            return pending, ~faults.c.is_warned
        case "paused":
            return (faults.c.is_paused,)
        case "pending":
            return (pending,)
    return ()


def _only_due(faults: Any, due: Due, now: datetime, after: Position | None, most: int) -> Any:
    query = select(faults).order_by(faults.c.due_at, faults.c.fault).limit(most)
    query = query.where(*_is(faults, due, now))
    if after is not None:
        here = tuple_(literal(after.due_at), literal(after.fault))
        query = query.where(tuple_(faults.c.due_at, faults.c.fault) > here)
    return query.subquery()
