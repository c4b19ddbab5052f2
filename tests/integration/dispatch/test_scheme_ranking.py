"""A county's schemes are ranked from its repairs, where something has changed."""

from datetime import timedelta

from sqlalchemy import select
from sqlmodel import col

from services.dispatch.handlers.scheme_ranking import rank_all_schemes
from services.dispatch.models import RankingRun, SchemeRank
from shared.vocabulary import Component
from tests.integration.dispatch.county import COUNTY, HILL, HILL_A, PLAIN
from tests.integration.dispatch.events import DAY, received
from tests.integration.dispatch.harness import Dispatch


async def _fails(dispatch: Dispatch, complaint_id: str) -> None:
    await dispatch.receives(received(complaint_id, HILL_A, sent_at=dispatch.clock.now()))
    work_order = await dispatch.work_order_of(complaint_id)
    dispatch.clock.advance(timedelta(hours=3))
    await dispatch.repairs(work_order.id, component=Component.PUMP)


async def _ranking(dispatch: Dispatch) -> tuple[list[SchemeRank], RankingRun | None]:
    async with dispatch.database.reading() as session:
        rows = await session.execute(select(SchemeRank).order_by(col(SchemeRank.rank)))
        return list(rows.scalars()), await session.get(RankingRun, COUNTY)


async def test_schemes_are_ranked_by_what_failed_until_yesterday(dispatch: Dispatch) -> None:
    for number in range(3):
        await _fails(dispatch, f"c{number}")
        dispatch.clock.advance(20 * DAY)
    assert await rank_all_schemes(dispatch.database) == 0
    (first, second), run = await _ranking(dispatch)
    assert (first.scheme_id, first.failures, first.by_component) == (HILL, 3, {"pump": 3})
    assert (first.measure, first.measure_component) == ("replace_component", "pump")
    assert (second.scheme_id, second.failures, second.last_failed_on) == (PLAIN, 0, None)
    assert first.expected > second.expected > 0
    assert run is not None
    assert (run.failures, run.used) == (3, "shrunken rate")


async def test_a_ranking_stands_until_something_fails_or_the_day_ends(dispatch: Dispatch) -> None:
    await rank_all_schemes(dispatch.database)
    rows, run = await _ranking(dispatch)
    assert rows == []
    assert run is not None
    assert run.used == "nothing"

    dispatch.clock.advance(timedelta(minutes=10))
    await rank_all_schemes(dispatch.database)
    assert (await _ranking(dispatch))[1] == run

    await _fails(dispatch, "c1")
    await rank_all_schemes(dispatch.database)
    _, after_failure = await _ranking(dispatch)
    assert after_failure is not None
    assert (after_failure.ranked_at, after_failure.failures) == (dispatch.clock.now(), 1)

    dispatch.clock.advance(DAY)
    await rank_all_schemes(dispatch.database)
    rows, next_day = await _ranking(dispatch)
    assert [row.scheme_id for row in rows] == [HILL, PLAIN]
    assert next_day is not None
    assert next_day.ranked_on > after_failure.ranked_on
