"""The deadline sweep: warn before, record after. Any number of replicas may sweep at once."""

from sqlalchemy import bindparam, select, text
from sqlmodel import col

from services.reply.context import Context
from services.reply.models import Deadline
from shared.bulk_insert import bulk_update, new_rows
from shared.sql import table_of

BATCH = 500
_DUE = (
    select(table_of(Deadline))
    .where(col(Deadline.next_at) <= bindparam("now"))
    .order_by(col(Deadline.next_at))
    .limit(BATCH)
    .with_for_update(skip_locked=True)
)
_HEARTBEAT = text("""
INSERT INTO sweep_heartbeat AS before (id, last_swept_at)
SELECT 1, :now
WHERE NOT EXISTS (
    SELECT FROM sweep_heartbeat WHERE last_swept_at > :now - interval '1 second'
)
ON CONFLICT (id) DO UPDATE SET last_swept_at = excluded.last_swept_at
WHERE before.last_swept_at < excluded.last_swept_at
""").bindparams(bindparam("now", type_=table_of(Deadline).c.due_at.type))
"""Once a second is enough, however often and by however many replicas the sweep runs."""


async def sweep(context: Context) -> int:
    """Do what is due now for up to BATCH deadlines; returns how many. Another replica's are passed
    over, so that nobody waits and nothing is done twice."""
    deadlines = await new_rows(context.session, Deadline, _DUE, now=context.now)
    editions = context.editions
    for deadline in deadlines:
        climb = editions.of(deadline.county).climb(deadline.county, deadline.ladder)
        context.tell(*deadline.sweep(climb, context.now))
    await bulk_update(context.session, table_of(Deadline), deadlines, Deadline.CHANGED_BY_SWEEP)
    if len(deadlines) < BATCH:
        # All that is due by now is done. A later sweep says so for later, never for earlier.
        await context.session.execute(_HEARTBEAT, {"now": context.now})
    return len(deadlines)
