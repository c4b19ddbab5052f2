"""The audit's queries. Each streams one service's snapshot in batches, so that memory does not grow
with the number of complaints."""

from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from .records import AtDispatch, AtReply, Complaint, DecisionCopy

T = TypeVar("T")
_BATCH = 5000

# "C": the order in which Python compares the ids of the three databases.
_AT_INTAKE = 'SELECT id, is_ours, needs_human FROM complaint ORDER BY id COLLATE "C"'
_AT_DISPATCH = """
SELECT c.id, c.is_ours, c.needs_human, c.state, c.work_order_id,
    coalesce(w.outcome = 'merged', false) AS is_merged,
    coalesce(w.state = 'repaired' OR w.outcome = 'repaired', false) AS is_repaired
FROM complaint c LEFT JOIN work_order w ON w.id = c.work_order_id
ORDER BY c.id COLLATE "C"
"""
_AT_REPLY = """
SELECT c.id, c.is_ours, c.needs_human, c.state, l.work_order_id,
    coalesce(p.deadlines, 0) AS deadlines,
    coalesce(r.has_reply, false) AS has_reply,
    coalesce(r.has_return, false) AS has_return,
    coalesce(r.has_left, false) AS has_left,
    coalesce(r.has_arrived, false) AS has_arrived
FROM complaint c
LEFT JOIN (
    SELECT DISTINCT ON (complaint_id) complaint_id, work_order_id FROM link
    ORDER BY complaint_id, sequence DESC
) l ON l.complaint_id = c.id
LEFT JOIN (
    SELECT complaint_id, count(*) AS deadlines FROM deadline GROUP BY complaint_id
) p ON p.complaint_id = c.id
LEFT JOIN (
    SELECT complaint_id, bool_or(kind = 'return' AND state <> 'superseded') AS has_return,
        bool_or(state IN ('sending', 'awaiting_receipt', 'delivered', 'stuck')) AS has_left,
        bool_or(kind <> 'interim') AS has_reply,
        bool_or(state = 'delivered' AND kind <> 'interim') AS has_arrived
    FROM reply GROUP BY complaint_id
) r ON r.complaint_id = c.id
ORDER BY c.id COLLATE "C"
"""
MESSAGES_WITHOUT_COMPLAINT = """
SELECT r.id, r.result <> 'unreadable' AS is_readable,
    r.complaint_id IS NOT NULL AS names_complaint, r.handled_at IS NOT NULL AS is_handled
FROM raw_message r LEFT JOIN complaint c ON c.id = r.complaint_id
WHERE c.id IS NULL
"""
VALUES_WITHOUT_KEY = """
SELECT name FROM (
    SELECT 'raw_message/' || id AS name, sealed_body AS sealed FROM raw_message
    UNION ALL SELECT 'words/' || raw_message_id, sealed FROM words
    UNION ALL SELECT 'resident/' || complaint_id, sealed FROM resident
) value
WHERE sealed <> '' AND encode(substring(sealed FROM 1 FOR 8), 'hex') <> ALL (:fingerprints)
"""
DEADLINES = """
SELECT complaint_id || '/' || stage || CASE round WHEN 1 THEN '' ELSE '/' || round END AS id,
    standing, due_at, next_at, met_at, missed_recorded_at,
    (SELECT last_swept_at FROM sweep_heartbeat) AS swept_until,
    paused_since IS NOT NULL AND EXISTS (
        SELECT FROM pause WHERE pause.complaint_id = deadline.complaint_id AND ended_at IS NULL
    ) AS is_paused
FROM deadline
"""
REPLIES = """
SELECT r.complaint_id || '/' || r.version AS id, r.state, r.receipt, r.delivered_at,
    r.platform, c.external_id, r.request_id, r.sent_at IS NOT NULL AS was_sent,
    r.resolved_by IS NOT NULL AS by_hand,
    CASE r.platform WHEN 'wechat' THEN md5(r.text) END AS text_md5
FROM reply r LEFT JOIN complaint c ON c.id = r.complaint_id
"""
_UNREAD = """
SELECT sum(bus_topic.next_offset - bus_group.next_offset)::bigint
FROM bus_group JOIN bus_topic ON bus_topic.id = bus_group.topic_id
"""
UNSENT = "SELECT id, key FROM outbox JOIN outbox_unsent USING (id)"
# Also counted as seen: what waits for another event, and has not waited long.
PARKED = """
SELECT id, key, seen_at IS NOT NULL
    OR (waits_for IS NOT NULL AND parked_at > now() - interval '1 day') AS is_seen
FROM parked
"""
DELIVERED_WITHOUT_CALL_BACK = """
SELECT complaint_id || '/' || version FROM reply r
WHERE state = 'delivered' AND kind = 'answer' AND solved AND NOT EXISTS (
    SELECT FROM call_back c WHERE c.complaint_id = r.complaint_id AND c.version = r.version
)
"""
NOT_SOLVED_WITHOUT_DECISION = """
SELECT complaint_id || '/' || version FROM call_back_view v
WHERE satisfied IS FALSE AND NOT EXISTS (
    SELECT FROM rework r WHERE r.complaint_id = v.complaint_id AND r.version = v.version
)
"""
WORK_ORDERS_BY_STATE = "SELECT state, count(*) FROM work_order GROUP BY state"


async def complaints(
    intake: AsyncConnection,
    dispatch: AsyncConnection,
    reply: AsyncConnection,
    parked: dict[str, set[str]],
) -> AsyncIterator[Complaint]:
    """Every complaint that any service knows. `parked`: the parked keys by service."""
    streams = [rows(intake, _AT_INTAKE), rows(dispatch, _AT_DISPATCH), rows(reply, _AT_REPLY)]
    heads = [await anext(stream, None) for stream in streams]
    while known := [head.id for head in heads if head is not None]:
        next_id = min(known)
        mine = [head if head is not None and head.id == next_id else None for head in heads]
        yield _complaint(next_id, *mine, parked=parked)
        for index, head in enumerate(mine):
            if head is not None:
                heads[index] = await anext(streams[index], None)


def _complaint(
    complaint_id: str,
    intake: Row[Any] | None,
    dispatch: Row[Any] | None,
    reply: Row[Any] | None,
    *,
    parked: dict[str, set[str]],
) -> Complaint:
    keys = {complaint_id, *(row.work_order_id for row in (dispatch, reply) if row is not None)}
    return Complaint(
        id=complaint_id,
        intake=None if intake is None else _decision(intake),
        dispatch=None if dispatch is None else AtDispatch(_decision(dispatch), *dispatch[3:]),
        reply=None if reply is None else AtReply(_decision(reply), *reply[3:]),
        parked_at=frozenset(
            name for name, keys_there in parked.items() if not keys_there.isdisjoint(keys)
        ),
    )


def _decision(row: Row[Any]) -> DecisionCopy:
    return DecisionCopy(row.is_ours, row.needs_human)


async def records(
    connection: AsyncConnection, query: str, record: Callable[..., T], **parameters: object
) -> AsyncIterator[T]:
    """Each row as a `record` of its columns, in their order."""
    async for row in rows(connection, query, **parameters):
        yield record(*row)


async def unread(bus: AsyncConnection) -> int:
    """Events on the embedded bus that a service has not consumed yet."""
    return await bus.scalar(text(_UNREAD)) or 0


async def rows(
    connection: AsyncConnection, query: str, **parameters: object
) -> AsyncIterator[Row[Any]]:
    async with connection.stream(text(query), parameters) as result:
        async for batch in result.partitions(_BATCH):
            for row in batch:
                yield row
