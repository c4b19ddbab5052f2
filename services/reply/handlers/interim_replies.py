"""Interim replies: drafted where a limit was warned of and the repair will not make it.

The sweep stays as it is: this looks at its own pace for what it has warned of, by an index.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import text

from services.reply.context import Context
from services.reply.loading import (
    COMPLAINTS,
    DEADLINES,
    REPLIES,
    LinkAndWorkOrder,
    by_complaint,
    later_rounds,
    links_of,
    lock_complaints,
    rows,
)
from services.reply.models import Complaint, ComplaintState, Deadline, Reply, ReplyState
from services.reply.rules.escalation import Standing
from services.reply.rules.interim import FRESH_FOR, LIMITS, BeforeTheLimit, interim_is_due
from services.reply.rules.rounds import RoundStart
from shared.bulk_insert import bulk_insert
from shared.sql import table_of

from .draft_replies import Drafted, draft_interim
from .release import release_by_rule

_AT_ONCE = 200
_NEAR = text("""
SELECT d.complaint_id
FROM deadline d
JOIN complaint c ON c.id = d.complaint_id AND c.round = d.round
LEFT JOIN LATERAL (
    SELECT w.expected_at FROM link l LEFT JOIN work_order w ON w.id = l.work_order_id
    WHERE l.complaint_id = c.id ORDER BY l.sequence DESC LIMIT 1
) repair ON true
WHERE d.standing = 'warned' AND d.stage IN ('resolve', 'reply') AND d.due_at > :now
    AND c.state = 'open' AND c.is_ours AND NOT c.needs_human
    AND NOT coalesce(repair.expected_at > :now AND repair.expected_at <= d.due_at, false)
    AND NOT EXISTS (
        SELECT FROM reply r WHERE r.complaint_id = c.id
            AND r.state NOT IN ('superseded', 'delivered')
    )
    AND NOT EXISTS (
        SELECT FROM reply r WHERE r.complaint_id = c.id AND r.kind = 'interim'
            AND r.drafted_at > d.warned_at - make_interval(secs => :fresh_for)
    )
ORDER BY d.due_at LIMIT :at_once
""").bindparams(fresh_for=FRESH_FOR.total_seconds(), at_once=_AT_ONCE)
_ANSWERED = frozenset({ReplyState.SUPERSEDED.value, ReplyState.DELIVERED.value})


async def prepare_interim_replies(context: Context) -> int:
    """Draft those that are due; returns how many. Once a limit, however many replicas look."""
    session = context.session
    found = await session.execute(_NEAR, {"now": context.now})
    ids = sorted(set(found.scalars()))
    if not ids:
        return 0
    await lock_complaints(session, ids, ())
    complaints = await rows(session, COMPLAINTS, ids)
    deadlines = by_complaint(await rows(session, DEADLINES, ids))
    replies = by_complaint(await rows(session, REPLIES, ids))
    links = await links_of(session, ids)
    rounds = await later_rounds(session, complaints)
    drafts: list[Drafted] = []
    for complaint in complaints:
        later = rounds.get((complaint.id, complaint.round))
        versions = replies.get(complaint.id, ())
        linked = links.get(complaint.id, ())
        known = _known(
            complaint, deadlines[complaint.id], versions, linked, later.start if later else None
        )
        if known is not None and interim_is_due(known, context.now):
            work_order = linked[-1][1] if linked else None
            drafts.append(draft_interim(context, complaint, work_order, versions))
    for draft in drafts:
        context.tell(draft.reply.drafted)
    await release_by_rule(context, drafts)
    await bulk_insert(session, table_of(Reply), [each.reply for each in drafts])
    return len(drafts)


def _known(
    complaint: Complaint,
    deadlines: Iterable[Deadline],
    versions: Sequence[Reply],
    links: Sequence[LinkAndWorkOrder],
    start: RoundStart | None,
) -> BeforeTheLimit | None:
    """None: no limit of its newest round is near, or it is not for us to answer."""
    near = [
        deadline
        for deadline in deadlines
        if deadline.round == complaint.round
        and deadline.stage in LIMITS
        and deadline.standing == Standing.WARNED
        and deadline.warned_at is not None
    ]
    open_and_ours = (
        complaint.state == ComplaintState.OPEN and complaint.is_ours and not complaint.needs_human
    )
    if not near or not open_and_ours:
        return None
    first = min(near, key=lambda deadline: deadline.due_at)
    assert first.warned_at is not None
    work_order = links[-1][1] if links else None
    seen_before, version_before = (start.sequence, start.version) if start else (0, 0)
    return BeforeTheLimit(
        due_at=first.due_at,
        warned_at=first.warned_at,
        repaired=work_order is not None
        and (bool(work_order.nothing_found) or (work_order.repaired_sequence or 0) > seen_before),
        being_answered=any(
            reply.state not in _ANSWERED
            or (
                reply.state == ReplyState.DELIVERED
                and not reply.interim
                and reply.version > version_before
            )
            for reply in versions
        ),
        expected_at=work_order.expected_at if work_order else None,
        interim_at=next((reply.drafted_at for reply in versions if reply.interim), None),
    )
