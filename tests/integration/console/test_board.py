"""The live board: what it shows, in which sequence, and what asking again costs."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, text, update
from sqlmodel import col

from services.dispatch.console.queries.board import read_board
from services.dispatch.console.queries.filters import Filters
from services.dispatch.models import Complaint, DeadlineView, WorkOrder
from shared.clock import ManualClock
from shared.db import Database
from tests.integration.console.conftest import SignedIn
from tests.integration.console.county import COUNTY, IDS


async def test_what_is_overdue_stands_first_then_what_is_due_next(
    database: Database, clock: ManualClock
) -> None:
    async with database.reading() as session:
        board = await read_board(session, COUNTY, Filters(), clock.now())
    assert {line.state for line in board.overdue} == {"missed"}
    assert all(line.due_at < clock.now() for line in board.overdue)
    for lines in (board.overdue, board.pending):
        dues = [line.due_at for line in lines]
        assert dues == sorted(dues)
    faults = [line.fault for line in board.overdue + board.pending]
    assert len(set(faults)) == len(faults)


async def test_a_fault_is_one_line_however_many_complain(
    database: Database, clock: ManualClock
) -> None:
    async with database.work() as (session, _):
        await session.execute(
            update(Complaint)
            .where(col(Complaint.work_order_id).is_not(None), col(Complaint.county) == COUNTY)
            .values(work_order_id=IDS.on_site)
        )
    async with database.reading() as session:
        board = await read_board(session, COUNTY, Filters(), clock.now())
    lines = board.overdue + board.pending
    (of_fault,) = [line for line in lines if line.work_order_id == IDS.on_site]
    assert (of_fault.together, of_fault.overdue) == (30, 2), "what is overdue and what is to come"
    assert of_fault.crew == "三里镇维修一队"
    assert {line.complaint_id for line in lines} >= {IDS.waiting}, "and hides nothing else"


async def test_what_was_kept_late_is_no_longer_overdue(
    database: Database, clock: ManualClock
) -> None:
    async with database.work() as (session, _):
        await session.execute(
            update(DeadlineView)
            .where(col(DeadlineView.state) == "missed")
            .values(met_at=clock.now(), late=True)
        )
    async with database.reading() as session:
        board = await read_board(session, COUNTY, Filters(), clock.now())
    assert (board.overdue, board.counts.due.overdue) == ((), 0)


async def test_the_counts_are_those_of_the_rows(database: Database, clock: ManualClock) -> None:
    async with database.reading() as session:
        counts = (await read_board(session, COUNTY, Filters(), clock.now())).counts
    assert (counts.waiting, counts.without_crew, counts.in_repair) == (2, 3, 12)
    assert (counts.drafts, counts.stuck, counts.due.overdue) == (3, 1, 2)


@pytest.mark.parametrize(
    ("filters", "field"),
    [
        (Filters(town="焦岱镇"), "town"),
        (Filters(category="pipe_leak"), "category"),
        (Filters(platform="wechat"), "platform"),
        (Filters(state="on_site"), "work_order_state"),
    ],
)
async def test_a_filter_leaves_what_it_names(
    database: Database, clock: ManualClock, filters: Filters, field: str
) -> None:
    async with database.reading() as session:
        board = await read_board(session, COUNTY, filters, clock.now())
    assert board.pending
    assert {getattr(line, field) for line in board.pending} == set(filters.chosen.values())
    if field == "work_order_state":
        assert {line.state for line in board.work_orders} == {"on_site"}
        assert board.waiting == ()


async def test_complaints_without_an_order_can_be_filtered_out(
    database: Database, clock: ManualClock
) -> None:
    async with database.reading() as session:
        board = await read_board(session, COUNTY, Filters(state="none"), clock.now())
    assert {line.work_order_id for line in board.pending} == {None}
    assert board.work_orders == ()
    assert {line.id for line in board.waiting} == {IDS.waiting, IDS.without_scheme}


async def test_an_unchanged_board_costs_304_and_a_changed_one_comes_anew(
    signed_in: SignedIn, database: Database, clock: ManualClock
) -> None:
    client = await signed_in("admin")
    tag = re.search(r'hx-ptag="([0-9a-f]+)"', (await client.get("/")).text)
    assert tag is not None
    headers = {"HX-Request": "true", "HX-PTag": tag[1]}
    clock.advance(timedelta(seconds=30))  # countdowns go on in the browser
    again = await client.get("/board", headers=headers)
    assert (again.status_code, again.content) == (304, b"")
    async with database.work() as (session, _):
        await session.execute(
            update(WorkOrder).where(col(WorkOrder.id) == IDS.assigned).values(state="accepted")
        )
    changed = await client.get("/board", headers=headers)
    assert changed.status_code == 200
    assert changed.headers["hx-ptag"] != tag[1]
    other_language = await client.get("/board?lang=en", headers=headers)
    assert other_language.status_code == 200


async def test_long_and_hostile_names_are_shown_as_text(
    signed_in: SignedIn, database: Database
) -> None:
    async with database.work() as (session, _):
        await session.execute(
            update(Complaint)
            .where(col(Complaint.id) == "complaint-04")
            .values(village="<script>alert(1)</script>", external_id="X" * 400)
        )
    client = await signed_in("admin")
    page = (await client.get("/")).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page
    assert "X" * 30 not in page


@contextmanager
def _statements(database: Database) -> Iterator[list[tuple[str, Any]]]:
    statements: list[tuple[str, Any]] = []

    def note(_c: Any, _u: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        statements.append((statement, parameters))

    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


def _tables_read_whole(plan: dict[str, Any]) -> Iterator[str]:
    if plan["Node Type"] == "Seq Scan":
        yield plan["Relation Name"]
    for below in plan.get("Plans", []):
        yield from _tables_read_whole(below)


async def test_the_board_reads_no_growing_table_as_a_whole(
    database: Database, clock: ManualClock
) -> None:
    """Twenty thousand complaints of years past: every statement still goes by index."""
    async with database.work() as (session, _):
        for table, key, others in (
            (
                "work_order",
                "work-order-01",
                {"number": "NULL", "state": "'closed'", "closed_at": "now()"},
            ),
            ("complaint", "complaint-14", {"work_order_id": "'old-work-order-01' || n"}),
            ("deadline_view", "complaint-14", {"state": "'met'"}),
            ("reply_view", "complaint-14", {"state": "'delivered'"}),
        ):
            await session.execute(text(_copies(table, key, others)))
        await session.execute(text(_MANY_CAUSES))
        await session.execute(text(_MANY_ALERTS))
        await session.execute(text(_MANY_EXTENSIONS))
        await session.execute(text("ANALYZE"))
    async with database.reading() as session:
        with _statements(database) as statements:
            board = await read_board(session, COUNTY, Filters(), clock.now())
    assert board.counts.in_repair == 12
    async with database.engine.connect() as connection:
        for statement, parameters in statements:
            explained = await connection.exec_driver_sql(
                f"EXPLAIN (FORMAT JSON) {statement}", parameters
            )
            plan = explained.scalar_one()
            plan = json.loads(plan) if isinstance(plan, str) else plan
            whole = set(_tables_read_whole(plan[0]["Plan"]))
            assert whole <= {"scheme", "scheme_village", "crew", "staff"}, (whole, statement)


_MANY_CAUSES = """
    INSERT INTO missed_cause
        (complaint_id, stage, due_at, county, cause, note, given_by, given_at)
    SELECT 'old-' || n, 'reply', now(), '610122', 'parts', '', 'admin', now()
    FROM generate_series(1, 20000) n
"""
_MANY_EXTENSIONS = """
    INSERT INTO extension_view
        (request_id, complaint_id, county, stage, round, until, asked_by, asked_at, state, resident,
        sequence)
    SELECT 'old-' || n, 'old-' || n, '610122', 'reply', 1, now(), 'admin', now(), 'granted', 'told',
        n
    FROM generate_series(1, 20000) n
"""
_MANY_ALERTS = """
    INSERT INTO alert
        (id, county, fault, complaint_id, stage, round, step, level, reached, complaints, urgent,
        due_at, raised_at, stepped_at, ended_at)
    SELECT 'old-' || n, '610122', 'old-work-order-' || n, 'old-' || n, 'reply', 1, 75, 'dispatcher',
        'dispatcher', 1, false, now(), now(), now(), now()
    FROM generate_series(1, 20000) n
"""


def _copies(table: str, key: str, others: dict[str, str]) -> str:
    """Twenty thousand rows like the one of `key`, under other ids, a minute apart in the past."""
    id_column = "complaint_id" if table.endswith("_view") else "id"
    changes = "".join(f", '{name}', {value}" for name, value in others.items())
    return f"""
        INSERT INTO {table}
        SELECT (jsonb_populate_record(t, jsonb_build_object('{id_column}',
                'old-' || t.{id_column} || n {changes}))).*
        FROM {table} t, generate_series(1, 20000) n WHERE t.{id_column} = '{key}'
        {"AND stage = 'accept'" if table == "deadline_view" else ""}
    """
