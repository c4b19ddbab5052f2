"""Give work orders to the best free crews; what finds none waits, and is tried again."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from services.dispatch.rules.assignment import Crew, Order, choose_crews, is_below_capacity
from services.dispatch.rules.faults import Component
from services.dispatch.rules.work_order import State
from shared.bus.outbox import Outbox
from shared.events.work_orders import CrewAssigned
from shared.sql import any_of

from .locks import Row, hold_crews, work_orders
from .timeline import What, step, write_steps

_AT_ONCE = 1000
_WAITING = work_orders.c.state == State.WAITING_FOR_CREW.value
_WAITING_THERE = (
    select(work_orders)
    .where(work_orders.c.county == any_of("counties"), _WAITING)
    .order_by(
        work_orders.c.urgent.desc(),
        work_orders.c.chases.desc(),
        work_orders.c.opened_at,
        work_orders.c.id,
    )
    .limit(_AT_ONCE)
    .with_for_update(key_share=True, skip_locked=True)
)
_COUNTIES_WAITING = select(work_orders.c.county).where(_WAITING).distinct()
_GIVEN = (
    update(work_orders)
    .where(work_orders.c.id == bindparam("order_id"))
    .values(
        {
            name: bindparam(f"new_{name}")
            for name in ("state", "crew_id", "assigned_at", "assign_reason", "version")
        }
    )
)


async def assign_waiting(
    session: AsyncSession, outbox: Outbox, counties: Collection[str], now: datetime
) -> int:
    """Give out what waits in these counties, as far as crews are free. Returns how many went."""
    crews = await hold_crews(session, counties)
    if not any(is_below_capacity(crew_of(row)) for row in crews if row["active"]):
        return 0
    found = await session.execute(_WAITING_THERE, {"counties": list(counties)})
    waiting = [dict(row) for row in found.mappings()]
    changed = give(waiting, crews, now)
    await write_given(session, changed)
    return await tell_given(session, outbox, changed, crews)


async def counties_waiting(session: AsyncSession) -> list[str]:
    return sorted((await session.execute(_COUNTIES_WAITING)).scalars())


def give(orders: Sequence[Row], crews: Sequence[Row], now: datetime) -> list[Row]:
    """Write each waiting order's crew, or why it has none yet, into its row. Returns the rows that
    changed."""
    changed = []
    for county, waiting in _by_county(orders).items():
        free = [crew_of(row) for row in crews if row["county"] == county]
        choices = choose_crews([order_of(row) for row in waiting], free, now)
        for row in waiting:
            choice = choices[row["id"]]
            reason = ",".join(choice.reasons)
            if choice.crew_id is not None:
                hand_over(row, choice.crew_id, reason, now)
            elif row["assign_reason"] != reason:
                row["assign_reason"] = reason
            else:
                continue
            changed.append(row)
    return changed


def hand_over(order: Row, crew_id: str, reason: str, now: datetime) -> None:
    order.update(
        state=State.ASSIGNED.value,
        crew_id=crew_id,
        assigned_at=now,
        assign_reason=reason,
        version=order["version"] + 1,
    )


async def write_given(session: AsyncSession, orders: Sequence[Row]) -> None:
    if orders:
        await session.execute(
            _GIVEN,
            [
                {
                    "order_id": row["id"],
                    "new_state": row["state"],
                    "new_crew_id": row["crew_id"],
                    "new_assigned_at": row["assigned_at"],
                    "new_assign_reason": row["assign_reason"],
                    "new_version": row["version"],
                }
                for row in sorted(orders, key=lambda row: str(row["id"]))
            ],
        )


async def tell_given(
    session: AsyncSession, outbox: Outbox, orders: Iterable[Row], crews: Sequence[Row]
) -> int:
    """Events and timeline of the orders that got a crew. Returns how many."""
    names: Mapping[str, str] = {row["id"]: row["name"] for row in crews}
    steps = []
    for row in orders:
        if row["state"] != State.ASSIGNED.value:
            continue
        name = names[row["crew_id"]]
        steps.append(
            step(
                row["id"],
                row["assigned_at"],
                What.ASSIGNED,
                crew_id=row["crew_id"],
                crew=name,
                reason=row["assign_reason"],
            )
        )
        outbox.add(assigned_event(row, name))
    await write_steps(session, steps)
    return len(steps)


def assigned_event(order: Row, crew_name: str) -> CrewAssigned:
    return CrewAssigned(
        work_order_id=order["id"],
        county=order["county"],
        crew_id=order["crew_id"],
        crew_name=crew_name,
        assigned_at=order["assigned_at"],
        reason=order["assign_reason"],
    )


def _by_county(orders: Iterable[Row]) -> dict[str, list[Row]]:
    grouped = defaultdict(list)
    for row in orders:
        grouped[row["county"]].append(row)
    return grouped


def crew_of(row: Row) -> Crew:
    return Crew(
        id=row["id"],
        is_office=row["is_office"],
        skills=frozenset(row["skills"]),
        towns=frozenset(row["towns"]),
        shifts=tuple((weekday, start, end) for weekday, start, end in row["shifts"]),
        on_call=row["on_call"],
        capacity=row["capacity"],
        active=row["active"],
        open_orders=sum(row["open_in"].values()),
        in_towns=frozenset(row["open_in"]),
        idle_since=row["idle_since"],
    )


def order_of(row: Row) -> Order:
    return Order(
        id=row["id"],
        component=Component(row["component"]),
        town=row["town"],
        for_office=row["for_office"],
        urgent=row["urgent"],
        chases=row["chases"],
        opened_at=row["opened_at"],
        last_crew=row["crew_id"],
        given_back_by=frozenset(row["given_back_by"]),
    )
