"""Who gets which page, and that nobody sees another county's."""

import pytest

from tests.integration.console.conftest import Browser, SignedIn
from tests.integration.console.county import IDS

NAMES = ("wang.diaodu", "li.weixiu", "zhao.shenhe", "chen.zhuguan", "admin")
PAGES = {
    #                               dispatcher crew reviewer supervisor admin
    "/": (200, 303, 200, 200, 200),
    "/board": (200, 403, 200, 200, 200),
    "/crew": (403, 200, 403, 403, 403),
    "/waiting": (200, 403, 200, 200, 200),
    "/due": (200, 403, 200, 200, 200),
    "/work-orders": (200, 403, 200, 200, 200),
    "/review": (200, 403, 200, 200, 200),
    "/review/complaint-03": (200, 403, 200, 200, 200),
    "/review/fault/work-order-03": (200, 403, 200, 200, 200),
    f"/review/fault/{IDS.foreign_work_order}": (404, 403, 404, 404, 404),
    "/replies": (200, 403, 200, 200, 200),
    "/replies/call-sheet": (200, 403, 200, 403, 200),
    "/replies/outages": (200, 200, 200, 200, 200),
    "/call-backs": (200, 403, 200, 200, 200),
    "/hotspots": (200, 403, 403, 200, 200),
    "/schemes": (200, 403, 403, 200, 200),
    "/schemes/scheme-1": (200, 403, 403, 200, 200),
    "/report": (200, 403, 403, 200, 200),
    "/report/complaints?figure=late": (200, 403, 403, 200, 200),
    "/report/file?form=xlsx": (200, 403, 403, 200, 200),
    "/digest": (200, 403, 403, 200, 200),
    "/codes": (200, 200, 200, 200, 200),
    "/codes/file": (200, 200, 200, 200, 200),
    "/exports": (200, 200, 200, 200, 200),
    "/exports/none": (404, 404, 404, 404, 404),
    "/complaints/new": (200, 403, 403, 403, 200),
    "/complaints/complaint-01": (200, 200, 200, 200, 200),
    "/complaints/complaint-02": (200, 404, 200, 200, 200),
    "/work-orders/work-order-01": (200, 200, 200, 200, 200),
    "/work-orders/work-order-02": (200, 404, 200, 200, 200),
    "/complaints/complaint-01/extensions": (200, 403, 200, 403, 200),
    "/parked": (403, 403, 403, 403, 200),
    "/disclosures": (403, 403, 403, 200, 200),
    "/messages": (200, 403, 403, 403, 200),
    "/staff/li.weixiu/ways": (403, 403, 403, 403, 200),
    "/policies": (200, 200, 200, 200, 200),
    "/calendar?year=2026": (200, 200, 200, 200, 200),
    "/rulebook/policies/versions/1": (200, 200, 200, 200, 200),
    "/policies/ordinary/edit": (403, 403, 403, 403, 200),
    "/rulebook/calendar/yaml": (403, 403, 403, 403, 200),
    "/settings": (200, 200, 200, 200, 200),
    "/staff": (403, 403, 403, 403, 200),
    "/account": (200, 200, 200, 200, 200),
    "/search": (200, 403, 200, 200, 200),
    "/villages": (200, 403, 403, 403, 200),
    f"/work-orders/{IDS.foreign_work_order}": (404, 404, 404, 404, 404),
    f"/complaints/{IDS.foreign_complaint}": (404, 404, 404, 404, 404),
    f"/review/{IDS.foreign_complaint}": (404, 403, 404, 404, 404),
    "/nowhere": (404, 404, 404, 404, 404),
}
ACTS = {
    "/schemes/scheme-1/case": (403, 403, 403, 422, 422),
    "/call-backs/complaint-01/outcome": (422, 403, 422, 403, 422),
    "/call-backs/complaint-01/rework": (403, 403, 403, 422, 422),
    "/review/fault/work-order-03": (403, 403, 422, 422, 422),
    f"/work-orders/{IDS.assigned}/assign": (422, 403, 403, 403, 422),
    f"/work-orders/{IDS.assigned}/close": (422, 403, 403, 403, 422),
    f"/work-orders/{IDS.assigned}/reopen": (422, 403, 403, 403, 422),
    f"/work-orders/{IDS.assigned}/merge": (422, 403, 403, 403, 422),
    f"/work-orders/{IDS.assigned}/release": (422, 422, 403, 403, 422),
    f"/work-orders/{IDS.assigned}/repair": (422, 422, 403, 403, 422),
    f"/work-orders/{IDS.foreign_work_order}/accept": (404, 404, 403, 403, 404),
    f"/complaints/{IDS.waiting}/resident": (200, 404, 403, 200, 200),
    "/complaints/complaint-01/resident": (200, 200, 403, 200, 200),
    "/complaints/complaint-01/call": (200, 200, 403, 200, 200),
    "/complaints/complaint-02/call": (200, 404, 403, 200, 200),
    "/complaints/complaint-02/contacted": (200, 404, 403, 403, 200),
    f"/complaints/{IDS.foreign_complaint}/resident": (404, 404, 403, 404, 404),
    f"/complaints/{IDS.waiting}/decision": (422, 403, 403, 403, 422),
    "/complaints/new": (422, 403, 403, 403, 422),
    "/unreadable/raw-1/handled": (303, 403, 403, 403, 303),
    "/unreadable/raw-1/body": (200, 403, 403, 403, 200),
    "/hotspots/scheme-1/pump/seen": (303, 403, 403, 303, 303),
    "/parked/reply/release": (403, 403, 403, 403, 422),
    "/policies/ordinary/edit": (403, 403, 403, 403, 409),
    "/rulebook/policies/preview": (403, 403, 403, 403, 422),
    "/rulebook/policies/save": (403, 403, 403, 403, 422),
    "/calendar/notice": (403, 403, 403, 403, 422),
    "/calendar/closures": (403, 403, 403, 403, 422),
    "/staff/nobody/password": (403, 403, 403, 403, 404),
    "/account/ways": (303, 303, 303, 303, 303),
    "/staff/nobody/ways": (403, 403, 403, 403, 404),
    "/messages/none/again": (404, 403, 403, 403, 404),
    "/messages/none/told-otherwise": (404, 403, 403, 403, 404),
    "/disclosures": (403, 403, 403, 200, 200),
    f"/complaints/{IDS.drafted}/erasure": (403, 403, 403, 403, 422),
}


@pytest.mark.parametrize("role", range(5), ids=NAMES)
async def test_each_role_gets_its_pages_and_no_other(signed_in: SignedIn, role: int) -> None:
    client = await signed_in(NAMES[role])
    got = {page: (await client.get(page)).status_code for page in PAGES}
    assert got == {page: statuses[role] for page, statuses in PAGES.items()}


@pytest.mark.parametrize("role", range(5), ids=NAMES)
async def test_each_role_can_do_its_steps_and_no_other(signed_in: SignedIn, role: int) -> None:
    client = await signed_in(NAMES[role])
    got = {act: (await client.post(act, data={"x": ""})).status_code for act in ACTS}
    assert got == {act: statuses[role] for act, statuses in ACTS.items()}


async def test_a_stranger_gets_nothing_but_the_sign_in_page(browser: Browser) -> None:
    client = browser()
    for page in PAGES:
        if page != "/nowhere":
            answer = await client.get(page)
            assert answer.status_code == 303, page
            assert answer.headers["location"].startswith("/sign-in"), page
    for act in ACTS:
        assert (await client.post(act)).headers["location"] == "/sign-in", act


async def test_the_board_and_search_show_one_county_only(signed_in: SignedIn) -> None:
    client = await signed_in("admin")
    assert "elsewhere" not in (await client.get("/")).text
    found = await client.get(f"/search?q={IDS.foreign_complaint}")
    assert f"/complaints/{IDS.foreign_complaint}" not in found.text


async def test_the_menu_leads_only_where_one_may_go(signed_in: SignedIn) -> None:
    for role, name in enumerate(NAMES):
        client = await signed_in(name)
        page = (await client.get("/crew" if name == "li.weixiu" else "/")).text
        for address, statuses in PAGES.items():
            if f'<a href="{address}" accesskey' in page:
                assert statuses[role] == 200, (name, address)
