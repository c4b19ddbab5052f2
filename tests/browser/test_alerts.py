"""The bell on every page: a count, its list, and taking an alert on."""

import os

import pytest
from playwright.async_api import expect

from shared.clock import ManualClock
from shared.db import Database
from tests.browser.axe import violations
from tests.browser.conftest import DESK, OpenPage
from tests.integration.console.alarms import alert, raises
from tests.integration.console.county import IDS

pytestmark = pytest.mark.browser

PHONE_390 = (390, 844)


@pytest.mark.parametrize("size", [DESK, PHONE_390], ids=["desk", "phone"])
async def test_the_bell_counts_opens_its_list_and_follows_whoever_takes_one_on(
    open_page: OpenPage, database: Database, clock: ManualClock, size: tuple[int, int]
) -> None:
    now = clock.now()
    await raises(database, alert(1, now), alert(2, now, step=100, level="bureau", reached="admin"))
    page = await open_page("wang.diaodu", f"/work-orders/{IDS.on_site}", size)
    bell = page.locator("#bell a")
    await expect(bell).to_have_text("提醒 2")
    assert (await page.title()).startswith("(2) ")
    if folder := os.environ.get("LOOK"):
        await page.screenshot(path=f"{folder}/work-order-{size[0]}.png")
    await bell.click()
    await expect(page.locator("#total")).to_have_text("共 2 条")
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await page.wait_for_function("document.title.startsWith('(2) ')")
    if folder:
        await page.screenshot(path=f"{folder}/alerts-{size[0]}.png", full_page=True)
    assert await violations(page) == []
    await page.locator("#alert-alert-001 button").click()
    await expect(page.locator("#alert-alert-001")).to_contain_text("已接手")
    await expect(page.locator("#alert-alert-001 button")).to_have_count(0)
