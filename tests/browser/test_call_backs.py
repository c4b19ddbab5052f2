"""The call desk's day on a phone: whom to call, who it is, and what came of it."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.conftest import OpenPage
from tests.integration.console.stand_ins import PHONE, Recorded

pytestmark = pytest.mark.browser

_WIDTH = 390


async def test_a_call_is_made_and_noted(open_page: OpenPage, recorded: Recorded) -> None:
    page = await open_page("wang.diaodu", "/call-backs", (_WIDTH, 844))
    line = page.locator("#call-back-complaint-14-1")
    await line.get_by_role("button", name="查看姓名和电话").click()
    await expect(line).to_contain_text(PHONE)
    await line.get_by_label("哪里没有解决").fill("水压还是小")
    assert await page.evaluate("document.documentElement.scrollWidth") <= _WIDTH
    await line.get_by_role("button", name="未解决").click()
    await expect(page).to_have_url(re.compile("done=call_back_not_solved"))

    body = {"version": 1, "outcome": "not_solved", "note": "水压还是小"}
    assert ("POST", "/call-backs/complaint-14/outcome", body) in recorded.calls
