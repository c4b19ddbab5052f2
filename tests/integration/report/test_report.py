"""A report of a year against an independent count in SQL, and its forms against each other."""

import json
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import text

from services.dispatch.complaint_facts import complaint_facts
from services.dispatch.handlers.official_codes import Codes, save_codes
from services.dispatch.models import CallBackView, Complaint, DeadlineView, MissedCause, Rework
from services.dispatch.report.content import (
    BREAKDOWNS,
    TOTALS,
    Report,
    as_json,
    make_report,
    period,
)
from services.dispatch.report.document import write_document
from services.dispatch.report.words import heading
from services.dispatch.report.workbook import write_workbook
from services.dispatch.rules.fault_matching import ComplaintState
from services.dispatch.rules.official_codes import OfficialCode
from shared.bulk_insert import bulk_insert, new_row
from shared.db import Database
from shared.sql import table_of

COUNTY, ANOTHER = "610122", "610123"
YEAR = (date(2026, 1, 1), date(2026, 12, 31))
FORMULA = "=HYPERLINK(1)<b>"
TOWNS = ("三里镇", "官庄镇", FORMULA, None)
STAGES = ("accept", "first_contact", "resolve", "reply")
_HOUR = timedelta(hours=1)


def _complaint(number: int, chance: random.Random) -> Complaint:
    at = datetime(2025, 12, 28, tzinfo=UTC) + timedelta(minutes=chance.randrange(375 * 24 * 60))
    is_ours = chance.random() < 0.9
    return new_row(
        Complaint,
        id=f"c{number}",
        county=chance.choice([COUNTY] * 9 + [ANOTHER]),
        platform=chance.choice(["hotline_12345", "message_board", "wechat"]),
        external_id=f"T{number}",
        sent_at=at,
        received_at=at,
        time_limit=None,
        is_ours=is_ours,
        category=chance.choice(["outage", "pipe_leak"]) if is_ours else "not_ours",
        second_category=None,
        component=None,
        urgent=False,
        says_repeated=False,
        village_code=None,
        village=None,
        town=chance.choice(TOWNS),
        village_group=None,
        category_confidence=1.0,
        place_confidence=1.0,
        needs_human=False,
        state=ComplaintState.WAITING_FOR_PERSON.value,
        chases=chance.choice([0, 0, 1, 3]),
    )


def _deadline(complaint: Complaint, stage: str, chance: random.Random) -> DeadlineView:
    due_at = complaint.received_at + 24 * _HOUR
    state = chance.choice(["open", "warned", "missed", "met", "met", "met"])
    late = state == "met" and chance.random() < 0.2
    is_done = state == "met" or (state == "missed" and chance.random() < 0.3)
    return new_row(
        DeadlineView,
        complaint_id=complaint.id,
        stage=stage,
        county=complaint.county,
        due_at=due_at,
        warn_at=due_at - _HOUR,
        provisional=chance.random() < 0.05,
        was_paused=chance.random() < 0.02,
        source="printed",
        limit_unreadable=False,
        state=state,
        met_at=(due_at + _HOUR if late or state == "missed" else due_at - _HOUR)
        if is_done
        else None,
        late=late or (state == "missed" and is_done),
    )


def _cause(deadline: DeadlineView, chance: random.Random) -> MissedCause:
    return new_row(
        MissedCause,
        complaint_id=deadline.complaint_id,
        stage=deadline.stage,
        due_at=deadline.due_at,
        county=deadline.county,
        cause=chance.choice(["parts", "weather"]),
        note="",
        given_by="chen",
        given_at=deadline.due_at,
    )


def _call_back(complaint: Complaint, version: int, chance: random.Random) -> CallBackView:
    satisfied = chance.choice([True, True, True, False, None])
    return new_row(
        CallBackView,
        complaint_id=complaint.id,
        version=version,
        county=complaint.county,
        sequence=1,
        state="asked" if satisfied is None else "answered",
        asked_by="phone",
        changed_at=complaint.received_at,
        tries=0,
        next_try_at=None,
        asked_at=None,
        satisfied=satisfied,
        answered_at=None if satisfied is None else complaint.received_at,
        source=None,
        noted_by=None,
        why_closed=None,
    )


def _rework(said: CallBackView, chance: random.Random) -> Rework:
    return new_row(
        Rework,
        complaint_id=said.complaint_id,
        version=said.version,
        county=said.county,
        answered_at=said.changed_at,
        outcome=chance.choice(["opened", "joined", "for_person"]),
        decided_at=said.changed_at,
    )


@pytest.fixture
async def dispatch(new_database: Callable[[str], Awaitable[Database]]) -> Database:
    """With a year of complaints of two counties, and some days more."""
    database = await new_database("dispatch")
    chance = random.Random(20261127)
    complaints = [_complaint(number, chance) for number in range(900)]
    deadlines = [_deadline(each, stage, chance) for each in complaints for stage in STAGES]
    causes = [_cause(each, chance) for each in deadlines if chance.random() < 0.5]
    asked = [each for each in complaints if chance.random() < 0.6]
    said = [_call_back(each, version, chance) for each in asked for version in (1, 2)]
    reworks = [_rework(each, chance) for each in said if each.satisfied is False]
    async with database.work() as (session, _):
        await bulk_insert(session, table_of(CallBackView), said)
        await bulk_insert(session, table_of(Rework), reworks)
        await bulk_insert(session, table_of(Complaint), complaints)
        await bulk_insert(session, table_of(DeadlineView), deadlines)
        await bulk_insert(session, table_of(MissedCause), causes)
    return database


@pytest.fixture
async def report(dispatch: Database) -> Report:
    return await _report(dispatch, YEAR)


async def _report(
    database: Database, days: tuple[date, date], earlier: Report | None = None
) -> Report:
    async with database.reading() as session:
        facts = await complaint_facts(session, COUNTY, *period(*days))
    return make_report(facts, COUNTY, *days, datetime(2027, 1, 4, tzinfo=UTC), earlier)


@pytest.fixture
async def compared(dispatch: Database) -> Report:
    """The second half of the year beside the first."""
    first = await _report(dispatch, (date(2026, 1, 1), date(2026, 6, 30)))
    return await _report(dispatch, (date(2026, 7, 1), date(2026, 12, 31)), first)


_OURS = """
    SELECT c.* FROM complaint c WHERE c.county = '610122' AND c.is_ours
    AND (c.received_at AT TIME ZONE 'Asia/Shanghai')::date BETWEEN '2026-01-01' AND '2026-12-31'
"""


async def _one(database: Database, query: str) -> Any:
    async with database.reading() as session:
        return (await session.execute(text(f"WITH ours AS ({_OURS}) {query}"))).scalar_one()


async def test_the_figures_are_those_that_sql_counts(dispatch: Database, report: Report) -> None:
    figures = as_json(report)
    assert figures["complaints"] == await _one(dispatch, "SELECT count(*) FROM ours") > 500
    assert figures["chased"] == await _one(dispatch, "SELECT count(*) FROM ours WHERE chases > 0")
    assert figures["paused"] == await _one(
        dispatch,
        "SELECT count(DISTINCT ours.id) FROM ours JOIN deadline_view d ON d.complaint_id = ours.id"
        " WHERE d.was_paused",
    )
    assert figures["paused"] > 0
    assert figures["late"] == await _one(
        dispatch,
        "SELECT count(*) FROM ours WHERE EXISTS (SELECT FROM deadline_view d"
        " WHERE d.complaint_id = ours.id AND (d.late OR d.state = 'missed' AND d.met_at IS NULL))",
    )
    for name, stage in (("response_rate", "first_contact"), ("resolve_rate", "resolve")):
        assert figures[name] == pytest.approx(
            float(
                await _one(
                    dispatch,
                    "SELECT avg((met_at IS NOT NULL)::int) FROM ours JOIN deadline_view d"
                    f" ON d.complaint_id = ours.id AND d.stage = '{stage}'"
                    " WHERE met_at IS NOT NULL OR d.state = 'missed'",
                )
            ),
            abs=5e-5,
        )
    for group in figures["by_town"]:
        assert group["complaints"] == await _one(
            dispatch,
            f"SELECT count(*) FROM ours WHERE coalesce(town, '') = '{group['town']}'",
        )
    assert len(figures["by_month"]) == 12
    assert sum(group["complaints"] for group in figures["by_month"]) == figures["complaints"]
    assert len(figures["late_stages"]) == await _one(
        dispatch,
        "SELECT count(*) FROM ours JOIN deadline_view d ON d.complaint_id = ours.id"
        " WHERE d.late OR d.state = 'missed' AND d.met_at IS NULL",
    )


_HALVES = """
    WITH ours AS ({ours}), half AS (
        SELECT id, town, extract(month FROM received_at AT TIME ZONE 'Asia/Shanghai') > 6 AS second
        FROM ours
    ), late AS (
        SELECT h.*, m.cause FROM half h JOIN deadline_view d ON d.complaint_id = h.id
        LEFT JOIN missed_cause m USING (complaint_id, stage, due_at)
        WHERE d.late OR d.state = 'missed' AND d.met_at IS NULL
    )
"""


async def test_two_periods_are_compared_as_sql_does(dispatch: Database, compared: Report) -> None:
    async def rows(query: str) -> list[Any]:
        async with dispatch.reading() as session:
            return list(await session.execute(text(_HALVES.format(ours=_OURS) + query)))

    figures = as_json(compared)
    both = figures["compared"]
    assert (both["from"], both["to"]) == ("2026-01-01", "2026-06-30")

    by_town = await rows(
        "SELECT coalesce(town, ''), count(*) FILTER (WHERE second),"
        " count(*) FILTER (WHERE NOT second) FROM half GROUP BY 1 ORDER BY 1"
    )
    assert [
        (line["town"], line["complaints"]["value"], line["complaints"]["earlier"])
        for line in both["by_town"]
    ] == [tuple(row) for row in by_town]
    now, before = (sum(row[place] for row in by_town) for place in (1, 2))
    assert both["complaints"] == {
        "value": now,
        "earlier": before,
        "difference": now - before,
        "change": pytest.approx((now - before) / before, abs=5e-5),
        "too_few": False,
    }

    rates = dict(
        await rows(
            "SELECT second, avg((met_at IS NOT NULL)::int)::float FROM half JOIN deadline_view d"
            " ON d.complaint_id = id AND d.stage = 'resolve'"
            " WHERE met_at IS NOT NULL OR d.state = 'missed' GROUP BY 1"
        )
    )
    assert both["resolve_rate"]["value"] == pytest.approx(rates[True], abs=5e-5)
    assert both["resolve_rate"]["difference"] == pytest.approx(rates[True] - rates[False], abs=1e-4)

    assert [(line["month"], line["earlier_month"]) for line in both["by_month"]] == [
        (f"2026-{month + 6:02}", f"2026-{month:02}") for month in range(1, 7)
    ]

    for second, shown in ((True, figures["late_by_cause"]), (False, both["late_by_cause"])):
        causes = await rows(
            "SELECT coalesce(cause, ''), count(DISTINCT id) FROM late"
            f" WHERE second = {second} GROUP BY 1"
        )
        assert {line["cause"]: line["complaints"] for line in shown} == dict(
            tuple(row) for row in causes
        )


async def test_complaints_are_counted_by_their_official_class(dispatch: Database) -> None:
    province = "DB61/T (a test)"
    lines = [
        OfficialCode("outage", "0101", "供水", "表A.1", verified=True),
        OfficialCode("pipe_leak", "0101", "供水", "表A.1", verified=True),
    ]
    async with dispatch.work() as (session, _):
        codes = Codes(province, 0, lines)
        await save_codes(session, COUNTY, codes, "admin", datetime(2026, 1, 1, tzinfo=UTC))
    async with dispatch.reading() as session:
        facts = await complaint_facts(session, COUNTY, *period(*YEAR), province)
    made = make_report(facts, COUNTY, *YEAR, datetime(2027, 1, 4, tzinfo=UTC), None, province)
    figures = as_json(made)
    assert figures["code_system"] == province
    counted = {one["official_class"]: one["complaints"] for one in figures["by_official_class"]}
    assert counted == {"": 0, "0101 供水": await _one(dispatch, "SELECT count(*) FROM ours")}
    as_shipped = as_json(await _report(dispatch, YEAR))["by_official_class"]
    assert [one["official_class"] for one in as_shipped] == [""]


def test_every_form_shows_both_periods(compared: Report, tmp_path: Path) -> None:
    write_workbook(compared, tmp_path / "two.xlsx")
    sheets = CalamineWorkbook.from_path(tmp_path / "two.xlsx")
    totals = {row[0]: row[1:4] for row in sheets.get_sheet_by_name("总表").to_python() if row[0]}
    assert compared.earlier
    now, before = compared.total.complaints, compared.earlier.total.complaints
    assert totals["诉求件数"] == [now, before, now - before]
    write_document(compared, tmp_path / "two.docx")
    with ZipFile(tmp_path / "two.docx") as parts:
        written = parts.read("word/document.xml").decode()
    assert f"{now}（对比期 {before}，{now - before:+d}）" in written
    assert "对比期：2026年01月01日 至 2026年06月30日" in written


async def test_satisfaction_and_rework_are_what_sql_counts(
    dispatch: Database, report: Report, tmp_path: Path
) -> None:
    async with dispatch.reading() as session:
        counted = (
            await session.execute(
                text("""
WITH mine AS (
    SELECT id FROM complaint WHERE county = '610122' AND is_ours
    AND received_at >= '2026-01-01 00:00+08' AND received_at < '2027-01-01 00:00+08'
), newest AS (
    SELECT DISTINCT ON (complaint_id) complaint_id, satisfied FROM call_back_view
    JOIN mine ON id = complaint_id WHERE satisfied IS NOT NULL
    ORDER BY complaint_id, version DESC
)
SELECT (SELECT count(*) FROM newest), (SELECT count(*) FILTER (WHERE satisfied) FROM newest),
    (SELECT count(DISTINCT complaint_id) FROM rework JOIN mine ON id = complaint_id
    WHERE outcome <> 'for_person')
""")
            )
        ).one()
    evaluated, satisfied, reworked = counted
    figures = as_json(report)
    assert evaluated > satisfied > 0
    assert figures["evaluated"] == evaluated
    assert figures["satisfaction_rate"] == round(satisfied / evaluated, 4)
    assert figures["reworked"] == reworked
    for name in ("by_month", "by_town", "by_platform", "by_crew", "by_category"):
        assert sum(line["evaluated"] for line in figures[name]) == evaluated
        assert sum(line["reworked"] for line in figures[name]) == reworked
    write_workbook(report, tmp_path / "y.xlsx")
    sheet = CalamineWorkbook.from_path(tmp_path / "y.xlsx").get_sheet_by_name("总表").to_python()
    shown = {row[0]: row[1] for row in sheet}
    assert (shown["有评价"], shown["重办"]) == (evaluated, reworked)


def test_every_figure_has_its_definition(report: Report) -> None:
    figures = as_json(report)
    totals = {name for name, value in figures.items() if isinstance(value, int | float)}
    assert totals == figures["definitions"].keys()
    json.dumps(figures)


def test_the_workbook_shows_the_same_figures_and_no_formula(report: Report, tmp_path: Path) -> None:
    path = tmp_path / "2026.xlsx"
    write_workbook(report, path)
    sheets = CalamineWorkbook.from_path(path)
    assert sheets.sheet_names == [
        "总表",
        "按月",
        "按乡镇",
        "按渠道",
        "按队伍",
        "按类别",
        "按官方分类",
        "逾期原因",
        "逾期清单",
    ]
    totals = {row[0]: row[1] for row in sheets.get_sheet_by_name("总表").to_python() if row[0]}
    assert totals["诉求件数"] == report.total.complaints
    assert totals["响应率"] == report.total.response_rate
    towns = sheets.get_sheet_by_name("按乡镇").to_python()
    assert {str(row[0]) for row in towns} == {"按乡镇", "三里镇", "官庄镇", FORMULA, "未定"}
    assert sum(int(str(row[1]).split(".")[0]) for row in towns[1:]) == report.total.complaints
    assert len(sheets.get_sheet_by_name("逾期清单").to_python()) == 1 + len(report.late)
    with ZipFile(path) as parts:
        assert not any(
            b"<f>" in parts.read(name) for name in parts.namelist() if "worksheets" in name
        )


def test_the_document_shows_the_same_figures(report: Report, tmp_path: Path) -> None:
    path = tmp_path / "2026.docx"
    write_document(report, path)
    with ZipFile(path) as parts:
        written = parts.read("word/document.xml").decode()
    assert f">{report.total.complaints}<" in written
    assert "2026年01月01日 至 2026年12月31日" in written
    assert "三里镇" in written
    assert "=HYPERLINK(1)&lt;b&gt;" in written
    assert all(written.count(f">{heading(name)}<") > len(BREAKDOWNS) for name in TOTALS)
    assert "{{" not in written
    assert "{%" not in written
