"""What axe-core finds against WCAG 2.2 A and AA on a page."""

from collections.abc import Sequence

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

_LEVEL = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
}
_OF_APPEARANCE = {"runOnly": {"type": "rule", "values": ["color-contrast", "target-size"]}}
"""The rules that colours and width decide; the others read what both sizes share."""
_ALL_OPEN = "() => document.querySelectorAll('main details').forEach(each => each.open = true)"


async def violations(page: Page, *, of_appearance: bool = False) -> Sequence[str]:
    """`of_appearance`: only what differs between sizes and between light and dark."""
    await page.evaluate(_ALL_OPEN)
    options = _OF_APPEARANCE if of_appearance else _LEVEL
    found = (await Axe().run(page, options=options)).response["violations"]
    return [
        f"{page.url} {fault['id']}: {node['html'][:120]} {node['failureSummary']}"
        for fault in found
        for node in fault["nodes"]
    ]
