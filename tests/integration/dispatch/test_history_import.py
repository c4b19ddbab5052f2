"""Past failures are taken in once, counted by the ranking, and taken out again."""

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from services.dispatch.handlers.history_import import UnknownImport, imports_of, take_in, undo
from services.dispatch.handlers.scheme_ranking import rank_all_schemes
from services.dispatch.history_file import PastRow
from services.dispatch.models import HistoryImport, PastFailure, SchemeRank
from tests.integration.dispatch.county import COUNTY, HILL
from tests.integration.dispatch.harness import Dispatch

_FIRST = date(2025, 11, 3)
ROWS = [
    PastRow(HILL, "pump", day, day + timedelta(days=1), "岭上村", 2, str(number), "换泵")
    for number, day in enumerate(_FIRST + timedelta(days=60 * each) for each in range(5))
]


async def _take_in(dispatch: Dispatch, rows: list[PastRow]) -> HistoryImport:
    async with dispatch.database.work() as (session, _):
        return await take_in(session, COUNTY, "台账.xlsx", rows, "root", dispatch.clock.now())


async def _held(dispatch: Dispatch) -> int:
    async with dispatch.database.reading() as session:
        return (await session.execute(select(func.count()).select_from(PastFailure))).scalar_one()


async def test_the_same_file_again_changes_nothing(dispatch: Dispatch) -> None:
    assert (await _take_in(dispatch, ROWS)).failures == 5
    assert (await _take_in(dispatch, ROWS)).failures == 0
    assert await _held(dispatch) == 5


async def test_what_was_taken_in_is_ranked_and_an_undo_takes_it_out(dispatch: Dispatch) -> None:
    taken = await _take_in(dispatch, ROWS)
    await rank_all_schemes(dispatch.database)
    async with dispatch.database.reading() as session:
        rank = await session.get(SchemeRank, HILL)
    assert rank is not None
    assert (rank.rank, rank.failures, rank.by_component) == (1, 5, {"pump": 5})

    async with dispatch.database.work() as (session, _):
        await undo(session, COUNTY, taken.id, dispatch.clock.now())
    assert await _held(dispatch) == 0
    await rank_all_schemes(dispatch.database)
    async with dispatch.database.reading() as session:
        assert await session.get(SchemeRank, HILL) is None
        (listed,) = await imports_of(session, COUNTY)
    assert listed.undone_at == dispatch.clock.now()


@pytest.mark.parametrize("county", [COUNTY, "610124"])
async def test_only_what_is_there_is_undone(dispatch: Dispatch, county: str) -> None:
    taken = await _take_in(dispatch, ROWS)
    if county == COUNTY:
        async with dispatch.database.work() as (session, _):
            await undo(session, county, taken.id, dispatch.clock.now())
    async with dispatch.database.work() as (session, _):
        with pytest.raises(UnknownImport):
            await undo(session, county, taken.id, dispatch.clock.now())
