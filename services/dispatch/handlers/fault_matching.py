"""Link complaints to the work order of their fault, which is found or opened. The hot path."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import not_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.models import (
    Complaint,
    Scheme,
    SchemeVillage,
    Supply,
    WorkOrder,
    open_work_order,
)
from services.dispatch.rules.components import OF_ONE_HOUSEHOLD
from services.dispatch.rules.fault_matching import (
    LinkReason,
    Match,
    OpenFault,
    Signs,
    match_complaints,
    may_be_the_source,
)
from services.dispatch.rules.work_order import State
from shared.bulk_insert import bulk_insert, bulk_update, new_rows
from shared.bus.transient_errors import TransientError
from shared.ids import new_id
from shared.sql import any_of, table_of
from shared.vocabulary import Category, Component

from .context import Context
from .locks import lock_schemes, lock_villages

_schemes, _villages = table_of(Scheme), table_of(SchemeVillage)
_work_orders = table_of(WorkOrder)
_SUPPLIES = (
    select(
        _villages.c.village_code,
        _villages.c.village,
        _villages.c.town,
        _schemes.c.id,
        _schemes.c.name,
        _schemes.c.county,
        _schemes.c.components,
    )
    .join(_schemes, _schemes.c.id == _villages.c.scheme_id)
    .where(_villages.c.village_code == any_of("codes"))
)
_OPEN_TO_MORE = select(
    _work_orders.c.scheme_id,
    _work_orders.c.id,
    _work_orders.c.village_code,
    _work_orders.c.village_group,
    _work_orders.c.category,
    _work_orders.c.component,
    _work_orders.c.component_named,
    _work_orders.c.first_sent_at,
    _work_orders.c.opened_at,
    _work_orders.c.repaired_at,
).where(
    _work_orders.c.scheme_id == any_of("scheme_ids"),
    _work_orders.c.state != State.CLOSED.value,
    not_(_work_orders.c.for_office),
    or_(not_(_work_orders.c.component_named), _work_orders.c.component.not_in(OF_ONE_HOUSEHOLD)),
)
_JOINED = (
    select(_work_orders)
    .where(_work_orders.c.id == any_of("ids"))
    .order_by(_work_orders.c.id)
    .with_for_update(key_share=True)
)
OWN_SOURCE = frozenset({Component.WELL, Component.PUMP})


class WorkOrderMoved(TransientError):
    """A work order was closed, repaired or merged between the match and its lock: match anew."""


@dataclass(slots=True)
class Links:
    """Which complaints were linked to which work orders that were open before."""

    joined: dict[str, list[Complaint]]
    faults: Mapping[str, OpenFault]
    """As they were when they matched."""


async def supplies_of(
    session: AsyncSession, village_codes: Iterable[str | None]
) -> dict[str | None, Supply]:
    """By village code: where these villages drink from."""
    codes = {code for code in village_codes if code is not None}
    if not codes:
        return {}
    found = await session.execute(_SUPPLIES, {"codes": list(codes)})
    return {row.village_code: Supply(*row) for row in found}


def is_supplied(
    county: str, village_code: str | None, supplies: Mapping[str | None, Supply]
) -> bool:
    """The village is on a scheme of the county."""
    supply = supplies.get(village_code)
    return supply is not None and supply.county == county


async def match_to_faults(
    context: Context,
    complaints: Sequence[Complaint],
    supplies: Mapping[str | None, Supply],
    villages_locked: Collection[str | None] = (),
) -> Links:
    """Link each complaint to the open work order of its fault or to a new one, which is written.

    What joins an open work order is counted there by `count_joined`, after the complaints are
    written: that lock is on what all replicas work on, and so it comes late. A scheme is locked
    only where a fault is opened that others may share, and its faults are looked at again then.
    """
    of_scheme: dict[str, dict[str, Signs]] = defaultdict(dict)
    for complaint in complaints:
        scheme_id = supplies[complaint.village_code].scheme_id
        of_scheme[scheme_id][complaint.id] = complaint.signs
    own_source = {
        supply.scheme_id
        for supply in supplies.values()
        if not OWN_SOURCE.isdisjoint(supply.components)
    }
    faults: dict[str, list[OpenFault]] = {}
    matches: dict[str, Match] = {}

    async def match(scheme_ids: Collection[str]) -> None:
        faults.update(await open_faults(context.session, scheme_ids))
        for scheme_id in scheme_ids:
            matches.update(
                match_complaints(
                    of_scheme[scheme_id],
                    faults[scheme_id],
                    context.policy.window,
                    own_source=scheme_id in own_source,
                    open_fault=lambda signs: OpenFault(
                        new_id("w", context.now), signs, context.now
                    ),
                )
            )

    await match(of_scheme)
    locked = set(villages_locked)
    while opening := [
        each
        for each in complaints
        if matches[each.id].reason is LinkReason.FIRST and each.village_code not in locked
    ]:
        villages = {str(each.village_code) for each in opening}
        schemes = {supplies[village].scheme_id for village in villages}
        felt = {supplies[e.village_code].scheme_id for e in opening if may_be_the_source(e.signs)}
        await lock_schemes(context.session, felt & own_source)
        await lock_villages(context.session, villages)
        locked |= villages
        await match(schemes)

    linked: dict[str, list[Complaint]] = defaultdict(list)
    for complaint in complaints:
        found = matches[complaint.id]
        complaint.link_to(found.work_order_id, found.reason, context.now)
        linked[found.work_order_id].append(complaint)
    opened = []
    for work_order_id in dict.fromkeys(m.work_order_id for m in matches.values() if m.opens):
        first, *_ = its_complaints = linked.pop(work_order_id)
        supply = supplies[first.village_code]
        work_order, changes = open_work_order(work_order_id, its_complaints, supply, context.now)
        context.record(changes, caused_by=first.id)
        opened.append(work_order)
    await bulk_insert(context.session, _work_orders, opened)
    return Links(linked, {each.work_order_id: each for those in faults.values() for each in those})


async def count_joined(context: Context, links: Links) -> None:
    """The work orders' side of the links. Raises WorkOrderMoved."""
    if not links.joined:
        return
    work_orders = await new_rows(context.session, WorkOrder, _JOINED, ids=list(links.joined))
    for work_order in work_orders:
        if not work_order.is_still(links.faults[work_order.id]):
            raise WorkOrderMoved(work_order.id)
        complaints = links.joined[work_order.id]
        context.record(work_order.link(complaints, context.now), caused_by=complaints[0].id)
    await bulk_update(context.session, _work_orders, work_orders, WorkOrder.CHANGED_BY_LINK)


async def open_faults(
    session: AsyncSession, scheme_ids: Collection[str]
) -> dict[str, list[OpenFault]]:
    """The open work orders that more complaints may be linked to, by scheme."""
    faults: dict[str, list[OpenFault]] = {scheme_id: [] for scheme_id in scheme_ids}
    if not faults:
        return faults
    found = await session.execute(_OPEN_TO_MORE, {"scheme_ids": list(scheme_ids)})
    for scheme_id, id_, village, group, category, component, named, sent, opened, repaired in found:
        part = Component(component) if named else None
        signs = Signs(village, group, Category(category), part, sent)
        faults[scheme_id].append(OpenFault(id_, signs, opened, repaired))
    return faults
