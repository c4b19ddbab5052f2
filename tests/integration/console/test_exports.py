"""Every list as a file: all its rows in its order, for whoever may see the list."""

import csv
import re
from io import BytesIO, StringIO

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import text

from services.dispatch.console.exports import jobs, lists
from services.dispatch.console.pages import exports
from services.dispatch.handlers.scheme_ranking import rank_all_schemes
from services.dispatch.models import ExportJob
from shared.clock import ManualClock
from shared.db import Database
from tests.integration.console.conftest import SignedIn
from tests.integration.console.county import STAFF

PAGES = {
    "due": "/due?due=overdue",
    "replies": "/replies?list=to_review",
    "work-orders": "/work-orders?work=in_repair",
    "waiting": "/waiting",
    "review": "/review",
    "call-backs": "/call-backs",
    "hotspots": "/hotspots",
    "schemes": "/schemes",
    "staff": "/staff",
    "search": "/search?q=樊家",
    "complaints": "/report/complaints?from=2026-01-01&to=2027-01-01&figure=late",
    "alerts": "/alerts?whose=all",
    "messages": "/messages",
    "disclosures": "/disclosures",
    "parked": "/parked",
}
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


def _form_of(page: str, name: str) -> dict[str, str]:
    (form,) = re.findall(r'<form class="exports".*?</form>', page, re.DOTALL)
    fields = dict(_HIDDEN.findall(form))
    assert fields["of"] == name
    return fields


def _rows(content: bytes) -> list[list[str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(StringIO(content.decode("utf-8-sig"))))


@pytest.mark.parametrize("name", lists.LISTS)
async def test_a_page_exports_what_it_lists(
    name: str, signed_in: SignedIn, database: Database
) -> None:
    await rank_all_schemes(database)
    admin = await signed_in("admin")
    fields = _form_of((await admin.get(PAGES[name])).text, name)
    answer = await admin.post("/exports", data={**fields, "form": "csv"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"].startswith(f'attachment; filename="{name}-')
    heading, *rows = _rows(answer.content)
    assert len(set(heading)) == len(heading)
    assert all(len(row) == len(heading) for row in rows)
    assert rows or name in ("alerts", "messages")  # nobody is told of anything here

    excel = await admin.post("/exports", data={**fields, "form": "xlsx"})
    sheet = CalamineWorkbook.from_filelike(BytesIO(excel.content)).get_sheet_by_index(0)
    assert len(sheet.to_python()) == len(rows) + 1


async def test_the_rows_are_in_the_order_of_the_page_and_filtered_as_it(
    signed_in: SignedIn,
) -> None:
    dispatcher = await signed_in("wang.diaodu")
    shown = (await dispatcher.get("/work-orders?category=outage")).text
    answer = await dispatcher.post(
        "/exports", data={"of": "work-orders", "form": "csv", "category": "outage"}
    )
    numbers = [row[0] for row in _rows(answer.content)[1:]]
    assert numbers == re.findall(r"(WX-\d+-\d+) ·", shown)
    assert len(numbers) > 2


@pytest.mark.parametrize("who", STAFF)
async def test_whoever_may_not_see_a_list_cannot_export_it(who: str, signed_in: SignedIn) -> None:
    person = await signed_in(who)
    for name, address in PAGES.items():
        may_see = (await person.get(address)).status_code == 200
        if name == "alerts" and who == "li.weixiu":
            may_see = False  # a crew sees its own alerts, on its phone
        answer = await person.post("/exports", data={"of": name, "form": "csv"})
        assert answer.status_code == (200 if may_see else 403), (name, answer.text)


async def test_a_list_that_is_none_and_a_filter_that_is_none_are_refused(
    signed_in: SignedIn,
) -> None:
    admin = await signed_in("admin")
    assert (await admin.post("/exports", data={"of": "x", "form": "csv"})).status_code == 404
    answer = await admin.post("/exports", data={"of": "due", "form": "csv", "due": "nonsense"})
    assert answer.status_code == 422


async def test_a_long_list_is_made_beside_the_request(
    signed_in: SignedIn, database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "AT_ONCE", 1)
    monkeypatch.setattr(jobs, "_PART_BYTES", 500)
    boss, other = await signed_in("chen.zhuguan"), await signed_in("admin")
    asked = await boss.post("/exports", data={"of": "due", "form": "csv", "due": "overdue"})
    assert asked.status_code == 303
    address = asked.headers["location"]
    page = (await boss.get(address)).text
    assert "<progress" in page
    assert 'hx-trigger="every 1s"' in page
    assert (await boss.get(f"{address}/file")).status_code == 404
    assert (await other.get(address)).status_code == 404

    assert await jobs.run_next(database) == 1
    assert await jobs.run_next(database) == 0
    page = (await boss.get(f"{address}/state")).text
    assert "<progress" not in page
    assert "every 1s" not in page
    made = await boss.get(f"{address}/file")
    monkeypatch.setattr(exports, "AT_ONCE", 2000)
    direct = await boss.post("/exports", data={"of": "due", "form": "csv", "due": "overdue"})
    assert made.content == direct.content
    assert (await other.get(f"{address}/file")).status_code == 404
    assert address in (await boss.get("/exports")).text

    clock.advance(jobs.KEPT_FOR * 1.1)
    await jobs.forget_old(database)
    async with database.reading() as session:
        for table in ("export_job", "export_part"):
            assert (await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one() == 0


async def test_what_an_ended_process_left_is_made_anew_and_not_for_ever(
    database: Database, clock: ManualClock
) -> None:
    job = ExportJob(
        id="x1",
        county="610122",
        asked_by="admin",
        asked_at=clock.now(),
        listing="staff",
        form="csv",
        language="zh",
        chosen={},
        rows_in_all=5,
    )
    async with database.work() as (session, _):
        session.add(job)
    for _attempt in range(3):
        assert (await jobs._claim(database)) is not None
        assert (await jobs._claim(database)) is None
        clock.advance(jobs.KEPT_FOR / 100)
    assert await jobs.run_next(database) == 1
    async with database.reading() as session:
        left = await session.get_one(ExportJob, "x1")
    assert (left.state, left.attempts) == ("failed", 3)
