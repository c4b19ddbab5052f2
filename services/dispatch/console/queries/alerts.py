"""Alerts of deadlines: what is mine, what the county has, who has taken it on."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.console.queries.filters import Choice
from services.dispatch.console.queries.tables import (
    alert,
    alert_person,
    complaint,
    crew,
    staff,
    work_order,
)
from shared.auth.permissions import Role
from shared.auth.tokens import Person
from shared.events.replies import MISSED

LINES = 50
_taken_by = func.coalesce(func.nullif(staff.c.display_name, ""), alert.c.taken_by)
Whose = Literal["mine", "all"]


@dataclass(frozen=True, slots=True)
class AlertFilters:
    whose: Whose = "mine"
    stage: Choice = ""
    taken: Literal["", "no", "yes"] = ""

    @property
    def chosen(self) -> dict[str, str]:
        chosen = {"whose": self.whose, "stage": self.stage, "taken": self.taken}
        return {name: value for name, value in chosen.items() if value and value != "mine"}


@dataclass(frozen=True, slots=True)
class AlertLine:
    id: str
    fault: str
    stage: str
    step: int
    level: str
    reached: str
    complaints: int
    urgent: bool
    due_at: datetime
    paused: bool
    taken_by: str | None
    """What the person is called."""
    taken_name: str | None
    """Their sign-in name."""
    taken_at: datetime | None
    complaint_id: str
    category: str | None
    town: str | None
    village: str | None
    work_order_id: str | None
    number: str | None
    crew: str | None

    @property
    def is_miss(self) -> bool:
        return self.step == MISSED

    @property
    def is_passed_on(self) -> bool:
        """Its level has nobody: others are told instead."""
        return self.reached not in (self.level, "nobody")


@dataclass(frozen=True, slots=True)
class AlertPage:
    total: int
    lines: tuple[AlertLine, ...]
    following: AlertLine | None
    """The last line, where there are more."""


async def count_mine(session: AsyncSession, person: Person) -> int:
    """As many as the list of mine has."""
    found = await session.execute(select(func.count()).where(_open(person.county), _mine(person)))
    return found.scalar_one()


async def read_alerts(
    session: AsyncSession,
    person: Person,
    filters: AlertFilters,
    after: tuple[datetime, str] | None = None,
    most: int = LINES,
) -> AlertPage:
    """The first due first. `after`: when the last one of the page before is due, and its id."""
    conditions = [_open(person.county)]
    if filters.whose == "mine":
        conditions.append(_mine(person))
    if filters.stage:
        conditions.append(alert.c.stage == filters.stage)
    if filters.taken:
        conditions.append(alert.c.taken_by.is_not(None) == (filters.taken == "yes"))
    total = await session.execute(select(func.count()).where(*conditions))
    query = _lines().where(*conditions).order_by(alert.c.due_at, alert.c.id).limit(most + 1)
    if after is not None:
        here = tuple_(literal(after[0]), literal(after[1]))
        query = query.where(tuple_(alert.c.due_at, alert.c.id) > here)
    lines = tuple(AlertLine(*row) for row in await session.execute(query))
    following = lines[most - 1] if len(lines) > most else None
    return AlertPage(total.scalar_one(), lines[:most], following)


async def read_alerts_of_fault(session: AsyncSession, fault: str) -> tuple[AlertLine, ...]:
    """The open ones of a work order, or of a complaint without one."""
    is_its = and_(alert.c.fault == fault, alert.c.ended_at.is_(None))
    query = _lines().where(is_its).order_by(alert.c.due_at, alert.c.id)
    return tuple(AlertLine(*row) for row in await session.execute(query))


async def read_alert(session: AsyncSession, alert_id: str) -> AlertLine:
    row = await session.execute(_lines().where(alert.c.id == alert_id))
    return AlertLine(*row.one())


def who_has_it(fault: ColumnElement[str]) -> Any:
    """Who took on an open alert of this fault last: what they are called. To be selected."""
    return (
        select(_taken_by)
        .select_from(alert)
        .join(staff, staff.c.sign_in_name == alert.c.taken_by)
        .where(alert.c.fault == fault, alert.c.ended_at.is_(None))
        .order_by(alert.c.taken_at.desc())
        .limit(1)
        .correlate_except(alert, staff)
        .scalar_subquery()
    )


def _open(county: str) -> ColumnElement[bool]:
    """Those that somebody has to act on."""
    return and_(alert.c.county == county, alert.c.ended_at.is_(None), ~alert.c.paused)


def _mine(person: Person) -> ColumnElement[bool]:
    """I have taken it on, or was told of it and nobody else has since. What nobody could be told
    of is every admin's."""
    told = select(1).where(alert_person.c.alert_id == alert.c.id)
    told_me = told.where(
        alert_person.c.sign_in_name == person.name,
        or_(alert.c.taken_by.is_(None), alert_person.c.told_at > alert.c.taken_at),
    )
    mine = or_(alert.c.taken_by == person.name, told_me.exists())
    return or_(mine, ~told.exists()) if person.role is Role.ADMIN else mine


def _lines() -> Select[Any]:
    return (
        select(
            alert.c.id,
            alert.c.fault,
            alert.c.stage,
            alert.c.step,
            alert.c.level,
            alert.c.reached,
            alert.c.complaints,
            alert.c.urgent,
            alert.c.due_at,
            alert.c.paused,
            _taken_by,
            alert.c.taken_by,
            alert.c.taken_at,
            alert.c.complaint_id,
            complaint.c.category,
            complaint.c.town,
            complaint.c.village,
            alert.c.work_order_id,
            work_order.c.number,
            crew.c.name,
        )
        .select_from(alert)
        .outerjoin(complaint, complaint.c.id == alert.c.complaint_id)
        .outerjoin(work_order, work_order.c.id == alert.c.work_order_id)
        .outerjoin(crew, crew.c.id == work_order.c.crew_id)
        .outerjoin(staff, staff.c.sign_in_name == alert.c.taken_by)
    )
