"""Complaints were received, decided by a person, edited by their platform, or chased."""

from collections.abc import Callable, Collection, Mapping, Sequence

from sqlalchemy import select
from sqlmodel import col

from services.dispatch.models import (
    Complaint,
    ComplaintState,
    Outcome,
    Scheme,
    SchemeVillage,
    Supply,
    WorkOrder,
)
from services.dispatch.rules.work_order import UNDER_WAY, State
from shared.bulk_insert import bulk_insert
from shared.bus.transient_errors import NotYetKnown
from shared.events.complaints import (
    ComplaintChased,
    ComplaintDecided,
    ComplaintEdited,
    ComplaintReceived,
)
from shared.events.event import Envelope
from shared.sql import any_of, table_of

from .context import Context
from .fault_matching import WorkOrderMoved, count_joined, is_supplied, match_to_faults, supplies_of
from .locks import lock, lock_schemes, lock_villages, locked

_complaints, _work_orders = table_of(Complaint), table_of(WorkOrder)
_schemes, _villages = table_of(Scheme), table_of(SchemeVillage)
_KNOWN = select(_complaints.c.id).where(_complaints.c.id == any_of("ids"))
_SCHEMES_OF = (
    select(_work_orders.c.scheme_id)
    .join(_complaints, _complaints.c.work_order_id == _work_orders.c.id)
    .where(_complaints.c.id == any_of("ids"))
    .distinct()
)
_WORK_ORDERS_OF = locked(
    select(WorkOrder)
    .where(
        col(WorkOrder.id).in_(
            select(_complaints.c.work_order_id).where(_complaints.c.id == any_of("ids"))
        )
    )
    .order_by(col(WorkOrder.id))
)
_AT_ONCE = 500
_WITHOUT_SCHEME = (
    select(_complaints.c.id, _villages.c.scheme_id, _villages.c.village_code)
    .join(_villages, _villages.c.village_code == _complaints.c.village_code)
    .join(_schemes, _schemes.c.id == _villages.c.scheme_id)
    .where(
        _complaints.c.state == ComplaintState.NO_SCHEME.value,
        _schemes.c.county == _complaints.c.county,
    )
    .order_by(_complaints.c.id)
    .limit(_AT_ONCE)
)


class UnknownComplaint(NotYetKnown):
    """The complaint has not been received here yet: its event waits until it has."""


async def on_complaints_received(
    context: Context, events: Sequence[Envelope[ComplaintReceived]]
) -> None:
    """Keep each complaint once: link it, or let it wait for a person, or leave it to reply."""
    fresh = {event.data.complaint_id: event.data for event in events}
    known = await context.session.execute(_KNOWN, {"ids": list(fresh)})
    for complaint_id in known.scalars():
        del fresh[complaint_id]
    villages = [received.decision.village_code for received in fresh.values()]
    supplies = await supplies_of(context.session, villages)
    complaints = [
        Complaint.received(
            received,
            has_scheme=is_supplied(received.county, received.decision.village_code, supplies),
        )
        for received in fresh.values()
    ]
    to_link = [each for each in complaints if each.state == ComplaintState.LINKED]
    links = await match_to_faults(context, to_link, supplies)
    await bulk_insert(context.session, _complaints, complaints)
    await count_joined(context, links)


async def on_complaints_decided(
    context: Context, events: Sequence[Envelope[ComplaintDecided]]
) -> None:
    """Link what waited. What a person says is another matter, or elsewhere, leaves its work order
    for the right one. Raises UnknownComplaint."""
    complaints, work_orders = await _load(context, events)
    before = {each.id: each.subject for each in complaints.values()}
    for event in events:
        complaints[event.data.complaint_id].decide(event.data)

    def is_another_matter(complaint: Complaint) -> bool:
        return (
            complaint.work_order_id is None
            or not complaint.is_ours
            or complaint.needs_human
            or complaint.subject != before[complaint.id]
        )

    await _match_again(context, complaints, work_orders, is_another_matter)


async def on_complaints_edited(
    context: Context, events: Sequence[Envelope[ComplaintEdited]]
) -> None:
    """Link what waited. What is linked stays there: a crew may be on its way, so only a person
    moves it, who sees the edit in the timeline. Raises UnknownComplaint."""
    complaints, work_orders = await _load(context, events)
    for event in events:
        complaints[event.data.complaint_id].edit(event.data)
    for complaint in complaints.values():
        if complaint.work_order_id is not None:
            work_order = work_orders[complaint.work_order_id]
            context.record([work_order.note_edit(complaint.id, context.now)], complaint.id)
    await _match_again(context, complaints, work_orders, lambda each: each.work_order_id is None)


async def on_complaints_chased(
    context: Context, events: Sequence[Envelope[ComplaintChased]]
) -> None:
    """Count it: the board shows what is asked for most often first. Raises UnknownComplaint."""
    ids = {event.data.complaint_id for event in events}
    found = await context.session.execute(_WORK_ORDERS_OF, {"ids": list(ids)})
    work_orders = {each.id: each for each in found.scalars()}
    complaints = await _lock_known(context, ids)
    for event in events:
        chased = event.data
        complaint = complaints[chased.complaint_id]
        more = complaint.chase(chased.times, chased.chased_at)
        if complaint.work_order_id is None:
            continue
        if complaint.work_order_id not in work_orders:
            raise WorkOrderMoved(complaint.work_order_id)
        work_order = work_orders[complaint.work_order_id]
        change = work_order.chase(complaint.id, chased.times, more, chased.chased_at)
        context.record([change], complaint.id)


async def link_where_scheme_is_known(context: Context) -> int:
    """Link complaints whose villages have come onto a scheme since. Returns how many."""
    found = (await context.session.execute(_WITHOUT_SCHEME)).all()
    await lock_schemes(context.session, {row.scheme_id for row in found})
    await lock_villages(context.session, {row.village_code for row in found})
    complaints = {
        each.id: each
        for each in (await lock(context.session, Complaint, [row.id for row in found])).values()
        if each.state == ComplaintState.NO_SCHEME
    }
    await _match_again(context, complaints, {}, lambda _: True)
    return sum(each.state == ComplaintState.LINKED for each in complaints.values())


async def _load(
    context: Context, events: Sequence[Envelope[ComplaintDecided] | Envelope[ComplaintEdited]]
) -> tuple[dict[str, Complaint], dict[str, WorkOrder]]:
    """The complaints and their work orders. Locked with them: the schemes they are on now and may
    come to, and the villages they may come to."""
    ids = {event.data.complaint_id for event in events}
    on_now = await context.session.execute(_SCHEMES_OF, {"ids": list(ids)})
    villages = [event.data.decision.village_code for event in events]
    supplies = await supplies_of(context.session, villages)
    schemes = {*on_now.scalars(), *(supply.scheme_id for supply in supplies.values())}
    await lock_schemes(context.session, schemes)
    await lock_villages(context.session, supplies.keys())
    found = await context.session.execute(_WORK_ORDERS_OF, {"ids": list(ids)})
    work_orders = {each.id: each for each in found.scalars()}
    return await _lock_known(context, ids), work_orders


async def _lock_known(context: Context, ids: Collection[str]) -> dict[str, Complaint]:
    complaints = await lock(context.session, Complaint, ids)
    if len(complaints) < len(ids):
        raise UnknownComplaint(min(set(ids) - complaints.keys()))
    return complaints


async def _match_again(
    context: Context,
    complaints: Mapping[str, Complaint],
    work_orders: Mapping[str, WorkOrder],
    may_move: Callable[[Complaint], bool],
) -> None:
    """What may move leaves its work order for the one that is right now. Schemes and villages of
    all complaints are locked."""
    supplies = await supplies_of(
        context.session, [complaint.village_code for complaint in complaints.values()]
    )
    moving: list[Complaint] = []
    staying: list[Complaint] = []
    for complaint in complaints.values():
        work_order = work_orders.get(str(complaint.work_order_id))
        moves = may_move(complaint) and not _crew_knows_better(complaint, work_order, supplies)
        (moving if moves else staying).append(complaint)
    for complaint in staying:
        if complaint.urgent and complaint.work_order_id is not None:
            work_order = work_orders[complaint.work_order_id]
            context.record(work_order.become_urgent(context.now), complaint.id)
    for work_order in work_orders.values():
        if leaving := [each for each in moving if each.work_order_id == work_order.id]:
            _leave(context, work_order, leaving)
    to_link = []
    for complaint in moving:
        on_scheme = is_supplied(complaint.county, complaint.village_code, supplies)
        state = complaint.state_now(has_scheme=on_scheme)
        if state is ComplaintState.LINKED:
            to_link.append(complaint)
        else:
            complaint.stay_without(state)
    await context.session.flush()
    links = await match_to_faults(context, to_link, supplies, supplies.keys())
    await context.session.flush()
    await count_joined(context, links)


def _crew_knows_better(
    complaint: Complaint, work_order: WorkOrder | None, supplies: Mapping[str | None, Supply]
) -> bool:
    """The crew has stood at the fault; the complaint's new category does not change what it saw."""
    if work_order is None or not complaint.is_ours or complaint.needs_human:
        return False
    supply = supplies.get(complaint.village_code)
    same_scheme = supply is not None and supply.scheme_id == work_order.scheme_id
    return same_scheme and work_order.state in (State.ON_SITE, State.REPAIRED)


def _leave(context: Context, work_order: WorkOrder, leaving: Sequence[Complaint]) -> None:
    """A work order that nothing is linked to any more ends, unless a crew has been there."""
    changes = [work_order.unlink(leaving, context.now)]
    if work_order.complaints == 0 and work_order.state not in UNDER_WAY:
        changes.append(work_order.close(Outcome.NOTHING_FOUND, context.now))
    context.record(changes, leaving[0].id)
