"""What follows from all that is known of a complaint: deadlines met, its acceptance told, a draft.

The two topics come in any order, so nothing here depends on which event came last: every use case
writes its facts and reconciles the complaints they touch.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise

from sqlalchemy import or_
from sqlmodel import col

from services.reply.context import Context
from services.reply.loading import (
    COMPLAINTS,
    DEADLINES,
    REPLIES,
    LinkAndWorkOrder,
    by_complaint,
    links_of,
    rows,
)
from services.reply.models import Complaint, Deadline, Reply, ReplyState, deadlines_set
from services.reply.rules.deadlines import Stage
from services.reply.rules.milestones import Facts, Linked, done_at
from shared.bulk_insert import bulk_insert
from shared.sql import any_of, table_of

from .draft_replies import draft_where_due

_DEADLINES_TO_JUDGE = DEADLINES.where(
    or_(col(Deadline.met_at).is_not(None), col(Deadline.stage) == any_of("done"))
)
"""Those that the facts say something about: done now, or taken for done before."""


async def reconcile(context: Context, causes: Mapping[str, str | None]) -> None:
    """Bring complaints up to what is known of them. Doing it twice changes nothing.

    `causes`: their ids, each with the key of the event it follows from (None: its own). Unknown
    ones are passed over: when they are received, they are reconciled with what is known by then.
    """
    if not causes:
        return
    session = context.session
    await session.flush()
    complaints = await rows(session, COMPLAINTS, causes)
    known = [complaint.id for complaint in complaints]
    if not known:
        return
    links = await links_of(session, known)
    replies = by_complaint(await rows(session, REPLIES, known))
    done = {
        complaint.id: done_at(
            _facts(complaint, links.get(complaint.id, ()), replies.get(complaint.id, ()))
        )
        for complaint in complaints
    }
    stages = {stage.value for each in done.values() for stage in each}
    deadlines = by_complaint(await rows(session, _DEADLINES_TO_JUDGE, known, done=list(stages)))
    drafts: list[Reply] = []
    for complaint in complaints:
        cause, linked = causes[complaint.id], links.get(complaint.id)
        own_deadlines = deadlines.get(complaint.id, ())
        await _judge(context, complaint, own_deadlines, done[complaint.id], cause)
        if accepted_at := done[complaint.id].get(Stage.ACCEPT):
            profile = context.config.profile(complaint.platform)
            complaint.accept(accepted_at, context.now, acknowledges=profile.acknowledges)
        work_order = linked[-1][1] if linked else None
        draft = draft_where_due(context, complaint, work_order, replies.get(complaint.id, ()))
        if draft is not None:
            context.tell(draft.drafted, caused_by=cause)
            drafts.append(draft)
    await bulk_insert(session, table_of(Reply), drafts)


async def _judge(
    context: Context,
    complaint: Complaint,
    deadlines: Sequence[Deadline],
    done: Mapping[Stage, datetime],
    cause: str | None,
) -> None:
    """Hold each deadline to the time its stage was done, as far as is known by now. Where one turns
    out not to be done after all, all are told anew."""
    reopened = False
    for deadline in deadlines:
        at = done.get(Stage(deadline.stage))
        reopened |= at is None and deadline.met_at is not None
        context.tell(*deadline.judge(at, context.now), caused_by=cause)
    if reopened:
        await context.session.flush()
        all_stages = await rows(context.session, DEADLINES, [complaint.id])
        context.tell(deadlines_set(complaint, all_stages), caused_by=cause)


def _facts(
    complaint: Complaint, links: Sequence[LinkAndWorkOrder], versions: Iterable[Reply]
) -> Facts:
    return Facts(
        decided_at=complaint.decided_at,
        contacted_at=complaint.contacted_at,
        delivered_at=min(
            (
                reply.delivered_at
                for reply in versions
                if reply.delivered_at is not None and reply.state == ReplyState.DELIVERED
            ),
            default=None,
        ),
        links=_linked(links) if links else (),
    )


def _linked(links: Sequence[LinkAndWorkOrder]) -> tuple[Linked, ...]:
    """Oldest first; each counts until the link to another work order."""
    links = [
        pair
        for before, pair in zip([None, *links], links, strict=False)
        if before is None or before[0].work_order_id != pair[0].work_order_id
    ]
    ends = [*(later.sequence for _, (later, _) in pairwise(links)), None]
    return tuple(
        Linked(
            since=link.since,
            until=until,
            arrived=work_order.arrived if work_order else None,
            finished=work_order.finished if work_order else None,
        )
        for (link, work_order), until in zip(links, ends, strict=True)
    )
