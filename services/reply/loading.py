"""How the rows of complaints are loaded to be changed, and what is locked first.

Rows are locked complaint by complaint in the order of ids, the complaint before its deadlines and
its replies, so that no two transactions can wait for each other in a ring.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import ARRAY, ColumnElement, Select, String, bindparam, select, text
from sqlalchemy.orm import Mapped
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.advisory_locks import AdvisoryLock
from shared.sql import any_of, table_of

from .models import CallBack, Complaint, Deadline, LaterRound, Link, Pause, Reply, WorkOrder
from .rules.objections import CommandRejected, Objection
from .rules.rounds import FIRST_ROUND

_Row = TypeVar("_Row", Complaint, Deadline, Reply, CallBack)
_OfComplaint = TypeVar("_OfComplaint", Deadline, Reply)


@dataclass(frozen=True, slots=True)
class LinkedWorkOrder:
    """A link as it was before the batch."""

    complaint_id: str
    work_order_id: str


MOST_LOCKS = 1000
_LOCK = int(AdvisoryLock.REPLY_COMPLAINT)
_LOCK_BATCH = text(f"""
WITH linked AS MATERIALIZED (
    SELECT complaint_id, work_order_id FROM link WHERE work_order_id = ANY (:work_order_ids)
    UNION
    SELECT complaint_id, work_order_id FROM link JOIN work_order ON work_order.id = work_order_id
    WHERE work_order_id = ANY (:if_answerable) AND (repaired_at IS NOT NULL OR nothing_found <> '')
), touched AS MATERIALIZED (
    SELECT DISTINCT hashtext(id) AS number
    FROM (SELECT complaint_id AS id FROM linked UNION ALL SELECT unnest(:complaint_ids)) AS ids
    ORDER BY number
), size AS MATERIALIZED (
    SELECT count(*) > {MOST_LOCKS} AS is_large FROM touched
), entered AS MATERIALIZED (
    SELECT is_large, CASE WHEN is_large THEN pg_advisory_xact_lock({_LOCK})
        ELSE pg_advisory_xact_lock_shared({_LOCK}) END
    FROM size
), locked AS MATERIALIZED (
    SELECT pg_advisory_xact_lock({_LOCK}, number) FROM entered, touched WHERE NOT is_large
)
SELECT complaint_id, work_order_id
FROM (SELECT (SELECT count(*) FROM entered), count(*) FROM locked) AS done LEFT JOIN linked ON true
""").bindparams(  # noqa: S608 - numbers of ours
    bindparam("complaint_ids", type_=ARRAY(String)),
    bindparam("work_order_ids", type_=ARRAY(String)),
    bindparam("if_answerable", type_=ARRAY(String)),
)


async def lock_complaints(
    session: AsyncSession,
    complaint_ids: Collection[str],
    work_order_ids: Collection[str],
    if_answerable: Collection[str] = (),
) -> Sequence[LinkedWorkOrder]:
    """Lock these complaints, and those linked to these work orders, until the commit; those of
    `if_answerable` only where the work order is repaired, or nothing was found.

    Two replicas may get the events of one complaint at once, one from each topic, and before the
    complaint is committed there is no row to lock. Returns the links of the work orders. (They do
    not change meanwhile: only events of the same work order write them, and those come in order.)

    PostgreSQL's lock table is small, so a batch of more than MOST_LOCKS complaints takes one lock
    that all others share, and is alone while it lasts.
    """
    found = await session.execute(
        _LOCK_BATCH,
        {
            "complaint_ids": list(complaint_ids),
            "work_order_ids": list(work_order_ids),
            "if_answerable": list(if_answerable),
        },
    )
    return [LinkedWorkOrder(*row) for row in found if row.complaint_id is not None]


def _locked(
    table: type[_Row], key: Mapped[str], *then_by: ColumnElement[Any] | Mapped[Any]
) -> Select[tuple[_Row]]:
    """The rows as they are now, locked until the commit."""
    return (
        select(table)
        .where(key == any_of("keys"))
        .order_by(key, *then_by)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


COMPLAINTS = _locked(Complaint, col(Complaint.id))
REPLIES = _locked(Reply, col(Reply.complaint_id), col(Reply.version).desc())
DEADLINES = _locked(Deadline, col(Deadline.complaint_id), col(Deadline.stage), col(Deadline.round))
_ROUNDS = (
    select(LaterRound)
    .where(col(LaterRound.complaint_id) == any_of("keys"))
    .order_by(col(LaterRound.complaint_id), col(LaterRound.round))
)
CALL_BACKS = _locked(CallBack, col(CallBack.complaint_id), col(CallBack.version))
_PAUSES = (
    select(Pause)
    .where(col(Pause.complaint_id) == any_of("keys"))
    .order_by(col(Pause.complaint_id), col(Pause.started_at), col(Pause.id))
    .execution_options(populate_existing=True)
)
_LINKS = (
    select(Link, WorkOrder)
    .join(WorkOrder, col(WorkOrder.id) == col(Link.work_order_id), isouter=True)
    .where(col(Link.complaint_id) == any_of("keys"))
    .order_by(col(Link.sequence))
)
LinkAndWorkOrder = tuple[Link, WorkOrder | None]


async def rows(
    session: AsyncSession, statement: Select[tuple[_Row]], keys: Collection[str], **more: Any
) -> Sequence[_Row]:
    found = await session.execute(statement, {"keys": list(keys), **more})
    return found.scalars().all()


def beside_session(statement: Select[tuple[_Row]], model: type[_Row]) -> Select[Any]:
    """The same rows for `new_rows`."""
    return statement.with_only_columns(*table_of(model).c)


async def links_of(
    session: AsyncSession, complaint_ids: Collection[str]
) -> Mapping[str, Sequence[LinkAndWorkOrder]]:
    """Each complaint's links, the oldest first, with what is known of the work order."""
    grouped: dict[str, list[LinkAndWorkOrder]] = defaultdict(list)
    found = await session.execute(_LINKS, {"keys": list(complaint_ids)})
    for link, work_order in found:
        grouped[link.complaint_id].append((link, work_order))
    return grouped


@dataclass(frozen=True, slots=True)
class History:
    """What has moved a complaint's deadlines beside its ticket, in its newest round."""

    later: LaterRound | None = None
    """The round itself, where it is not the first."""
    pauses: Sequence[Pause] = ()
    """The oldest first."""

    @property
    def running(self) -> Sequence[Pause]:
        return [pause for pause in self.pauses if pause.ended_at is None]


NO_HISTORY = History()


async def histories(
    session: AsyncSession, complaints: Iterable[Complaint]
) -> Mapping[str, History]:
    """By complaint. Almost none has one, so almost nothing is read; without: NO_HISTORY."""
    complaints = list(complaints)
    later = await later_rounds(session, complaints)
    numbers = {complaint.id: complaint.round for complaint in complaints}
    pauses = defaultdict[str, list[Pause]](list)
    if paused := [complaint.id for complaint in complaints if complaint.pauses]:
        found = await session.execute(_PAUSES, {"keys": paused})
        for pause in found.scalars():
            if pause.round == numbers[pause.complaint_id]:
                pauses[pause.complaint_id].append(pause)
    return {
        complaint.id: History(later.get((complaint.id, complaint.round)), pauses[complaint.id])
        for complaint in complaints
        if complaint.pauses or complaint.round > FIRST_ROUND
    }


async def later_rounds(
    session: AsyncSession, complaints: Iterable[Complaint]
) -> Mapping[tuple[str, int], LaterRound]:
    """By complaint and number. Almost no complaint has one, so almost nothing is read."""
    with_more = [complaint.id for complaint in complaints if complaint.round > FIRST_ROUND]
    if not with_more:
        return {}
    found = await session.execute(_ROUNDS, {"keys": with_more})
    return {(row.complaint_id, row.round): row for row in found.scalars()}


def by_complaint(found: Iterable[_OfComplaint]) -> Mapping[str, Sequence[_OfComplaint]]:
    grouped: dict[str, list[_OfComplaint]] = defaultdict(list)
    for row in found:
        grouped[row.complaint_id].append(row)
    return grouped


async def complaint_of_county(session: AsyncSession, complaint_id: str, county: str) -> Complaint:
    """One complaint for a command. Another county's is as unknown as one that does not exist.

    Raises CommandRejected.
    """
    found = await rows(session, COMPLAINTS, [complaint_id])
    if not found or found[0].county != county:
        raise CommandRejected(Objection.UNKNOWN_COMPLAINT)
    return found[0]
