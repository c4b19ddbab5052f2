"""Whether it was solved: each call-back is in exactly one list (rules/call_back_lists.py)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.dispatch.console.queries.filters import Filters, only_complaints
from services.dispatch.console.queries.replies import LINES, MOST_COUNTED
from services.dispatch.console.queries.tables import complaint, crew, deadline, work_order
from services.dispatch.models import CallBackView, Rework
from services.dispatch.rules.call_back_lists import CallBackList
from services.dispatch.rules.rework import ReworkOutcome
from shared.sql import table_of

_view, _rework = table_of(CallBackView), table_of(Rework)
_FOR_PERSON = func.coalesce(_rework.c.outcome, "") == ReworkOutcome.FOR_PERSON.value
_BY_PHONE = and_(_view.c.state == "to_ask", _view.c.asked_by == "phone")
_IN_LIST: Mapping[CallBackList, ColumnElement[bool]] = {
    CallBackList.FOR_PERSON: and_(_view.c.state == "answered", _FOR_PERSON),
    CallBackList.TO_CALL: _BY_PHONE,
    CallBackList.WAITING: and_(_view.c.state.in_(("to_ask", "asked")), ~_BY_PHONE),
    CallBackList.NOT_SOLVED: and_(
        _view.c.state == "answered", _view.c.satisfied.is_(False), ~_FOR_PERSON
    ),
    CallBackList.SOLVED: and_(
        _view.c.state == "answered", _view.c.satisfied.is_(True), ~_FOR_PERSON
    ),
    CallBackList.ENDED: _view.c.state == "closed",
}
_AT = func.coalesce(_view.c.next_try_at, _view.c.changed_at)
_NEWEST_FIRST = frozenset({CallBackList.NOT_SOLVED, CallBackList.SOLVED, CallBackList.ENDED})


@dataclass(frozen=True, slots=True)
class CallBackLine:
    complaint_id: str
    version: int
    state: str
    asked_by: str
    tries: int
    next_try_at: datetime | None
    asked_at: datetime | None
    satisfied: bool | None
    answered_at: datetime | None
    source: str | None
    noted_by: str | None
    why_closed: str | None
    at: datetime
    """By what the list is sorted."""
    outcome: str | None
    """What became of "not solved"."""
    why: str | None
    decided_by: str | None
    reason: str | None
    rework_id: str | None
    rework_number: str | None
    platform: str | None
    external_id: str | None
    category: str | None
    town: str | None
    village: str | None
    village_group: str | None
    urgent: bool | None
    crew: str | None
    due_at: datetime | None
    """When the call-back is due; None: it has no limit."""


@dataclass(frozen=True, slots=True)
class CallBackPosition:
    """Where a page of a list ends."""

    at: datetime
    complaint_id: str
    version: int


@dataclass(frozen=True, slots=True)
class CallBackPage:
    lines: tuple[CallBackLine, ...]
    following: CallBackPosition | None


def _rows(county: str, filters: Filters, *columns: Any) -> Select[Any]:
    query = (
        select(*columns)
        .select_from(_view)
        .outerjoin(
            _rework,
            and_(
                _rework.c.complaint_id == _view.c.complaint_id,
                _rework.c.version == _view.c.version,
            ),
        )
        .outerjoin(complaint, complaint.c.id == _view.c.complaint_id)
        .outerjoin(work_order, work_order.c.id == complaint.c.work_order_id)
        .where(_view.c.county == county)
    )
    return only_complaints(query, filters)


async def read_call_backs(
    session: AsyncSession,
    county: str,
    which: CallBackList,
    filters: Filters,
    after: CallBackPosition | None = None,
    most: int = LINES,
) -> CallBackPage:
    """What a person should do next first; of what has ended, the newest."""
    due_at = (
        select(func.max(deadline.c.due_at))
        .where(
            deadline.c.complaint_id == _view.c.complaint_id,
            deadline.c.stage == "call_back",
            deadline.c.met_at.is_(None),
        )
        .scalar_subquery()
    )
    names = (
        *("complaint_id", "version", "state", "asked_by", "tries", "next_try_at", "asked_at"),
        *("satisfied", "answered_at", "source", "noted_by", "why_closed"),
    )
    query = (
        _rows(
            county,
            filters,
            *(_view.c[name] for name in names),
            _AT.label("at"),
            _rework.c.outcome,
            _rework.c.why,
            _rework.c.decided_by,
            _rework.c.reason,
            _rework.c.work_order_id,
            work_order.c.number,
            *(complaint.c[name] for name in ("platform", "external_id", "category", "town")),
            *(complaint.c[name] for name in ("village", "village_group", "urgent")),
            crew.c.name.label("crew"),
            due_at.label("due_at"),
        )
        .outerjoin(crew, crew.c.id == work_order.c.crew_id)
        .where(_IN_LIST[which])
    )
    keys = (_AT, _view.c.complaint_id, _view.c.version)
    newest_first = which in _NEWEST_FIRST
    query = query.order_by(*(key.desc() if newest_first else key for key in keys))
    if after:
        position = (after.at, after.complaint_id, after.version)
        query = query.where(tuple_(*keys) < position if newest_first else tuple_(*keys) > position)
    lines = [CallBackLine(*row) for row in await session.execute(query.limit(most + 1))]
    last = lines[most - 1] if len(lines) > most else None
    following = CallBackPosition(last.at, last.complaint_id, last.version) if last else None
    return CallBackPage(tuple(lines[:most]), following)


async def count_call_backs(
    session: AsyncSession, county: str, filters: Filters
) -> Mapping[CallBackList, int]:
    """How many lines each list has, at most MOST_COUNTED."""
    counts: Counter[CallBackList] = Counter()
    for which, condition in _IN_LIST.items():
        some = _rows(county, filters, literal(1)).where(condition).limit(MOST_COUNTED)
        counts[which] = await session.scalar(select(func.count()).select_from(some.subquery())) or 0
    return counts


@dataclass(frozen=True, slots=True)
class CallBackOfComplaint:
    view: CallBackView
    rework: Rework | None


async def call_backs_of(session: AsyncSession, complaint_id: str) -> Sequence[CallBackOfComplaint]:
    """Of every answer, the newest first."""
    found = await session.execute(
        select(CallBackView, Rework)
        .outerjoin(
            Rework,
            and_(
                col(Rework.complaint_id) == col(CallBackView.complaint_id),
                col(Rework.version) == col(CallBackView.version),
            ),
        )
        .where(col(CallBackView.complaint_id) == complaint_id)
        .order_by(col(CallBackView.version).desc())
    )
    return [CallBackOfComplaint(*row) for row in found]
