"""The report's page: every figure opens the list of the complaints it counts."""

import re
from io import BytesIO

from python_calamine import CalamineWorkbook

from tests.integration.console.conftest import SignedIn

_FIGURE = re.compile(r'<a href="(/report/complaints\?[^"]+)">(\d+)</a>')


async def test_every_count_opens_a_list_of_as_many_complaints(signed_in: SignedIn) -> None:
    boss = await signed_in("chen.zhuguan")
    page = (await boss.get("/report?from=2026-01-01&to=2027-01-01")).text
    counts = _FIGURE.findall(page)
    assert len(counts) > 20
    for address, count in counts:
        listed = (await boss.get(address.replace("&amp;", "&"))).text
        assert f"{count} 件" in listed, address
        if int(count) <= 50:
            assert len(re.findall(r'href="/complaints/[^"]+"', listed)) - listed.count(
                'href="/complaints/new"'
            ) == int(count), address


async def test_the_workbook_holds_what_the_page_shows(signed_in: SignedIn) -> None:
    boss = await signed_in("chen.zhuguan")
    days = "from=2026-01-01&to=2027-01-01"
    page = (await boss.get(f"/report?{days}")).text
    answer = await boss.get(f"/report/file?{days}&form=xlsx")
    assert answer.headers["content-disposition"].startswith("attachment")
    sheet = CalamineWorkbook.from_filelike(BytesIO(answer.content)).get_sheet_by_name("总表")
    totals = {row[0]: row[1] for row in sheet.to_python() if row[0]}
    assert f">{int(str(totals['诉求件数']).split('.')[0])}</a>" in page
    assert (await boss.get(f"/report/file?{days}&form=docx")).content.startswith(b"PK")


async def test_a_period_that_is_none_is_refused_in_words(signed_in: SignedIn) -> None:
    boss = await signed_in("chen.zhuguan")
    for days in ("from=soon", "from=2026-02-01&to=2026-01-01", "from=0001-01-01&to=0001-01-02"):
        answer = await boss.get(f"/report?{days}")
        assert answer.status_code == 422
        assert "日期不正确" in answer.text
    assert (await boss.get("/report/complaints?figure=nonsense")).status_code == 404
