"""What people do: at the desk, on the phone, at the review."""

import pytest
from playwright.async_api import Page, expect

from services.dispatch.models import Complaint, WorkOrder
from services.reply.rules.drafting import ROOM_FOR_RESPONSIBLE
from shared.db import Database
from tests.browser.conftest import PHONE, OpenPage, offline
from tests.integration.console.conftest import Reachable
from tests.integration.console.county import IDS, PASSWORD
from tests.integration.console.stand_ins import DRAFT, LETTER, Recorded
from tests.integration.console.stand_ins import PHONE as NUMBER

pytestmark = pytest.mark.browser

_SMALL_TARGETS = """() => [...document.querySelectorAll(
    'main :is(a, button, summary, select, textarea, input[type=text])')]
  .filter(each => each.checkVisibility()).map(each => [each.outerHTML.slice(0, 80),
    Math.round(each.getBoundingClientRect().height)]).filter(([_, height]) => height < 44)"""


async def _wider_than_the_screen(page: Page) -> bool:
    return bool(await page.evaluate("document.documentElement.scrollWidth > innerWidth"))


async def test_a_dispatcher_assigns_an_order_and_sees_it_in_the_timeline(
    open_page: OpenPage,
) -> None:
    page = await open_page("wang.diaodu", "/work-orders/work-order-05")
    await page.locator("#crew_id").select_option("crew-2")
    await page.locator("#assign-note").fill("离得最近")
    await page.get_by_role("button", name="派队", exact=True).click()
    await expect(page.locator(".page-head .state")).to_have_text("已派队")
    await expect(page.locator(".timeline li").first).to_contain_text("焦岱镇管网抢修队")
    await expect(page.locator(".timeline li").first).to_contain_text("离得最近")


async def test_the_words_open_where_they_are_asked_for(open_page: OpenPage) -> None:
    page = await open_page("wang.diaodu", f"/work-orders/{IDS.on_site}")
    await expect(page.locator("#words-1")).to_be_empty()
    await page.locator(".opens summary").first.click()
    await expect(page.locator("#words-1")).to_contain_text(LETTER)


async def test_a_crew_works_through_an_order_on_a_phone(
    open_page: OpenPage, database: Database
) -> None:
    page = await open_page("li.weixiu", "/crew", PHONE)
    work_order = page.locator(f"#work-order-{IDS.assigned}")
    assert not await _wider_than_the_screen(page)
    await work_order.get_by_role("button", name="接单出发").click()
    await work_order.get_by_role("button", name="已到现场").click()
    await work_order.locator("summary", has_text="登记修复").click()
    await work_order.get_by_label("发现了什么").fill("水泵电机烧毁")
    await work_order.get_by_label("做了什么").fill("更换电机")
    assert not await _wider_than_the_screen(page)
    await work_order.get_by_role("button", name="提交修复情况").click()
    await expect(work_order).to_have_count(0)
    async with database.reading() as session:
        row = await session.get_one(WorkOrder, IDS.assigned)
    assert (row.state, row.done) == ("repaired", "更换电机")


async def test_every_target_on_the_crews_phone_suits_a_thumb(open_page: OpenPage) -> None:
    page = await open_page("li.weixiu", "/crew", PHONE)
    for summary in await page.locator("main summary").all():
        await summary.click()
    await page.get_by_role("button", name="联系居民").first.click()
    await expect(page.locator(f'a[href="tel:{NUMBER}"]').first).to_be_visible()
    assert await page.evaluate(_SMALL_TARGETS) == []
    assert not await _wider_than_the_screen(page)


async def test_a_crew_calls_the_resident_and_notes_it(
    open_page: OpenPage, recorded: Recorded
) -> None:
    page = await open_page("li.weixiu", "/crew", PHONE)
    work_order = page.locator(f"#work-order-{IDS.assigned}")
    await work_order.locator("summary", has_text="反映的居民").click()
    assert NUMBER not in await page.content()
    await work_order.get_by_role("button", name="联系居民").first.click()
    await work_order.get_by_role("button", name="已联系上").click()
    await expect(work_order).to_contain_text("已登记联系居民")
    assert [path.rsplit("/", 1)[1] for _, path, _ in recorded.calls] == ["resident", "contacted"]


async def test_a_form_survives_a_lost_connection_and_a_reload(
    open_page: OpenPage, database: Database
) -> None:
    page = await open_page("li.weixiu", "/crew", PHONE)
    work_order = page.locator(f"#work-order-{IDS.on_site}")
    await work_order.locator("summary", has_text="登记修复").click()
    await work_order.get_by_label("发现了什么").fill("接口渗漏")
    await work_order.get_by_label("做了什么").fill("更换接口")
    async with offline(page):
        await work_order.get_by_role("button", name="提交修复情况").click()
        await expect(work_order.locator("form .notice.bad")).to_contain_text("没有发出去")
        await expect(work_order.get_by_label("做了什么")).to_have_value("更换接口")
    await page.reload()
    await work_order.locator("summary", has_text="登记修复").click()
    await expect(work_order.get_by_label("发现了什么")).to_have_value("接口渗漏")
    await work_order.get_by_role("button", name="提交修复情况").click()
    await expect(work_order).to_have_count(0)
    async with database.reading() as session:
        assert (await session.get_one(WorkOrder, IDS.on_site)).found == "接口渗漏"


async def test_the_list_does_not_change_under_a_form_that_is_being_filled(
    open_page: OpenPage, database: Database
) -> None:
    page = await open_page("li.weixiu", "/crew", PHONE)
    work_order = page.locator(f"#work-order-{IDS.on_site}")
    await work_order.locator("summary", has_text="登记修复").click()
    await work_order.get_by_label("发现了什么").fill("接口渗漏")
    async with database.work() as (session, _):
        (await session.get_one(WorkOrder, IDS.assigned)).chases = 9
    await expect(page.locator(f"#work-order-{IDS.assigned}")).to_contain_text("催办 9 次")
    await expect(work_order.get_by_label("发现了什么")).to_be_focused()
    await expect(work_order.get_by_label("发现了什么")).to_have_value("接口渗漏")


async def test_a_reviewer_changes_a_draft_and_approves_it(
    open_page: OpenPage, recorded: Recorded
) -> None:
    page = await open_page("zhao.shenhe", "/review")
    await page.locator("#drafts").locator("xpath=../..").locator("tbody a").first.click()
    await expect(page.locator("#text")).to_have_value(DRAFT)
    await page.locator("#text").fill(DRAFT + "如再停水请拨打服务电话。")
    await page.get_by_role("button", name="批准第 1 版").click()
    await expect(page.locator(".form-message .notice")).to_contain_text("请先保存")
    await page.get_by_role("button", name="保存为新版本").click()
    await expect(page.locator(".notice.good")).to_contain_text("已保存")
    await page.get_by_role("button", name="批准第 2 版").click()
    await expect(page.locator(".notice.good")).to_contain_text("已批准")
    assert [method for method, _, _ in recorded.calls] == ["PUT", "POST"]


async def test_who_is_responsible_is_written_once(open_page: OpenPage, database: Database) -> None:
    async with database.work() as (session, _):
        (await session.get_one(Complaint, IDS.drafted)).state = "not_ours"
    page = await open_page("zhao.shenhe", f"/review/{IDS.drafted}")
    await page.locator("#text").fill(f"不属于供水职责，由{ROOM_FOR_RESPONSIBLE}负责。")
    await page.locator("#responsible").fill("三里镇人民政府")
    await page.keyboard.press("Tab")
    await expect(page.locator("#text")).to_have_value("不属于供水职责，由三里镇人民政府负责。")
    await expect(page.locator("#written")).to_have_text("19")


async def test_a_waiting_complaint_is_decided_with_the_keyboard(
    open_page: OpenPage, recorded: Recorded
) -> None:
    page = await open_page("wang.diaodu", f"/complaints/{IDS.waiting}")
    await page.locator("#category").focus()
    await page.keyboard.press("ArrowUp")
    await page.locator("#category").select_option("outage")
    await page.locator("#village_q").focus()
    await page.keyboard.type("樊家村")
    await expect(page.locator("#villages input")).to_have_count(2)
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.locator(".notice.good")).to_contain_text("研判已提交")
    assert recorded.calls[0][2]["village_code"] == "610122105209"


async def test_a_call_typed_while_intake_becomes_unavailable_is_sent_later(
    open_page: OpenPage, recorded: Recorded, intake: Reachable
) -> None:
    page = await open_page("wang.diaodu", "/complaints/new")
    await page.locator("#text").fill(LETTER)
    await page.locator("#phone").fill(NUMBER)
    intake.unavailable = True
    await page.get_by_role("button", name="登记", exact=True).click()
    await expect(page.locator(".form-message .notice")).to_contain_text("连不上")
    await expect(page.locator("#text")).to_have_value(LETTER)
    intake.unavailable = False
    await page.get_by_role("button", name="登记", exact=True).click()
    await expect(page.locator("h1")).to_have_text("已登记")
    assert recorded.calls[0][2]["phone"] == NUMBER
    assert NUMBER not in await page.evaluate("JSON.stringify([sessionStorage, localStorage])")


async def test_a_password_is_changed_with_the_keyboard(open_page: OpenPage) -> None:
    page = await open_page("wang.diaodu", "/account")
    await expect(page.locator("#password")).to_be_focused()
    for typed in ("a wrong one", "another password", "another password"):
        await page.keyboard.type(typed)
        await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator(".form-message .notice")).to_contain_text("现在的密码不对")
    await page.locator("#password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.locator(".notice.good")).to_contain_text("密码已修改")


async def test_a_parked_event_is_dropped_only_after_a_second_question(
    open_page: OpenPage, recorded: Recorded
) -> None:
    page = await open_page("admin", "/parked?service=reply")
    await page.get_by_role("link", name="放弃 c-03 的第一条").click()
    await expect(page.locator("main")).to_contain_text("放弃后无法恢复")
    assert not [path for _, path, _ in recorded.calls if path.endswith("drop")]
    await page.get_by_role("button", name="确定放弃").click()
    await expect(page.locator(".notice.good")).to_be_visible()
    assert recorded.calls[-2][1:] == ("/bus/parked/drop", {"key": "c-03"})


@pytest.mark.parametrize(
    ("name", "paths"),
    [
        (
            "wang.diaodu",
            "/ /due?due=overdue /work-orders /waiting /review /review/complaint-03 /hotspots "
            "/complaints/new "
            "/complaints/complaint-waiting /work-orders/work-order-03 /search?q=樊家 /nowhere",
        ),
        (
            "admin",
            "/parked /parked/reply/drop?key=c-01 /settings /policies /policies/ordinary/edit "
            "/calendar?year=2026 /rulebook/calendar/yaml /rulebook/policies/versions/2 /staff "
            "/account /disclosures",
        ),
        ("li.weixiu", "/crew"),
    ],
)
async def test_no_page_is_wider_than_a_phone(open_page: OpenPage, name: str, paths: str) -> None:
    page = await open_page(name, "/sign-in", PHONE)
    for path in paths.split():
        await page.goto(path)
        assert not await _wider_than_the_screen(page), path


async def test_mark_as_seen_keeps_the_page_where_it_is(open_page: OpenPage) -> None:
    page = await open_page("chen.zhuguan", "/hotspots", (1440, 300))
    await page.evaluate("scrollTo(0, 40)")
    await page.get_by_role("button", name="标为已阅").click()
    await expect(page.locator(".hotspot .end")).to_contain_text("已阅")
    assert await page.evaluate("scrollY") == 40


async def test_a_cause_is_given_in_its_line(open_page: OpenPage) -> None:
    page = await open_page("chen.zhuguan", "/due?due=overdue")
    cause = page.locator("#cause-work-order-01")
    await cause.locator("summary").click()
    await cause.get_by_label("原因", exact=True).select_option("other")
    await cause.get_by_role("button", name="登记原因").click()
    await expect(cause.locator(".notice.bad")).to_contain_text("请写明具体情况")
    await cause.get_by_label("具体情况").fill("道路塌方")
    await cause.get_by_role("button", name="登记原因").click()
    await expect(cause).to_contain_text("超期原因： 其他 “道路塌方” 陈主管")


async def test_no_form_is_printed(open_page: OpenPage) -> None:
    page = await open_page("admin", "/due")
    await page.emulate_media(media="print")
    for path in ("/due", "/", f"/work-orders/{IDS.assigned}", f"/complaints/{IDS.waiting}"):
        await page.goto(path)
        for form in await page.locator("form").all():
            await expect(form).to_be_hidden()
