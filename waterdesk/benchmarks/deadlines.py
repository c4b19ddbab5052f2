"""Whether every deadline that falls due is recorded as missed, once and at once:
`waterdesk bench deadlines`.

Reply's table holds open deadlines far in the future, and some that fall due in every second. Two
processes run reply's periodic sweep; one of them is killed half-way. Nothing sends the events, so
the outbox holds what the sweepers have recorded.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import asyncpg

from services.reply.rules.deadlines import Stage
from services.reply.rules.escalation import Standing
from shared.events.replies import DeadlineMissed
from waterdesk.benchmarks.processes import environment_of, report_of, running
from waterdesk.installation import Installation

POSTGRES_SETTINGS: Mapping[str, str] = {"track_commit_timestamp": "on"}
"""So that PostgreSQL knows when a miss was committed."""
_SWEEPERS = 2
_STARTS_AFTER_SECONDS = 2
"""The deadlines that fall due are written before the first of them does."""
_GRACE_SECONDS = 15
"""How long the sweeper that is left may take to record what is due at the end."""

_ADD = """
INSERT INTO deadline (complaint_id, stage, round, county, due_at, warn_at, provisional, source,
    unverified, standing, next_at, ladder, step, length_seconds, in_office_time,
    extensions_allowed, extensions_granted)
SELECT $1 || number, $2, 1, '610122', due_at, due_at - interval '4 hours', false, 'ordinary', true,
    $3, {next_at}, 'standard', 0, 432000, false, 1, 0
FROM generate_series(0, $4::int - 1) AS number, LATERAL (SELECT {due_at} AS due_at) AS limits
"""
_ADD_FAR = _ADD.format(
    due_at="clock_timestamp() + interval '30 days' + number * interval '1 second'",
    next_at="due_at - interval '4 hours'",
)
_ADD_DUE = _ADD.format(  # in whole seconds, as platforms print them
    due_at="date_trunc('second', statement_timestamp()) + (number / $5::int + $6::int)"
    " * interval '1 second'",
    next_at="due_at + interval '1 second'",
)
_COUNTED = """
WITH recorded AS (
    SELECT key, count(*) AS times, min(pg_xact_commit_timestamp(xmin)) AS at
    FROM outbox WHERE headers ->> 'ce_type' = $1 GROUP BY key
)
SELECT count(*) AS due, count(*) FILTER (WHERE times IS NULL) AS missed,
    count(*) FILTER (WHERE times > 1) AS twice,
    percentile_cont(0.99) WITHIN GROUP (
        ORDER BY extract(epoch FROM at - due_at - interval '1 second')::float8 * 1000
    ) AS p99_late_ms
FROM deadline LEFT JOIN recorded ON key = complaint_id
WHERE complaint_id LIKE 'due-%'
"""
_LEFT = "SELECT count(*) FROM deadline WHERE next_at < clock_timestamp()"


@dataclass(frozen=True, slots=True)
class Enforced:
    due: int
    missed: int
    """Fell due and were never recorded."""
    twice: int
    """Were recorded more than once."""
    p99_late_ms: float | None
    """From the instant a deadline counts as past, a second after it is due, to the commit that
    records it; both by PostgreSQL's clock. None: nothing was recorded."""


async def measure(installation: Installation, rows: int, per_second: int, seconds: int) -> Enforced:
    """Needs reply's database, migrated, on a server with POSTGRES_SETTINGS.

    Raises ProcessFailedError.
    """
    connection = await asyncpg.connect(installation.database_url("reply"))
    try:
        await connection.execute(
            _ADD_FAR, "far-", Stage.REPLY.value, Standing.OPEN.value, rows, timeout=None
        )
        await connection.execute("VACUUM ANALYZE deadline")
        module, environment = "waterdesk.benchmarks.sweeper_process", environment_of(installation)
        async with running(module, [()] * _SWEEPERS, environment) as sweepers:
            await asyncio.gather(*map(report_of, sweepers))  # both are ready
            await connection.execute(
                _ADD_DUE,
                *("due-", Stage.REPLY.value, Standing.WARNED.value, per_second * seconds),
                *(per_second, _STARTS_AFTER_SECONDS),
            )
            await asyncio.sleep(_STARTS_AFTER_SECONDS + seconds / 2)
            sweepers[0].kill()
            await asyncio.sleep(seconds / 2 + 1)
            for _ in range(_GRACE_SECONDS):  # what is left then counts as missed
                if not await connection.fetchval(_LEFT):
                    break
                await asyncio.sleep(1)
        counted = await connection.fetchrow(_COUNTED, DeadlineMissed.type)
    finally:
        await connection.close()
    assert counted is not None
    p99 = counted["p99_late_ms"]
    return Enforced(
        due=counted["due"],
        missed=counted["missed"],
        twice=counted["twice"],
        p99_late_ms=None if p99 is None else round(p99, 1),
    )
