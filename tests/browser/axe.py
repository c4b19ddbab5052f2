"""What axe-core finds against WCAG 2.2 A and AA on a page."""

from collections.abc import Sequence

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

_LEVEL = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
}
_ALL_OPEN = "() => document.querySelectorAll('main details').forEach(each => each.open = true)"


async def violations(page: Page) -> Sequence[str]:
    await page.evaluate(_ALL_OPEN)
    found = (await Axe().run(page, options=_LEVEL)).response["violations"]
    return [
        f"{page.url} {fault['id']}: {node['html'][:120]} {node['failureSummary']}"
        for fault in found
        for node in fault["nodes"]
    ]
