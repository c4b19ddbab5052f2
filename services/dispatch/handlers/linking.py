"""Complaints were received: hang each on the work order of its fault. The hot path, in batches."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Table, bindparam, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from services.dispatch.models import Complaint
from services.dispatch.policy import Policy
from services.dispatch.rules.work_order import State
from shared.bulk_insert import bulk_insert
from shared.bus.outbox import Outbox
from shared.events.complaints import ComplaintReceived, Decision
from shared.events.event import Envelope
from shared.events.work_orders import ComplaintsLinked, WorkOrderOpened
from shared.sql import any_of

from .assigning import give, tell_given, write_given
from .hanging import Plan, places_of, plan, settle_standing
from .locks import Row, hold_crews, hold_schemes, hold_work_orders, work_orders
from .timeline import What, step, write_steps

complaints: Table = Complaint.__table__  # type: ignore[attr-defined]
_KNOWN = select(complaints.c.id).where(complaints.c.id == any_of("complaint_ids"))
_JOINED = (
    update(work_orders)
    .where(work_orders.c.id == bindparam("order_id"))
    .values(
        complaints=work_orders.c.complaints + bindparam("more"),
        chases=work_orders.c.chases + bindparam("more_chases"),
        urgent=work_orders.c.urgent | bindparam("now_urgent"),
    )
)


async def on_complaints_received(
    session: AsyncSession,
    outbox: Outbox,
    events: Sequence[Envelope[ComplaintReceived]],
    now: datetime,
    *,
    policy: Policy,
) -> None:
    """Keep each complaint once; link it, or let it wait for a person, or leave it to reply."""
    rows = {event.data.complaint_id: complaint_row(event.data) for event in events}
    places = await places_of(session, rows.values())
    to_link = [row for row in rows.values() if settle_standing(row, places)]
    held = await hold_schemes(
        session, {places[row["village_code"]]["scheme_id"] for row in to_link}
    )
    known = await session.execute(_KNOWN, {"complaint_ids": list(rows)})
    for complaint_id in known.scalars():
        del rows[complaint_id]
    if not rows:
        return
    to_link = [row for row in to_link if row["id"] in rows]
    made = await plan(session, to_link, places, held, now, reach=policy.reach)
    await carry_out(session, outbox, made, now)
    await bulk_insert(session, complaints, list(rows.values()))


async def carry_out(session: AsyncSession, outbox: Outbox, made: Plan, now: datetime) -> None:
    """Open, fill and give out the work orders of a plan, and tell. The caller holds their schemes,
    and writes the complaints' own rows after this."""
    urgent_waiting = [
        order["id"] for order in made.now_urgent if order["state"] == State.WAITING_FOR_CREW.value
    ]
    counties = {order["county"] for order in made.opened}
    counties |= {made.known[order_id]["county"] for order_id in urgent_waiting}
    crews = await hold_crews(session, counties) if counties else []
    if made.opened:
        give(made.opened, crews, now)
        await bulk_insert(session, work_orders, made.opened)
    await _fill(session, made)
    await _tell_links(session, outbox, made, now)
    given = list(made.opened)
    if urgent_waiting:
        still = await hold_work_orders(session, urgent_waiting)
        waiting = [row for row in still.values() if row["state"] == State.WAITING_FOR_CREW.value]
        changed = give(waiting, crews, now)
        await write_given(session, changed)
        given += changed
    await tell_given(session, outbox, given, crews)


async def _fill(session: AsyncSession, made: Plan) -> None:
    filled = [
        {
            "order_id": order_id,
            "more": len(rows),
            "more_chases": sum(row["chases"] for row in rows),
            "now_urgent": any(row["urgent"] for row in rows),
        }
        for order_id, rows in sorted(made.joined.items())
        if order_id in made.known
    ]
    if filled:
        await session.execute(_JOINED, filled)


async def _tell_links(session: AsyncSession, outbox: Outbox, made: Plan, now: datetime) -> None:
    opened = {order["id"]: order for order in made.opened}
    steps = []
    for order in made.opened:
        first = made.joined[order["id"]][0]
        steps.append(step(order["id"], now, What.OPENED, reason=first["link_reason"]))
        outbox.add(
            WorkOrderOpened(
                work_order_id=order["id"],
                county=order["county"],
                scheme_id=order["scheme_id"],
                scheme_name=made.scheme_names[order["scheme_id"]],
                village_code=order["village_code"],
                category=order["category"],
                component=order["component"],
                urgent=order["urgent"],
                opened_at=now,
            )
        )
    steps += [step(order["id"], now, What.BECAME_URGENT) for order in made.now_urgent]
    for order_id, rows in made.joined.items():
        county = (opened.get(order_id) or made.known[order_id])["county"]
        by_reason: dict[str, list[str]] = {}
        for row in rows:
            by_reason.setdefault(row["link_reason"], []).append(row["id"])
        for reason, complaint_ids in by_reason.items():
            steps.append(
                step(order_id, now, What.LINKED, reason=reason, complaints=len(complaint_ids))
            )
            outbox.add(linked_event(order_id, county, complaint_ids, reason, now))
    await write_steps(session, steps)


def linked_event(
    order_id: str, county: str, complaint_ids: Sequence[str], reason: str, now: datetime
) -> ComplaintsLinked:
    return ComplaintsLinked(
        work_order_id=order_id,
        county=county,
        complaint_ids=tuple(complaint_ids),
        linked_at=now,
        reason=reason,
    )


def complaint_row(data: ComplaintReceived) -> Row:
    """Every column: Core fills in no defaults."""
    return {
        "id": data.complaint_id,
        "county": data.county,
        "platform": data.platform,
        "external_id": data.external_id,
        "sent_at": data.sent_at,
        "received_at": data.received_at,
        "time_limit": data.time_limit,
        **decision_columns(data.decision),
        "decided_by": None,
        "decided_at": None,
        "edited_at": None,
        "state": "",
        "work_order_id": None,
        "linked_at": None,
        "link_reason": None,
        "chases": 0,
        "chased_at": None,
    }


def decision_columns(decision: Decision) -> dict[str, Any]:
    return {
        "is_ours": decision.is_ours,
        "category": decision.category,
        "second_category": decision.second_category,
        "component": decision.component,
        "urgent": decision.urgent,
        "says_repeated": decision.says_repeated,
        "village_code": decision.village_code,
        "village": decision.village,
        "town": decision.town,
        "village_group": decision.group,
        "category_confidence": decision.category_confidence,
        "place_confidence": decision.place_confidence,
        "needs_human": decision.needs_human,
    }
