"""Whole days at the console: the reviewer's, the call desk's and the director's, at 1440 and at 390
pixels. The clicks from a complaint to its approved reply are counted."""

from datetime import timedelta

import pytest
from playwright.async_api import Locator, Page, expect
from sqlmodel import col, update

from services.dispatch.handlers.scheme_ranking import rank_all_schemes
from services.dispatch.models import ReplyView
from shared.clock import ManualClock
from shared.db import Database
from tests.browser.conftest import DESK, OpenPage
from tests.integration.console.burst import BURST, burst
from tests.integration.console.stand_ins import LETTER, WITHOUT_REPLY, Recorded, draft_version
from tests.integration.console.stand_ins import PHONE as NUMBER

__all__ = ["burst"]
pytestmark = pytest.mark.browser

NARROW = (390, 844)
MOST_CLICKS = 6


class Hand:
    """Clicks, and counts them; looks at every page at both widths."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.clicks = 0

    async def clicks_on(self, target: Locator) -> None:
        self.clicks += 1
        await target.click()

    async def looks_at_both_widths(self) -> None:
        """Leaves the page at the width it had."""
        before = self.page.viewport_size
        for width, height in (DESK, NARROW):
            await self.page.set_viewport_size({"width": width, "height": height})
            wide = await self.page.evaluate("document.documentElement.scrollWidth > innerWidth")
            assert not wide, f"{self.page.url} is wider than {width} pixels"
        assert before is not None
        await self.page.set_viewport_size(before)

    async def narrows(self) -> None:
        width, height = NARROW
        await self.page.set_viewport_size({"width": width, "height": height})


async def _becomes(database: Database, complaint_ids: list[str], **news: object) -> None:
    """What reply tells of these replies has come."""
    async with database.work() as (session, _):
        await session.execute(
            update(ReplyView).where(col(ReplyView.complaint_id).in_(complaint_ids)).values(**news)
        )


async def test_the_reviewers_day(
    open_page: OpenPage,
    database: Database,
    recorded: Recorded,
    burst: list[str],
) -> None:
    page = await open_page("zhao.shenhe", f"/complaints/{burst[0]}")
    hand = Hand(page)
    await hand.clicks_on(page.get_by_role("link", name="回复审核", exact=True))
    await hand.looks_at_both_widths()

    # A burst fault is read, and all of it approved but one.
    await hand.clicks_on(page.locator(f'tbody a[href="/review/fault/{BURST}"]'))
    await expect(page.locator(".words").first).not_to_be_empty()
    await hand.looks_at_both_widths()
    boxes = page.locator("input[name=chosen]")
    if not await boxes.first.is_visible():
        await hand.clicks_on(page.locator("summary", has_text="逐件查看").first)
    in_all = await boxes.count()
    await hand.clicks_on(boxes.first)
    await hand.clicks_on(page.get_by_role("button", name="批准所选"))
    await expect(page.locator(".notice.good")).to_contain_text(str(in_all - 1))
    assert hand.clicks <= MOST_CLICKS
    ((_, _, body),) = [call for call in recorded.calls if call[1] == "/replies/approve"]
    approved = [one["complaint_id"] for one in body["replies"]]
    assert len(approved) == in_all - 1

    # Where they stand.
    await _becomes(database, approved, state="approved", approved_by="zhao.shenhe")
    await page.goto("/replies")
    await expect(page.locator("tbody tr")).to_have_count(len(approved))
    await hand.looks_at_both_widths()

    # A reply to any complaint, on a narrow screen.
    await hand.narrows()
    await page.goto(f"/complaints/{WITHOUT_REPLY}")
    hand.clicks = 0
    await hand.clicks_on(page.get_by_role("link", name="写回复"))
    await page.locator("#text").fill("您好！配件明日到货，到货后当天修复。")
    await hand.looks_at_both_widths()
    await hand.clicks_on(page.get_by_role("button", name="保存为新版本"))
    await hand.clicks_on(page.get_by_role("button", name="批准第 1 版"))
    await expect(page.locator(".notice.good")).to_contain_text("已批准")
    assert hand.clicks <= MOST_CLICKS


async def test_the_call_desks_day(
    open_page: OpenPage,
    database: Database,
    recorded: Recorded,
    clock: ManualClock,
) -> None:
    # A call is entered without a mouse.
    page = await open_page("wang.diaodu", "/complaints/new")
    hand = Hand(page)
    await expect(page.locator("#text")).to_be_focused()
    for typed in (LETTER, "张三", NUMBER, "三组12号"):
        await page.keyboard.type(typed)
        await page.keyboard.press("Tab")
    await page.keyboard.press("Space")
    await page.keyboard.press("Tab")
    await hand.looks_at_both_widths()
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text("已登记")
    assert recorded.calls[0][2] | {"entry_id": ""} == {
        "entry_id": "",
        "text": LETTER,
        "name": "张三",
        "phone": NUMBER,
        "address_line": "三组12号",
        "urgent": True,
    }

    # The call sheet, on a narrow screen: nobody answers at first.
    await hand.narrows()
    about = "complaint-04"
    by_hand = {"state": "approved", "platform": "phone", "by_hand": True}
    recorded.drafts[about] = [draft_version(about, 1) | by_hand]
    await _becomes(database, [about], state="approved", by_hand=True)
    await page.goto("/replies/call-sheet")
    call = page.locator(f"#call-{about}")
    await expect(call).not_to_contain_text(NUMBER)
    await call.get_by_role("button", name="查看姓名和电话").click()
    await expect(call.locator(f'a[href="tel:{NUMBER}"]')).to_be_visible()
    await hand.looks_at_both_widths()
    await call.get_by_role("button", name="没有打通").click()
    await expect(page.locator(".notice.good")).to_be_visible()
    again_at = clock.now() + timedelta(hours=2)
    waits = {"why_waiting": "not_reached", "attempts": 1, "next_try_at": again_at}
    await _becomes(database, [about], **waits)

    # It is tried again later, and spoken.
    await page.goto("/replies/call-sheet")
    await expect(call).to_contain_text("电话没有打通")
    await call.get_by_role("button", name="已讲清，登记告知").click()
    await expect(page.locator(".notice.good")).to_be_visible()
    steps = [path.rsplit("/", 1)[1] for _, path, _ in recorded.calls[1:]]
    assert steps == ["resident", "not-reached", "told"]

    # The receipt.
    receipt = {"receipt": "confirmed-by:wang.diaodu", "delivered_at": clock.now()}
    await _becomes(database, [about], state="delivered", told_by="phone", **receipt)
    await page.goto("/replies?list=delivered")
    await expect(page.locator("tbody tr", has_text="wang.diaodu")).to_contain_text("电话告知居民")
    await expect(page.locator("main")).not_to_contain_text("confirmed-by")
    await hand.looks_at_both_widths()


async def test_the_directors_day(open_page: OpenPage, database: Database) -> None:
    # The morning's numbers, each of which opens its list.
    page = await open_page("chen.zhuguan", "/")
    hand = Hand(page)
    overdue = page.locator("#digest-overdue")
    number = await overdue.locator("strong").inner_text()
    assert int(number) > 0
    await hand.looks_at_both_widths()
    await hand.clicks_on(overdue)
    await expect(page.locator("#total")).to_contain_text(number)
    lines = page.locator("table.due tbody tr")
    await expect(lines).to_have_count(int(number))
    await hand.looks_at_both_widths()

    # Why the first one was missed; it stays in the list.
    first = lines.first
    await hand.clicks_on(first.locator("summary"))
    await first.locator("select[name=cause]").select_option("parts")
    await first.locator("input[name=note]").fill("水泵配件迟到两天")
    await hand.clicks_on(first.get_by_role("button"))
    await expect(first).to_contain_text("水泵配件迟到两天")
    await expect(lines).to_have_count(int(number))

    # The month compared with the one before; a figure opens its complaints, and they are exported.
    await hand.clicks_on(page.get_by_role("link", name="统计报表", exact=True))
    await hand.clicks_on(page.get_by_role("link", name="本月与上月同期"))
    await expect(page.locator("svg.chart").first).to_be_visible()
    await hand.looks_at_both_widths()
    await page.goto("/report/complaints?from=2026-01-01&to=2026-12-31&figure=late")
    await expect(page.locator("tbody tr").first).to_be_visible()
    await hand.looks_at_both_widths()
    async with page.expect_download() as download:
        await hand.clicks_on(page.get_by_role("button", name="Excel"))
    assert (await download.value).suggested_filename.endswith(".xlsx")

    # Which schemes first, on a narrow screen: one of them, and what is decided about it.
    await rank_all_schemes(database)
    await hand.narrows()
    await page.goto("/schemes")
    await hand.clicks_on(page.locator("tbody a").first)
    await expect(page.locator("svg.chart")).to_be_visible()
    await page.locator("#case-status").select_option("under_way")
    await page.locator("#case-note").fill("更换水泵")
    await hand.clicks_on(page.get_by_role("button", name="立案"))
    await expect(page.locator(".notice.good")).to_contain_text("整改情况已登记")
    await hand.looks_at_both_widths()
