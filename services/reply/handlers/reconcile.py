"""What follows from all that is known of a complaint: deadlines met, its acceptance told, a draft.

The two topics come in any order, so nothing here depends on which event came last: every handler
writes its facts and settles the complaints they touch.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Mapped
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.reply.models import (
    Complaint,
    ComplaintState,
    Deadline,
    Link,
    Reply,
    ReplyState,
    WorkOrder,
)
from services.reply.rules.deadlines import Stage
from services.reply.rules.escalation import Standing, met
from services.reply.rules.milestones import Facts, Linked, done_at
from shared.advisory_locks import AdvisoryLock
from shared.bulk_insert import bulk_insert
from shared.bus.outbox import Outbox
from shared.sql import any_of

from .counting import become, deadlines_set_again, watched
from .drafting import Office, draft_where_due

_Row = TypeVar("_Row", Complaint, Deadline, Reply, Link, WorkOrder)
_OfComplaint = TypeVar("_OfComplaint", Deadline, Reply, Link)

_replies = Reply.__table__  # type: ignore[attr-defined]


def _held(
    table: type[_Row], key: Mapped[str], *then_by: ColumnElement[Any] | Mapped[Any]
) -> Select[tuple[_Row]]:
    """The rows as they are now, held until the commit."""
    return (
        select(table)
        .where(key == any_of("keys"))
        .order_by(key, *then_by)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


_COMPLAINTS = _held(Complaint, col(Complaint.id))
_REPLIES = _held(Reply, col(Reply.complaint_id), col(Reply.version).desc())
_DEADLINES = _held(Deadline, col(Deadline.complaint_id), col(Deadline.stage))
_DEADLINES_TOLD_OF = _DEADLINES.where(
    or_(col(Deadline.met_at).is_not(None), col(Deadline.stage) == any_of("done"))
)
_LINKS = (
    select(Link)
    .where(col(Link.complaint_id) == any_of("keys"))
    .order_by(col(Link.linked_at), col(Link.work_order_id))
)
_WORK_ORDERS = (
    select(WorkOrder)
    .where(col(WorkOrder.id) == any_of("keys"))
    .execution_options(populate_existing=True)
)
_HOLD_BATCH = select(func.pg_advisory_xact_lock(AdvisoryLock.REPLY_BATCH))
ACKNOWLEDGING_PLATFORM: Final = "hotline_12345"
"""The one platform that wants to be told that an order was accepted (签收)."""


async def one_batch_at_a_time(session: AsyncSession) -> None:
    """Two replicas may hear the two halves of one complaint at once, and neither would see the
    other's before it commits: so batches of events wait for each other, until the commit."""
    await session.execute(_HOLD_BATCH)


async def settle(
    session: AsyncSession,
    outbox: Outbox,
    complaint_ids: Collection[str],
    now: datetime,
    *,
    office: Office,
) -> None:
    """Bring these complaints up to what is known of them. Unknown ones are passed over: when they
    are received they are settled with what is known by then. Doing it twice changes nothing.
    """
    if not complaint_ids:
        return
    await session.flush()
    # The complaint first, and by key: no two can lock each other out.
    complaints = await _rows(session, _COMPLAINTS, complaint_ids)
    known = [complaint.id for complaint in complaints]
    if not known:
        return
    links, work_orders = await _links(session, known)
    replies = _by_complaint(await _rows(session, _REPLIES, known))
    done = {
        complaint.id: done_at(
            _facts(
                complaint, links.get(complaint.id, ()), work_orders, replies.get(complaint.id, ())
            )
        )
        for complaint in complaints
    }
    deadlines = await _deadlines(
        session, known, {stage for each in done.values() for stage in each}
    )
    drafts = []
    for complaint in complaints:
        hangs_on = links.get(complaint.id, ())
        versions = replies.get(complaint.id, ())
        await _judge(
            session, complaint, deadlines.get(complaint.id, ()), done[complaint.id], outbox, now
        )
        _acknowledge_where_due(complaint, done[complaint.id], now)
        current = work_orders.get(hangs_on[-1].work_order_id) if hangs_on else None
        drafts.append(draft_where_due(outbox, complaint, current, versions, now, office))
    await bulk_insert(session, _replies, [draft for draft in drafts if draft is not None])


async def _deadlines(
    session: AsyncSession, complaint_ids: Collection[str], done: Collection[Stage]
) -> Mapping[str, Sequence[Deadline]]:
    """Only those that the facts say something about: done now, or taken for done before."""
    stages = [stage.value for stage in done]
    return _by_complaint(await _rows(session, _DEADLINES_TOLD_OF, complaint_ids, done=stages))


async def _judge(
    session: AsyncSession,
    complaint: Complaint,
    rows: Sequence[Deadline],
    done: Mapping[Stage, datetime],
    outbox: Outbox,
    now: datetime,
) -> None:
    """Hold each deadline to the time its stage was done, as far as we know by now.

    What counted may turn out not to: a repair of the work order that the complaint had already
    left, where we hear of the move last. Then the deadline waits again, and all are told anew.
    """
    reopened = False
    for row in rows:
        before, at = watched(row), done.get(Stage(row.stage))
        if at == before.met_at:
            continue
        if at is not None:
            become(row, met(replace(before, met_at=None), at), outbox, now)
            continue
        missed = row.missed_recorded_at is not None
        standing = Standing.MISSED if missed else Standing.OPEN
        become(row, replace(before, met_at=None, standing=standing), outbox, now)
        reopened = True
    if reopened:
        stages = await _rows(session, _DEADLINES, [complaint.id])
        outbox.add(
            deadlines_set_again(
                complaint.id, complaint.county, stages, unreadable=complaint.limit_unreadable
            )
        )


def _acknowledge_where_due(
    complaint: Complaint, done: Mapping[Stage, datetime], now: datetime
) -> None:
    accepted_at = done.get(Stage.ACCEPT)
    if accepted_at is None or accepted_at == complaint.accepted_at:
        return
    first_time = complaint.accepted_at is None
    complaint.accepted_at = accepted_at
    is_open = complaint.state == ComplaintState.OPEN
    if first_time and is_open and complaint.platform == ACKNOWLEDGING_PLATFORM:
        complaint.acknowledge_at = now


def _facts(
    complaint: Complaint,
    links: Sequence[Link],
    work_orders: Mapping[str, WorkOrder],
    versions: Sequence[Reply],
) -> Facts:
    ends = [later.linked_at for _, later in pairwise(links)]
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
        links=tuple(
            _linked(link, until, work_orders.get(link.work_order_id))
            for link, until in zip(links, [*ends, None], strict=True)
        )
        if links
        else (),
    )


def _linked(link: Link, until: datetime | None, work_order: WorkOrder | None) -> Linked:
    return Linked(
        since=link.linked_at,
        until=until,
        arrived_at=work_order.arrived_at if work_order else None,
        finished_at=work_order.finished_at if work_order else None,
    )


async def _links(
    session: AsyncSession, complaint_ids: Collection[str]
) -> tuple[Mapping[str, Sequence[Link]], Mapping[str, WorkOrder]]:
    """Each complaint's links, the oldest first, and the work orders they name."""
    links = _by_complaint(await _rows(session, _LINKS, complaint_ids))
    names = {link.work_order_id for each in links.values() for link in each}
    work_orders = await _rows(session, _WORK_ORDERS, names) if names else ()
    return links, {work_order.id: work_order for work_order in work_orders}


async def _rows(
    session: AsyncSession, statement: Select[tuple[_Row]], keys: Collection[str], **more: Any
) -> Sequence[_Row]:
    found = await session.execute(statement, {"keys": list(keys), **more})
    return found.scalars().all()


def _by_complaint(rows: Iterable[_OfComplaint]) -> Mapping[str, Sequence[_OfComplaint]]:
    grouped: dict[str, list[_OfComplaint]] = defaultdict(list)
    for row in rows:
        grouped[row.complaint_id].append(row)
    return grouped
