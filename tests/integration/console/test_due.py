"""The list of what is overdue and due: complete, counted as the tiles count, page by page."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain, product

import httpx
import pytest
from sqlalchemy import update
from sqlmodel import col

from services.dispatch.console.queries.board import read_board
from services.dispatch.console.queries.due import DueCounts, DueFilters, count_due, read_due
from services.dispatch.console.queries.filters import Filters
from services.dispatch.models import Complaint, DeadlineView, WorkOrder
from shared.clock import ManualClock
from shared.db import Database
from tests.integration.console.conftest import SignedIn
from tests.integration.console.county import COUNTY, IDS

_OLD = 60


@pytest.fixture
async def long_overdue(database: Database, clock: ManualClock) -> list[str]:
    """Sixty complaints without a work order, each overdue longer than all else, by months; two of
    them at the same instant. Their ids, the longest overdue first."""
    async with database.work() as (session, _):
        like = await session.get_one(Complaint, IDS.waiting)
        for number in range(_OLD):
            days = timedelta(days=200 - number // 2)
            known = like.model_dump() | {"id": f"old-{number:02}", "external_id": f"O-{number}"}
            session.add(Complaint(**known))
            session.add(_missed(f"old-{number:02}", "reply", clock.now() - days))
    return [f"old-{number:02}" for number in range(_OLD)]


def _missed(complaint_id: str, stage: str, due_at: datetime) -> DeadlineView:
    return DeadlineView(
        complaint_id=complaint_id,
        stage=stage,
        county=COUNTY,
        due_at=due_at,
        warn_at=due_at,
        provisional=False,
        source="printed",
        limit_unreadable=False,
        state="missed",
    )


async def _all_pages(client: httpx.AsyncClient, address: str | None) -> tuple[int, list[list[str]]]:
    """The total that is told, and the faults of each page."""
    totals, pages = set[int](), list[list[str]]()
    while address:
        text = (await client.get(address)).text
        totals.add(int(re.findall(r'id="total">\D*(\d+)', text)[0]))
        pages.append(re.findall(r'<tr id="(?:due|waiting|work-order)-([^"]+)"', text))
        following = re.search(r'id="following" rel="next" href="([^"]+)"', text)
        address = following[1].replace("&amp;", "&") if following else None
    (total,) = totals
    return total, pages


async def test_everything_overdue_is_reached_by_paging_once_and_the_longest_first(
    signed_in: SignedIn, long_overdue: list[str]
) -> None:
    total, pages = await _all_pages(await signed_in("admin"), "/due?due=overdue")
    faults = list(chain.from_iterable(pages))
    assert faults[:_OLD] == long_overdue
    assert len(pages) == 2
    assert len(faults) == len(set(faults)) == total == _OLD + 2


async def test_the_board_shows_the_longest_overdue_and_leads_to_all(
    signed_in: SignedIn, long_overdue: list[str]
) -> None:
    client = await signed_in("admin")
    board = (await client.get("/?platform=hotline_12345")).text
    assert re.findall(r'<tr id="due-([^"]+)"', board)[:10] == long_overdue[:10]
    leads = re.search(r'href="(/due\?platform=hotline_12345)">全部 (\d+) 件', board)
    assert leads is not None
    total, pages = await _all_pages(client, leads[1])
    assert total == int(leads[2]) == sum(map(len, pages))


_FILTERS = [
    Filters(town, category, platform, state)
    for town, (category, platform), state in product(
        ("", "三里镇", "焦岱镇"),
        (("", ""), ("outage", ""), ("", "wechat"), ("pipe_leak", "phone")),
        ("", "none", "on_site", "waiting_for_crew"),
    )
]


async def test_a_tile_is_what_its_list_holds_under_every_filter(
    database: Database, clock: ManualClock, long_overdue: list[str]
) -> None:
    async with database.reading() as session:
        for filters in _FILTERS:
            board = await read_board(session, COUNTY, filters, clock.now())
            due = DueFilters(filters.town, filters.category, filters.platform, filters.state)
            every = await read_due(session, COUNTY, due, clock.now(), 1000)
            listed = set[str]()
            for kind in ("overdue", "warned", "open"):
                kind_only = replace(due, due=kind)
                lines = await read_due(session, COUNTY, kind_only, clock.now(), 1000)
                assert board.counts.due.of(kind) == len(lines), (filters, kind)
                assert not listed & {line.fault for line in lines}, (filters, kind)
                listed |= {line.fault for line in lines}
            assert listed == {line.fault for line in every}
            assert board.counts.due.total == len(every)
            soon = await read_due(session, COUNTY, replace(due, due="soon"), clock.now(), 1000)
            assert board.counts.due.soon == len(soon)
            assert {line.fault for line in board.overdue + board.pending} <= listed


async def test_faults_with_a_clock_that_stands_still_have_their_mark_and_their_filter(
    signed_in: SignedIn, database: Database, clock: ManualClock
) -> None:
    async def counted() -> DueCounts:
        async with database.reading() as session:
            return await count_due(session, COUNTY, DueFilters(), clock.now())

    before = await counted()
    async with database.work() as (session, _):
        waits = (
            col(DeadlineView.met_at).is_(None),
            col(DeadlineView.state).in_(("open", "warned")),
        )
        await session.execute(
            update(DeadlineView)
            .where(col(DeadlineView.county) == COUNTY, *waits)
            .values(paused_since=clock.now(), paused_for="parts")
        )
    after = await counted()
    assert (after.total, after.overdue) == (before.total, before.overdue)
    assert (after.soon, after.warned, after.open) == (0, 0, before.pending)
    client = await signed_in("admin")
    page = (await client.get("/due?due=paused")).text
    marks = page.count("已暂停：等配件") + page.count("另有时限已暂停")
    assert marks == after.paused >= before.pending > 0
    assert (await client.get("/due")).text.count("已暂停：等配件") >= before.pending


@pytest.mark.parametrize(
    "filters", [DueFilters(crew="crew-1"), DueFilters(stage="reply"), DueFilters(town="焦岱镇")]
)
async def test_a_list_is_filtered_by_crew_stage_and_town(
    database: Database, clock: ManualClock, filters: DueFilters
) -> None:
    async with database.reading() as session:
        counts = await count_due(session, COUNTY, filters, clock.now())
        lines = await read_due(session, COUNTY, filters, clock.now(), 1000)
        work_orders = [
            await session.get_one(WorkOrder, line.work_order_id)
            for line in lines
            if line.work_order_id
        ]
    assert counts.total == len(lines) > 0
    match filters:
        case DueFilters(crew="crew-1"):
            assert len(work_orders) == len(lines)
            assert {each.crew_id for each in work_orders} == {"crew-1"}
        case DueFilters(stage="reply"):
            assert {line.stage for line in lines} == {"reply"}
        case _:
            assert {line.town for line in lines} == {"焦岱镇"}


async def test_an_overdue_and_a_pending_complaint_of_one_fault_are_one_line_that_tells_both(
    signed_in: SignedIn,
) -> None:
    """complaint-01 is overdue and complaint-16 is not; both are of work-order-01."""
    text = (await (await signed_in("admin")).get("/due")).text
    (line,) = re.findall(r'<tr id="due-work-order-01">.*?</tr>', text, re.DOTALL)
    assert "同一故障共 2 件诉求待办 （其中超期 1 件）" in line


async def test_filters_stay_in_the_addresses_of_the_pages(
    signed_in: SignedIn, long_overdue: list[str]
) -> None:
    text = (await (await signed_in("admin")).get("/due?stage=reply&due=overdue")).text
    assert 'href="/due?stage=reply&amp;due=overdue&amp;after=' in text
    assert '<option value="overdue" selected>' in text


async def test_another_countys_are_not_in_the_list(signed_in: SignedIn) -> None:
    assert IDS.foreign_complaint not in (await (await signed_in("admin")).get("/due")).text


@pytest.mark.parametrize("chosen", ["", "town=焦岱镇", "platform=wechat", "state=on_site"])
async def test_every_count_opens_a_list_of_as_many(
    signed_in: SignedIn, long_overdue: list[str], chosen: str
) -> None:
    client = await signed_in("chen.zhuguan")
    board = (await client.get(f"/?{chosen}")).text
    tiles = re.findall(r'id="count-(\w+)"[^>]* href="([^"]+)"><strong>(\d+)', board)
    followed = {name: (address, int(number)) for name, address, number in tiles}
    for name in ("overdue", "soon", "waiting", "crew", "repair"):
        address, number = followed[name]
        pages = await _all_pages(client, address.replace("&amp;", "&"))
        assert pages[0] == number == sum(map(len, pages[1])), name
