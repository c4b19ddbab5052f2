"""What the board asks every few seconds must not read a county's whole history."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql import Select

from services.dispatch.console.queries.deadlines import is_unmet
from services.dispatch.console.queries.tables import complaint, deadline
from shared.db import Database

COUNTY = "610122"
_A_LONG_HISTORY = """
INSERT INTO deadline_view (complaint_id, stage, county, due_at, provisional, source, unverified,
    limit_unreadable, state, met_at, late, set_sequence, state_sequence)
SELECT 'c' || n, 'reply', '610122', now() - n * interval '1 hour', false, 'printed', false,
    false, CASE n % 20 WHEN 0 THEN 'missed' ELSE 'met' END,
    CASE n % 1000 WHEN 0 THEN NULL ELSE now() END, n % 20 = 0, n, n
FROM generate_series(1, 20000) AS n;
INSERT INTO complaint (id, county, platform, external_id, sent_at, received_at, is_ours, category,
    urgent, says_repeated, category_confidence, place_confidence, needs_human, state, chases)
SELECT 'c' || n, '610122', 'hotline_12345', 'N' || n, now(), now() - n * interval '1 hour', true,
    'outage', false, false, 1, 1, false, 'linked', 0
FROM generate_series(1, 20000) AS n;
ANALYZE deadline_view, complaint;
"""
_UNMET = (
    select(deadline.c.complaint_id)
    .where(deadline.c.county == COUNTY, is_unmet)
    .order_by(deadline.c.due_at.desc())
    .limit(40)
)
_NUMBERED = select(complaint.c.id).where(
    complaint.c.county == COUNTY, complaint.c.external_id == "N77"
)


@pytest.mark.parametrize(
    ("query", "index"),
    [
        pytest.param(_UNMET, "deadline_unmet", id="unmet, among many made good late"),
        pytest.param(_NUMBERED, "complaint_of_number", id="by a platform's number"),
    ],
)
async def test_it_is_found_by_index(
    query: Select[tuple[str]], index: str, database: Database
) -> None:
    literal = query.compile(
        dialect=postgresql.dialect(),  # type: ignore[no-untyped-call]
        compile_kwargs={"literal_binds": True},
    )
    async with database.engine.begin() as connection:
        for statement in _A_LONG_HISTORY.split(";\n"):
            await connection.execute(text(statement))
        plan = (await connection.execute(text(f"EXPLAIN {literal}"))).scalars().all()
    assert any(index in line for line in plan), "\n".join(plan)
