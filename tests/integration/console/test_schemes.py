"""Which schemes first, and one scheme's own page."""

import re

import pytest

from services.dispatch.handlers.scheme_ranking import rank_all_schemes
from shared.db import Database
from tests.integration.console.conftest import SignedIn


@pytest.fixture
async def ranked(database: Database) -> None:
    await rank_all_schemes(database)


@pytest.mark.usefixtures("ranked")
async def test_each_line_says_what_is_expected_and_leads_to_its_scheme(signed_in: SignedIn) -> None:
    boss = await signed_in("chen.zhuguan")
    page = (await boss.get("/schemes")).text
    assert "三里镇集中供水工程" in page
    assert re.search(r"故障 \d+\.\d 次（0–\d+）", page)
    assert "水泵 2" in page
    assert "观察" in page
    scheme = (await boss.get("/schemes/scheme-1")).text
    assert "第 1 名" in scheme
    assert "/work-orders/work-order-20" in scheme
    assert "/work-orders/work-order-21" in scheme
    assert "三个责任" in scheme


@pytest.mark.usefixtures("ranked")
@pytest.mark.parametrize(
    ("filters", "is_there"),
    [
        ("component=pump", True),
        ("component=well", False),
        ("town=三里镇", True),
        ("town=nowhere", False),
        ("measure=watch", True),
        ("measure=replan_scheme", False),
        ("trend=too_few", True),
        ("trend=worsening", False),
        ("after=1000", False),
    ],
)
async def test_the_list_is_filtered(signed_in: SignedIn, filters: str, is_there: bool) -> None:
    page = (await (await signed_in("chen.zhuguan")).get(f"/schemes?{filters}")).text
    assert ('id="scheme-scheme-1"' in page) is is_there


async def test_before_anything_is_ranked_the_list_says_so(signed_in: SignedIn) -> None:
    boss = await signed_in("chen.zhuguan")
    assert "没有符合条件的工程" in (await boss.get("/schemes")).text
    assert "第 1 名" not in (await boss.get("/schemes/scheme-1")).text


async def test_another_countys_scheme_is_unknown(signed_in: SignedIn) -> None:
    boss = await signed_in("chen.zhuguan")
    assert (await boss.get("/schemes/scheme-of-nowhere")).status_code == 404
