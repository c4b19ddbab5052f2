"""Which schemes first, and one scheme's own page."""

import re

import pytest
from sqlalchemy import select
from sqlmodel import col

from services.dispatch.handlers.scheme_ranking import rank_all_schemes
from services.dispatch.models import CaseStep
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


_CASE = {"status": "under_way", "owner": "li.weixiu", "due_on": "2026-10-20", "note": "换泵"}


@pytest.mark.usefixtures("ranked")
async def test_a_case_is_opened_changed_and_ended_and_its_history_stays(
    signed_in: SignedIn, database: Database
) -> None:
    boss = await signed_in("chen.zhuguan")
    assert (await boss.post("/schemes/scheme-1/case", data=_CASE)).status_code == 303
    page = (await boss.get("/schemes/scheme-1")).text
    assert "整改中" in page
    assert "换泵" in page
    assert 'id="scheme-scheme-1"' in (await boss.get("/schemes?case=open")).text
    assert 'id="scheme-scheme-1"' not in (await boss.get("/schemes?case=overdue")).text

    past = _CASE | {"due_on": "2026-10-11", "note": "等配件", "version": "1"}
    assert (await boss.post("/schemes/scheme-1/case", data=past)).status_code == 303
    assert 'id="scheme-scheme-1"' in (await boss.get("/schemes?case=overdue")).text
    done = {"status": "done", "note": "新泵已装", "version": "2"}
    assert (await boss.post("/schemes/scheme-1/case", data=done)).status_code == 303
    page = (await boss.get("/schemes/scheme-1")).text
    for shown in ("已整改", "换泵", "新泵已装", "立案前一年故障 2 次；整改后 0 天故障 0 次"):
        assert shown in page
    assert 'id="scheme-scheme-1"' in (await boss.get("/schemes?case=none")).text
    async with database.reading() as session:
        steps = (await session.execute(select(CaseStep).order_by(col(CaseStep.id)))).scalars().all()
    assert [(step.who, step.status, step.owner) for step in steps] == [
        ("chen.zhuguan", "under_way", "li.weixiu"),
        ("chen.zhuguan", "under_way", "li.weixiu"),
        ("chen.zhuguan", "done", "li.weixiu"),
    ]


@pytest.mark.usefixtures("ranked")
@pytest.mark.parametrize(
    ("changed", "status", "says"),
    [
        ({"status": ""}, 422, "请选择状态"),
        ({"note": " "}, 422, "请写明理由"),
        ({"owner": "nobody"}, 422, "责任人不是本县在岗人员"),
        ({"version": "3"}, 409, "别人刚刚更新过"),
    ],
)
async def test_what_cannot_be_decided_is_said(
    signed_in: SignedIn, changed: dict[str, str], status: int, says: str
) -> None:
    boss = await signed_in("chen.zhuguan")
    answer = await boss.post("/schemes/scheme-1/case", data=_CASE | changed)
    assert answer.status_code == status
    assert says in answer.text
    assert (await boss.post("/schemes/nowhere/case", data=_CASE)).status_code == 404
