"""Give waiting work orders to the best free crews; what finds none waits, and is tried again.

A transaction of its own, beside the ones that open work orders: crews are read without locks, and
only those that are chosen are locked, while their work is counted again.
"""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.dispatch.models import Crew, WorkOrder
from services.dispatch.notices.new_work import tell_crews
from services.dispatch.rules.assignment import Candidate, WaitingWorkOrder, choose_crews
from services.dispatch.rules.work_order import WITH_CREW, State
from shared.bulk_insert import bulk_update, new_rows
from shared.sql import any_of, table_of
from shared.vocabulary import Component

from .context import Context
from .locks import lock
from .numbering import give_numbers

_AT_ONCE = 1000
_work_orders = table_of(WorkOrder)
_WAITING = col(WorkOrder.state) == State.WAITING_FOR_CREW.value
_WAITING_THERE = (
    select(*_work_orders.c)
    .where(col(WorkOrder.county) == bindparam("its_county"), _WAITING)
    .order_by(
        col(WorkOrder.urgent).desc(),
        col(WorkOrder.chases).desc(),
        col(WorkOrder.opened_at),
        col(WorkOrder.id),
    )
    .limit(_AT_ONCE)
    .with_for_update(key_share=True, skip_locked=True)
)
_CREWS = select(Crew).where(col(Crew.county) == bindparam("its_county")).order_by(col(Crew.id))
_BUSY = (
    select(_work_orders.c.crew_id, _work_orders.c.town, func.count())
    .where(_work_orders.c.crew_id == any_of("crew_ids"), _work_orders.c.state.in_(WITH_CREW))
    .group_by(_work_orders.c.crew_id, _work_orders.c.town)
)
_COUNTIES = select(_work_orders.c.county).where(_WAITING).distinct()
_COUNTIES_WITH_NEW = _COUNTIES.where(_work_orders.c.assign_reason.is_(None))


async def counties_waiting(session: AsyncSession, *, new: bool = False) -> list[str]:
    """Where work orders wait for a crew. `new`: only where one has not been looked at yet."""
    found = await session.execute(_COUNTIES_WITH_NEW if new else _COUNTIES)
    return sorted(found.scalars())


async def assign_waiting(context: Context, county: str) -> int:
    """Give out what waits in this county, as far as crews are free. Returns how many went.

    Where a person or another replica gives work to a chosen crew meanwhile, that choice is
    dropped: the work order keeps waiting for the next round.
    """
    session = context.session
    waiting = await new_rows(session, WorkOrder, _WAITING_THERE, its_county=county)
    if not waiting:
        return 0
    numbered = await give_numbers(context, county, waiting)
    crews = (await session.execute(_CREWS, {"its_county": county})).scalars().all()
    seen = {each.id: each for each in await candidates(session, crews)}
    choices = choose_crews(map(needs_of, waiting), list(seen.values()), context.now)
    chosen = {choice.crew_id for choice in choices.values() if choice.crew_id is not None}
    crew_by_id = await lock(session, Crew, chosen)
    unchanged = {
        each.id
        for each in await candidates(session, list(crew_by_id.values()))
        if each == seen[each.id]
    }
    given: list[WorkOrder] = []
    changed = []
    for work_order in waiting:
        choice = choices[work_order.id]
        reason = ",".join(choice.reasons)
        if choice.crew_id is None:
            if work_order.wait(reason) or work_order.id in numbered:
                changed.append(work_order)
        elif choice.crew_id in unchanged:
            crew = crew_by_id[choice.crew_id]
            context.record([work_order.assign(crew.id, crew.name, reason, context.now)])
            changed.append(work_order)
            given.append(work_order)
        elif work_order.id in numbered:
            changed.append(work_order)
    await bulk_update(session, _work_orders, changed, WorkOrder.CHANGED_BY_ASSIGNMENT)
    await tell_crews(context, given)
    return len(given)


async def candidates(session: AsyncSession, crews: Sequence[Crew]) -> list[Candidate]:
    """The crews with the work they have. For crews that are locked, a statement of its own: it sees
    what their last holder has committed."""
    if not crews:
        return []
    busy: dict[str, dict[str, int]] = defaultdict(dict)
    found = await session.execute(_BUSY, {"crew_ids": [crew.id for crew in crews]})
    for crew_id, town, work_orders in found:
        busy[crew_id][town] = work_orders
    return [_candidate(crew, busy[crew.id]) for crew in crews]


def _candidate(crew: Crew, open_in: dict[str, int]) -> Candidate:
    return Candidate(
        id=crew.id,
        is_office=crew.is_office,
        skills=frozenset(crew.skills),
        towns=frozenset(crew.towns),
        shifts=tuple((weekday, start, end) for weekday, start, end in crew.shifts),
        on_call=crew.on_call,
        capacity=crew.capacity,
        active=crew.active,
        open_work_orders=sum(open_in.values()),
        in_towns=frozenset(open_in),
        idle_since=crew.idle_since,
    )


def needs_of(work_order: WorkOrder) -> WaitingWorkOrder:
    return WaitingWorkOrder(
        id=work_order.id,
        component=Component(work_order.component),
        town=work_order.town,
        for_office=work_order.for_office,
        urgent=work_order.urgent,
        chases=work_order.chases,
        opened_at=work_order.opened_at,
        last_crew=work_order.crew_id,
        given_back_by=frozenset(work_order.given_back_by),
    )
