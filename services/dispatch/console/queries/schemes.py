"""Which schemes first, and one scheme with its history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from itertools import groupby
from typing import Literal

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.dispatch.console.queries.filters import Choice
from services.dispatch.console.queries.tables import (
    scheme,
    scheme_case,
    scheme_rank,
    scheme_village,
)
from services.dispatch.models import (
    CaseStep,
    Failure,
    PastFailure,
    RankingRun,
    Scheme,
    SchemeCase,
    SchemeRank,
    WorkOrder,
)
from services.dispatch.rules.failure_incidents import Incident, Repair, incidents_of
from shared.vocabulary import Category


@dataclass(frozen=True, slots=True)
class SchemeFilters:
    """Empty: every scheme of the county."""

    town: Choice = ""
    kind: Choice = ""
    component: Choice = ""
    """It failed within a year."""
    trend: Choice = ""
    measure: Choice = ""
    case: Literal["", "none", "open", "overdue"] = ""

    @property
    def chosen(self) -> Mapping[str, str]:
        return {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name)}


@dataclass(frozen=True, slots=True)
class RankLine:
    scheme: Scheme
    standing: SchemeRank
    case: SchemeCase | None
    """The open one."""


@dataclass(frozen=True, slots=True)
class SchemePage:
    """`incidents` newest first; their repairs are work orders or past failures, by id. `standing`:
    None before the first ranking."""

    scheme: Scheme
    standing: SchemeRank | None
    run: RankingRun | None
    villages: Sequence[str]
    incidents: Sequence[Incident]
    work_orders: Mapping[str, WorkOrder]
    past: Mapping[str, PastFailure]
    """Failures that have no work order, by id."""
    cases: Sequence[tuple[SchemeCase, Sequence[CaseStep]]]
    """The newest first, each with its history."""

    @property
    def open_case(self) -> SchemeCase | None:
        return next((case for case, _ in self.cases if case.ended_at is None), None)


_is_open_case = (scheme_case.c.scheme_id == scheme_rank.c.scheme_id) & (
    scheme_case.c.ended_at.is_(None)
)


async def count_schemes(
    session: AsyncSession, county: str, filters: SchemeFilters, today: date
) -> int:
    query = select(func.count()).select_from(
        scheme_rank.join(scheme).outerjoin(scheme_case, _is_open_case)
    )
    wanted = _wanted(county, filters, today)
    return int((await session.execute(query.where(*wanted))).scalar_one())


async def read_ranking(
    session: AsyncSession,
    county: str,
    filters: SchemeFilters,
    today: date,
    most: int,
    after: int,
) -> Sequence[RankLine]:
    """At most `most` lines, from rank `after` on."""
    query: Select[tuple[Scheme, SchemeRank, SchemeCase]] = (
        select(Scheme, SchemeRank, SchemeCase)
        .join(SchemeRank, col(SchemeRank.scheme_id) == col(Scheme.id))
        .outerjoin(SchemeCase, _is_open_case)
        .where(*_wanted(county, filters, today), col(SchemeRank.rank) > after)
        .order_by(col(SchemeRank.rank))
        .limit(most)
    )
    return [RankLine(*row) for row in (await session.execute(query)).tuples()]


def _wanted(county: str, filters: SchemeFilters, today: date) -> list[ColumnElement[bool]]:
    wanted = [scheme_rank.c.county == county]
    if filters.town:
        in_town = select(1).where(
            scheme_village.c.scheme_id == scheme_rank.c.scheme_id,
            scheme_village.c.town == filters.town,
        )
        wanted.append(in_town.exists())
    if filters.kind:
        wanted.append(scheme.c.kind == filters.kind)
    if filters.component:
        wanted.append(scheme_rank.c.by_component.has_key(filters.component))
    if filters.trend:
        wanted.append(scheme_rank.c.trend == filters.trend)
    if filters.measure:
        wanted.append(scheme_rank.c.measure == filters.measure)
    match filters.case:
        case "none":
            wanted.append(scheme_case.c.id.is_(None))
        case "open":
            wanted.append(scheme_case.c.id.is_not(None))
        case "overdue":
            wanted.append(scheme_case.c.due_on < today)
    return wanted


async def read_kinds(session: AsyncSession, county: str) -> Sequence[str]:
    found = await session.execute(
        select(scheme.c.kind).where(scheme.c.county == county).distinct().order_by(scheme.c.kind)
    )
    return found.scalars().all()


async def read_run(session: AsyncSession, county: str) -> RankingRun | None:
    return await session.get(RankingRun, county)


async def read_scheme(
    session: AsyncSession, county: str, scheme_id: str, since: datetime
) -> SchemePage | None:
    """With what failed from `since` on; None: no such scheme in this county."""
    its = await session.get(Scheme, scheme_id)
    if its is None or its.county != county:
        return None
    villages = await session.execute(
        select(scheme_village.c.town, scheme_village.c.village)
        .where(scheme_village.c.scheme_id == scheme_id)
        .order_by(scheme_village.c.town, scheme_village.c.village)
    )
    found = await session.execute(
        select(Failure, WorkOrder)
        .join(WorkOrder, col(WorkOrder.id) == col(Failure.work_order_id))
        .where(col(Failure.scheme_id) == scheme_id, col(Failure.failed_at) >= since)
    )
    failures = list(found.tuples())
    told = await session.execute(
        select(PastFailure).where(
            col(PastFailure.scheme_id) == scheme_id,
            col(PastFailure.failed_on) >= since.date(),
        )
    )
    past = told.scalars().all()
    incidents = incidents_of(
        [*(_repair(*each) for each in failures), *(each.repair for each in past)]
    )
    return SchemePage(
        scheme=its,
        standing=await session.get(SchemeRank, scheme_id),
        run=await session.get(RankingRun, county),
        villages=[f"{town}{village}" for town, village in villages],
        incidents=incidents[::-1],
        work_orders={work_order.id: work_order for _, work_order in failures},
        past={each.id: each for each in past},
        cases=await _cases(session, scheme_id),
    )


async def _cases(
    session: AsyncSession, scheme_id: str
) -> Sequence[tuple[SchemeCase, Sequence[CaseStep]]]:
    found = await session.execute(
        select(SchemeCase, CaseStep)
        .join(CaseStep, col(CaseStep.case_id) == col(SchemeCase.id))
        .where(col(SchemeCase.scheme_id) == scheme_id)
        .order_by(col(SchemeCase.opened_at).desc(), col(SchemeCase.id), col(CaseStep.id))
    )
    return [
        (case, [step for _, step in rows])
        for case, rows in groupby(found.tuples(), key=lambda row: row[0])
    ]


def _repair(failure: Failure, work_order: WorkOrder) -> Repair:
    return Repair(
        scheme_id=failure.scheme_id,
        component=failure.component,
        village_code=work_order.village_code,
        failed_at=failure.failed_at,
        repaired_at=failure.repaired_at,
        work_order_id=failure.work_order_id,
        complaints=work_order.complaints,
        no_water=work_order.category == Category.OUTAGE.value,
    )
