"""The board on a screen in the control room."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import expect
from sqlalchemy import update
from sqlmodel import col

from services.dispatch.models import Complaint, WorkOrder
from shared.db import Database
from tests.browser.conftest import OpenPage, offline
from tests.integration.console.county import IDS, PASSWORD

pytestmark = pytest.mark.browser


async def test_somebody_signs_in_with_the_keyboard_alone(open_page: OpenPage) -> None:
    page = await open_page(None)
    await expect(page.locator("#name")).to_be_focused()
    await page.keyboard.type("wang.diaodu")
    await page.keyboard.press("Tab")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text("实时看板")
    await page.keyboard.press("Tab")
    await expect(page.locator(".skip")).to_be_focused()
    await expect(page.locator(".skip")).to_be_in_viewport()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await expect(page.locator("#filter-town")).to_be_focused()


async def test_the_board_changes_by_itself_and_takes_nobodys_focus(
    open_page: OpenPage, database: Database
) -> None:
    page = await open_page("wang.diaodu")
    focused = page.locator(f"#work-order-{IDS.assigned} a")
    await focused.focus()
    scrolled = await page.evaluate("scrollY")
    await expect(page.locator("#count-waiting strong")).to_have_text("2")
    async with database.work() as (session, _):
        await session.execute(
            update(WorkOrder).where(col(WorkOrder.id) == IDS.assigned).values(chases=7)
        )
        await session.execute(
            update(Complaint).where(col(Complaint.id) == IDS.waiting).values(state="not_ours")
        )
    await expect(page.locator("#count-waiting strong")).to_have_text("1")
    await expect(page.locator(f"#work-order-{IDS.assigned}")).to_contain_text("催办 7 次")
    await expect(page.locator(f"#waiting-{IDS.waiting}")).to_have_count(0)
    await expect(focused).to_be_focused()
    assert await page.evaluate("scrollY") == scrolled


async def test_countdowns_go_on_and_are_right_after_a_sleep(
    open_page: OpenPage,
) -> None:
    page = await open_page("wang.diaodu")
    looked_at = datetime(
        2026, 11, 23, tzinfo=UTC
    )  # the browser's clock is wrong, and does not matter
    await page.clock.set_fixed_time(looked_at)
    await page.goto("/")
    clock = page.locator(f"#due-{IDS.waiting} time.countdown")
    await expect(clock).to_have_text("剩 37分00秒")
    await page.clock.set_fixed_time(looked_at + timedelta(seconds=5))
    await expect(clock).to_have_text("剩 36分55秒")
    await page.clock.set_fixed_time(looked_at + timedelta(hours=1))  # the lid was closed
    await expect(clock).to_have_text("超 23分00秒")
    await expect(clock).to_have_class("countdown over")


async def test_a_lost_connection_is_said_and_its_return_is_seen(open_page: OpenPage) -> None:
    page = await open_page("wang.diaodu")
    lost = page.locator(".lost")
    await expect(lost).to_be_hidden()
    async with offline(page):
        await expect(lost).to_be_visible()
        await page.evaluate("scrollTo(0, document.body.scrollHeight)")
        await expect(lost).to_be_in_viewport(ratio=1)
        await expect(page.locator("#due tbody tr").first).to_be_visible()
    await expect(lost).to_be_hidden()


async def test_a_filter_acts_at_once_and_stays(open_page: OpenPage) -> None:
    page = await open_page("wang.diaodu")
    await page.locator("#filter-town").select_option("焦岱镇")
    await expect(page).to_have_url(re.compile("town="))
    rows = page.locator("#due tbody tr")
    assert await rows.count() > 0
    for text in await rows.all_inner_texts():
        assert "焦岱镇" in text


async def test_the_language_changes_and_stays(open_page: OpenPage) -> None:
    page = await open_page("wang.diaodu", "/hotspots")
    await page.get_by_role("link", name="English").click()
    await expect(page.locator("h1")).to_have_text("Hotspots")
    await page.goto("/")
    await expect(page.locator("h1")).to_have_text("Live board")
    await page.get_by_role("link", name="中文").click()
    await expect(page.locator("h1")).to_have_text("实时看板")
