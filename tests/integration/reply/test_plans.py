"""The cost of a batch does not grow with history: every statement goes by index."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event, text

from services.reply.context import in_transaction
from services.reply.handlers.deadline_recount import recount_outdated
from services.reply.handlers.deadline_sweep import sweep
from shared.db import Database
from tests.conftest import NOW
from tests.integration.reply.events import (
    HOUR,
    arrived,
    edited,
    evaluated,
    linked,
    received,
    repaired,
)
from tests.integration.reply.harness import Harness
from tests.integration.reply.postbox import Postbox

ROWS = 20_000
_HISTORY = (
    """INSERT INTO complaint (id, county, platform, external_id, sent_at, received_at,
        limit_unreadable, category, urgent, is_ours, needs_human, decision_sequence, counted_by,
        state, chases, acknowledge_attempts) SELECT 'h' || n, '610122', 'hotline_12345', n, :at,
        :at, false, 'outage', false, true, false, n, :edition, 'answered', 0, 0
        FROM generate_series(1, :rows) n""",
    """INSERT INTO deadline (complaint_id, stage, county, due_at, warn_at, provisional, source,
        unverified, standing, ladder, step, length_seconds, in_office_time, extensions_allowed,
        extensions_granted)
        SELECT 'h' || n, stage, '610122', :at, :at, false, 'ordinary', true, 'met', 'standard', 0,
            60, false, 1, 0
        FROM generate_series(1, :rows) n, unnest(ARRAY['accept', 'resolve']) stage""",
    """INSERT INTO work_order (id, county) SELECT 'hw' || n, '610122'
        FROM generate_series(1, :rows) n""",
    """INSERT INTO extension_request (id, complaint_id, county, platform, stage, round, until,
        reason, asked_by, asked_at, state, attempts, resident) SELECT 'h' || n, 'h' || n, '610122',
        'hotline_12345', 'resolve', 1, :at, '', 'li', :at, 'granted', 1, 'told'
        FROM generate_series(1, :rows) n""",
    """INSERT INTO link SELECT 'h' || n, n, 'hw' || n, :at FROM generate_series(1, :rows) n""",
    """INSERT INTO extension_request (id, complaint_id, county, platform, stage, round, until,
        reason, asked_by, asked_at, state, attempts, resident)
        SELECT 'x' || n, 'h' || n, '610122', 'hotline_12345', 'reply', 1, :at, '', 'zhao', :at,
        'granted', 1, 'told' FROM generate_series(1, :rows) n""",
    """INSERT INTO reply (complaint_id, version, county, platform, request_id, text, solved,
        kind, is_true, said, by_sms, by_hand, responsible, drafted_at, state, attempts, contested)
        SELECT 'h' || n, 1, '610122', 'hotline_12345', n, '', true, 'answer', true, '', false,
        false, '', :at, 'delivered', 0, false FROM generate_series(1, :rows) n""",
    """INSERT INTO call_back (complaint_id, version, county, asked_by, state, tries, satisfied,
        note) SELECT 'h' || n, 1, '610122', 'platform', 'answered', 0, true, ''
        FROM generate_series(1, :rows) n""",
)


@contextmanager
def statements_of(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """Collects what is executed inside, with its parameters."""
    found: list[tuple[str, Any]] = []

    def note(_c: object, _cu: object, sql: str, parameters: Any, _x: object, many: bool) -> None:
        if sql.lstrip().startswith(("SELECT", "WITH", "UPDATE")):
            found.append((sql, parameters[0] if many else parameters))

    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", note)


async def test_no_statement_scans_a_table(harness: Harness, postbox: Postbox) -> None:
    database = harness.database
    async with database.work() as (session, _):
        known = {"at": NOW, "rows": ROWS, "edition": harness.config.rulebooks.shipped.edition}
        for statement in _HISTORY:
            names = {name: value for name, value in known.items() if f":{name}" in statement}
            await session.execute(text(statement), names)
    async with database.connect() as connection:
        await connection.exec_driver_sql("ANALYZE")
    with statements_of(database) as statements:
        await harness.receives(received(), received("c2", time_limit="24小时"))
        await harness.receives(
            linked("c1", "c2"), arrived(), repaired(), edited(time_limit="2小时")
        )
        await postbox.approves("c1")
        await postbox.sender.once()
        await harness.receives(evaluated(satisfied=False, at=harness.clock.now()))
        await postbox.acknowledge()
        harness.clock.move_to(NOW + 30 * HOUR)
        await postbox.questions.once()
        await postbox.extension_sender.once()
        await in_transaction(database, harness.config, sweep)
        await in_transaction(database, harness.config, recount_outdated)
        await harness.prepare_interim_replies()
    assert len(statements) > 20
    async with database.connect() as connection:
        for sql, parameters in statements:
            if "FROM rulebook_version" in sql:
                continue  # a handful of rows: one for each change of a policy or calendar
            plan = "\n".join(
                (await connection.exec_driver_sql(f"EXPLAIN {sql}", parameters)).scalars()
            )
            assert "Seq Scan" not in plan, f"{sql}\n{plan}"
