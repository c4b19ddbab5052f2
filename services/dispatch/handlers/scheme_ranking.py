"""Which schemes first: ranked anew where a county's failure history has changed, and every day."""

import asyncio
from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.dispatch.models import (
    Failure,
    PastFailure,
    RankingRun,
    Scheme,
    SchemeRank,
    WorkOrder,
)
from services.dispatch.rules.failure_incidents import Repair
from shared.bulk_insert import bulk_insert
from shared.clock import SHANGHAI
from shared.db import Database
from shared.sql import table_of
from shared.vocabulary import Category

if TYPE_CHECKING:  # it imports numpy and scikit-learn, which take a second and 80 MB
    from services.dispatch.rules.scheme_ranking import CountyRanking, SchemeFacts

_failures, _past = table_of(Failure), table_of(PastFailure)
_work_orders, _schemes = table_of(WorkOrder), table_of(Scheme)
_REPAIRS = (
    select(
        _failures.c.scheme_id,
        _failures.c.component,
        _work_orders.c.village_code,
        _failures.c.failed_at,
        _failures.c.repaired_at,
        _failures.c.work_order_id,
        _work_orders.c.complaints,
        _work_orders.c.category == Category.OUTAGE.value,
    )
    .join(_work_orders, _work_orders.c.id == _failures.c.work_order_id)
    .order_by(_failures.c.failed_at)
)
_NOTHING_FAILED = "nothing"


class _Held(NamedTuple):
    """What a county's history holds."""

    failures: int
    past_failures: int
    newest_repair_at: datetime | None


_NOTHING = _Held(0, 0, None)


async def rank_all_schemes(database: Database) -> int:
    """Rank the counties whose ranking is not of today, or not of their whole history. Returns 0:
    what was just ranked waits for the next time, however much fails meanwhile."""
    now = database.clock.now()
    today = now.astimezone(SHANGHAI).date()
    async with database.reading() as session:
        outdated = await _outdated(session, today)
    for county, held in outdated:
        async with database.reading() as session:
            schemes, repairs = await _facts(session, county)
        # numpy holds the interpreter for seconds where a county has thousands of schemes.
        ranking = await asyncio.to_thread(_ranked, schemes, repairs, now)
        async with database.work() as (session, _):
            await _replace(session, county, ranking, held, now, today)
    return 0


async def _outdated(session: AsyncSession, today: date) -> list[tuple[str, _Held]]:
    counted = await session.execute(
        select(_failures.c.county, func.count(), func.max(_failures.c.repaired_at)).group_by(
            _failures.c.county
        )
    )
    held = {county: _Held(failures, 0, newest) for county, failures, newest in counted}
    past = await session.execute(select(_past.c.county, func.count()).group_by(_past.c.county))
    for county, failures in past:
        held[county] = held.get(county, _NOTHING)._replace(past_failures=failures)
    runs = {run.county: run for run in (await session.execute(select(RankingRun))).scalars()}
    counties = (await session.execute(select(_schemes.c.county).distinct())).scalars()
    outdated = []
    for county in sorted(counties):
        run, holds = runs.get(county), held.get(county, _NOTHING)
        if (
            run is None
            or run.ranked_on != today
            or (run.failures, run.past_failures, run.newest_repair_at) != holds
        ):
            outdated.append((county, holds))
    return outdated


async def _facts(
    session: AsyncSession, county: str
) -> tuple[Sequence["SchemeFacts"], Sequence[Repair]]:
    from services.dispatch.rules.scheme_ranking import SchemeFacts

    schemes = await session.execute(
        select(_schemes.c.id, _schemes.c.kind, _schemes.c.built_year, _schemes.c.people).where(
            _schemes.c.county == county
        )
    )
    repairs = await session.execute(_REPAIRS.where(_failures.c.county == county))
    past = await session.execute(select(PastFailure).where(col(PastFailure.county) == county))
    return (
        [SchemeFacts(*row) for row in schemes],
        [*(Repair(*row) for row in repairs), *(failure.repair for failure in past.scalars())],
    )


def _ranked(
    schemes: Sequence["SchemeFacts"], repairs: Sequence[Repair], now: datetime
) -> "CountyRanking":
    from services.dispatch.rules.scheme_ranking import rank_schemes

    return rank_schemes(schemes, repairs, now)


async def _replace(
    session: AsyncSession,
    county: str,
    ranking: "CountyRanking",
    held: _Held,
    now: datetime,
    today: date,
) -> None:
    model = ranking.model
    # The run's row is written first: replicas that rank one county follow each other there.
    await session.merge(
        RankingRun(
            county=county,
            ranked_at=now,
            ranked_on=today,
            failures=held.failures,
            past_failures=held.past_failures,
            newest_repair_at=held.newest_repair_at,
            used=model.used if model else _NOTHING_FAILED,
            why=model.why if model else "",
        )
    )
    await session.flush()
    await session.execute(delete(SchemeRank).where(col(SchemeRank.county) == county))
    rows = [SchemeRank.of(county, ranked) for ranked in ranking.schemes]
    await bulk_insert(session, table_of(SchemeRank), rows)
