"""The other pages: hotspots, search, parked events, errors, headers."""

import re
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select

from services.dispatch.models import Complaint, Hotspot
from shared.clock import ManualClock
from shared.db import Database
from tests.integration.console.conftest import SignedIn
from tests.integration.console.county import IDS
from tests.integration.console.stand_ins import Recorded


async def test_a_hotspot_shows_its_evidence_and_is_seen_once(
    signed_in: SignedIn, database: Database
) -> None:
    boss = await signed_in("chen.zhuguan")
    page = (await boss.get("/hotspots")).text
    for shown in (
        "三里镇集中供水工程",
        "水泵",
        "2 次故障",
        "28 天内",
        "work-order-20",
        "work-order-21",
    ):
        assert shown in page
    await boss.post("/hotspots/scheme-1/pump/seen")
    async with database.reading() as session:
        hotspot = (await session.execute(select(Hotspot))).scalar_one()
    assert hotspot.seen_by == "chen.zhuguan"
    assert "陈主管 已阅" in (await boss.get("/hotspots")).text
    assert (await boss.post("/hotspots/scheme-9/pump/seen")).status_code == 404


@pytest.mark.parametrize(
    ("wanted", "leads_to"),
    [
        ("complaint-07", "/complaints/complaint-07"),
        ("XA20261012000007", "/complaints/complaint-07"),
        (" W-wait ", f"/complaints/{IDS.waiting}"),
        ("2000007", "/complaints/complaint-07"),
        ("work-order-03", "/work-orders/work-order-03"),
        ("WX-20261010-003", "/work-orders/work-order-03"),
        ("wx-20261010-003", "/work-orders/work-order-03"),
        ("1010-003", "/work-orders/work-order-03"),
    ],
)
async def test_a_number_or_a_part_of_it_leads_to_what_it_is_of(
    signed_in: SignedIn, wanted: str, leads_to: str
) -> None:
    answer = await (await signed_in("admin")).get("/search", params={"q": wanted})
    assert answer.headers.get("location") == leads_to


async def test_part_of_a_villages_name_finds_its_complaints(signed_in: SignedIn) -> None:
    client = await signed_in("admin")
    page = (await client.get("/search", params={"q": "樊家"})).text
    assert "樊家村" in page
    assert "樊家坡村" in page
    assert "鲍旗寨" not in page
    assert "没有找到" in (await client.get("/search", params={"q": "%"})).text


@pytest.mark.parametrize("wanted", ["三里镇樊家村", "三里镇 樊家村", "三里镇樊家", "镇樊家村"])
async def test_a_village_is_found_with_its_town_with_or_without_a_space(
    signed_in: SignedIn, wanted: str
) -> None:
    page = (await (await signed_in("admin")).get("/search", params={"q": wanted})).text
    assert "三里镇 樊家村" in page
    assert "樊家坡村" not in page


async def test_several_work_orders_of_a_part_of_a_number_are_listed(signed_in: SignedIn) -> None:
    page = (await (await signed_in("admin")).get("/search", params={"q": "1010-02"})).text
    assert "WX-20261010-020" in page
    assert "WX-20261010-021" in page


async def test_a_work_orders_number_stands_on_its_page_and_in_the_lists(
    signed_in: SignedIn,
) -> None:
    client = await signed_in("admin")
    for path in ("/work-orders/work-order-01", "/work-orders", "/", "/due"):
        assert "WX-20261010-001" in (await client.get(path)).text, path


async def test_an_unknown_page_is_a_page_and_an_unknown_call_is_a_problem(
    signed_in: SignedIn,
) -> None:
    client = await signed_in("admin")
    page = await client.get("/nowhere")
    assert (page.status_code, "没有这个页面" in page.text) == (404, True)
    call = await client.get("/api/nowhere")
    assert call.headers["content-type"] == "application/problem+json"


async def test_a_failure_is_a_page_that_tells_nothing(
    signed_in: SignedIn, app: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await signed_in("admin")

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("13800000000")

    monkeypatch.setattr("services.dispatch.console.pages.hotspots.read_hotspots", fail)
    lenient = httpx.AsyncClient(
        transport=httpx.ASGITransport(app, raise_app_exceptions=False),  # type: ignore[arg-type]
        base_url=client.base_url,
        cookies=client.cookies,
    )
    async with lenient:
        page = await lenient.get("/hotspots")
    assert page.status_code == 500
    assert "系统出错" in page.text
    assert "13800000000" not in page.text


@pytest.mark.parametrize("path", ["/", "/sign-in", "/nowhere", "/static/console.css"])
async def test_every_answer_is_fenced_in(signed_in: SignedIn, path: str) -> None:
    headers = (await (await signed_in("admin")).get(path)).headers
    policy = headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"


async def test_assets_are_kept_by_browsers_until_they_change(signed_in: SignedIn) -> None:
    client = await signed_in("admin")
    page = (await client.get("/")).text
    address = page.split('<link rel="stylesheet" href="')[1].split('"')[0]
    answer = await client.get(address)
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]


async def test_old_complaints_are_out_of_the_searchs_reach(
    signed_in: SignedIn, clock: ManualClock
) -> None:
    client = await signed_in("admin")
    clock.advance(timedelta(hours=1))
    page = await client.get("/search", params={"q": "没有这个村"})
    assert "近 400 天内没有找到" in page.text


async def test_a_correction_stays_with_its_complaint(signed_in: SignedIn) -> None:
    client = await signed_in("wang.diaodu")
    page = (await client.get(f"/complaints/{IDS.drafted}")).text
    assert (
        page.index("更正研判")
        < page.index("<summary>类别、地点或紧急程度不对？")
        < page.index("提交更正")
    )
    answer = await client.post(f"/complaints/{IDS.drafted}/decision", data={"category": "billing"})
    assert answer.headers["location"] == f"/complaints/{IDS.drafted}?done=decided"


async def test_what_is_wrong_with_a_field_is_said(signed_in: SignedIn) -> None:
    client = await signed_in("wang.diaodu")
    answer = await client.post(
        "/complaints/new", data={"text": "没水", "phone": "abc"}, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 422
    assert "请更正下列各项。 电话应为 11 位手机号。" in answer.text


async def test_a_correction_that_corrects_nothing_is_no_decision(
    signed_in: SignedIn, database: Database, recorded: Recorded
) -> None:
    async with database.reading() as session:
        known = await session.get_one(Complaint, IDS.drafted)
    same = {
        "category": known.category,
        "component": known.component or "",
        "village_code": known.village_code or "",
        "group": known.village_group or "",
        **({"urgent": "true"} if known.urgent else {}),
    }
    client = await signed_in("wang.diaodu")
    answer = await client.post(f"/complaints/{IDS.drafted}/decision", data=same)
    assert answer.headers["location"] == f"/complaints/{IDS.drafted}?done=unchanged"
    assert recorded.calls == []
    assert "没有改动" in (await client.get(answer.headers["location"])).text


@pytest.mark.parametrize(
    ("category", "second"), [("outage", "billing"), ("billing", None), ("not_ours", None)]
)
async def test_a_correction_keeps_the_second_category(
    signed_in: SignedIn, database: Database, recorded: Recorded, category: str, second: str | None
) -> None:
    async with database.work() as (session, _):
        (await session.get_one(Complaint, IDS.drafted)).second_category = "billing"
    said = {"category": category, "village_code": "610122103201", "group": "别处"}
    await (await signed_in("wang.diaodu")).post(f"/complaints/{IDS.drafted}/decision", data=said)
    assert recorded.calls[0][2]["second_category"] == second


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        (
            "chen.zhuguan",
            "1看板 3回复审核 R回复去向 C回访 4反复故障 0统计报表 8查看记录 9设置 "
            "S到搜索框 A时限提醒 L切换语言",
        ),
        ("li.weixiu", "9设置 7我的任务 A时限提醒 L切换语言"),
        (
            "wang.diaodu",
            "1看板 2待人工处理 3回复审核 R回复去向 C回访 4反复故障 0统计报表 5登记诉求 9设置 "
            "S到搜索框 A时限提醒 L切换语言",
        ),
    ],
)
async def test_the_key_help_names_the_keys_of_this_persons_menu(
    signed_in: SignedIn, name: str, keys: str
) -> None:
    client = await signed_in(name)
    text = (await client.get("/crew" if name == "li.weixiu" else "/")).text
    told = re.findall(r"<kbd>Alt</kbd> <kbd>(\w)</kbd></dt><dd>(.*?)</dd>", text)
    assert " ".join(map("".join, told)) == keys
    pages = {key for key, _ in told if key.isdigit()}
    assert set(re.findall(r'accesskey="(\d)"', text)) == pages


async def test_mark_as_seen_changes_nothing_but_its_own_mark(signed_in: SignedIn) -> None:
    boss = await signed_in("chen.zhuguan")
    answer = await boss.post("/hotspots/scheme-1/pump/seen", headers={"HX-Request": "true"})
    assert answer.headers["hx-retarget"] == '[id="seen-scheme-1-pump"]'
    assert "陈主管 已阅" in answer.text
    assert "hx-redirect" not in answer.headers


async def test_a_timeline_names_people_rather_than_accounts(signed_in: SignedIn) -> None:
    page = (await (await signed_in("admin")).get(f"/work-orders/{IDS.on_site}")).text
    assert "李师傅" in page
    assert "li.weixiu" not in page


async def test_people_are_called_by_their_names_and_the_account_stands_with_the_staff_only(
    signed_in: SignedIn,
) -> None:
    disclosures = (await (await signed_in("chen.zhuguan")).get("/disclosures")).text
    assert ">陈主管</a>" in disclosures
    assert "<td>李师傅</td>" in disclosures
    assert "chen.zhuguan" not in disclosures
    assert "li.weixiu" not in disclosures
    staff = (await (await signed_in("admin")).get("/staff")).text
    assert '李师傅 <span class="soft small">li.weixiu</span>' in staff
