"""Every page against WCAG 2.2 A and AA, as far as a machine can tell: axe-core, in a browser."""

import pytest

from tests.browser.axe import violations
from tests.browser.conftest import DESK, PHONE, OpenPage
from tests.integration.console.conftest import Reachable
from tests.integration.console.county import IDS

pytestmark = pytest.mark.browser

_PAGES = {
    None: ["/sign-in"],
    "wang.diaodu": [
        "/",
        "/waiting",
        "/due?due=overdue",
        "/work-orders",
        "/alerts?whose=all",
        "/review",
        "/hotspots",
        "/complaints/new",
        "/search?q=樊家",
        "/search?q=nothing",
        "/search?q=1010-02",
        "/nowhere",
        f"/complaints/{IDS.waiting}",
        f"/complaints/{IDS.without_scheme}",
        f"/complaints/{IDS.drafted}",
        f"/complaints/{IDS.drafted}/extensions",
        f"/work-orders/{IDS.on_site}",
        "/work-orders/work-order-05",
    ],
    "zhao.shenhe": [
        "/review",
        "/review/fault/work-order-03",
        f"/review/{IDS.drafted}",
        f"/review/{IDS.stuck}",
        "/replies?list=stuck",
        "/replies/call-sheet",
        "/call-backs",
        "/complaints/complaint-14",
        "/review/complaint-14",  # delivered: another reply can be written
        "/review/complaint-20",  # nothing drafted
    ],
    "chen.zhuguan": [
        "/schemes",
        "/hotspots",
        "/call-backs?list=for_person",
        "/report?from=2026-01-01&to=2027-01-01",
        "/report?from=2026-07-01&to=2026-12-31&compare_from=2026-01-01&compare_to=2026-06-30",
        "/exports",
        "/digest",
        "/report/complaints?from=2026-01-01&to=2027-01-01&figure=late",
        "/work-orders/work-order-20",
        "/disclosures",
    ],
    "admin": [
        "/templates",
        "/release-rules",
        "/templates/hotline_12345/solved",
        "/parked",
        "/parked/reply/drop?key=c-01",
        "/settings",
        "/policies",
        "/policies/ordinary/edit",
        "/rulebook/policies/yaml",
        "/rulebook/policies/versions/2",
        "/calendar?year=2026",
        "/staff",
        "/codes",
        "/staff/li.weixiu/ways",
        "/messages",
        "/account",
        f"/complaints/{IDS.drafted}",
    ],
    "li.weixiu": ["/crew", f"/work-orders/{IDS.assigned}"],
}


@pytest.mark.parametrize("name", _PAGES)
async def test_no_page_bars_anybody(open_page: OpenPage, name: str | None) -> None:
    """On a desk in light colours; then, as it lies there, on a phone in dark ones."""
    page = await open_page(name, "/sign-in", DESK)
    found: list[str] = []
    for path in _PAGES[name]:
        await page.goto(path)  # colours change at once where motion is reduced
        found += await violations(page)
        await page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        await page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        found += await violations(page, of_appearance=True)
        await page.set_viewport_size({"width": DESK[0], "height": DESK[1]})
        await page.emulate_media(color_scheme="light", reduced_motion="reduce")
    assert found == []


async def test_no_page_bars_anybody_while_the_other_services_are_unavailable(
    open_page: OpenPage, intake: Reachable, reply: Reachable
) -> None:
    intake.unavailable = reply.unavailable = True
    page = await open_page("wang.diaodu")
    found: list[str] = []
    for path in ("/waiting", "/complaints/new", f"/complaints/{IDS.waiting}", "/review"):
        await page.goto(path)
        found += await violations(page)
    assert found == []


async def test_a_village_is_chosen_from_a_named_group(open_page: OpenPage) -> None:
    page = await open_page("wang.diaodu", f"/complaints/{IDS.waiting}")
    await page.locator("#village_q").fill("樊家")
    await page.locator("#villages input").first.wait_for()
    assert await violations(page) == []


async def test_the_check_finds_what_bars_somebody(open_page: OpenPage) -> None:
    page = await open_page(None, "/sign-in")
    await page.evaluate("document.querySelector('label[for=name]').remove()")
    await page.evaluate("document.querySelector('h1').style.color = '#ccc'")
    assert {fault.split()[1] for fault in await violations(page)} == {"label:", "color-contrast:"}
