"""A complaint changed: a person decided it, the platform edited it, or somebody asked again."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Table, bindparam, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from services.dispatch.models import ComplaintState, SchemeVillage
from services.dispatch.policy import Policy
from services.dispatch.rules.work_order import UNDER_WAY, State
from shared.bus.outbox import Outbox
from shared.bus.transient_errors import NotYetKnown
from shared.events.complaints import ComplaintChased, ComplaintDecided, ComplaintEdited
from shared.events.event import Envelope
from shared.sql import any_of

from .finishing import Outcome, end
from .hanging import places_of, plan, settle_standing
from .linking import carry_out, complaints, decision_columns
from .locks import Row, hold_crews, hold_schemes, hold_work_orders, schemes, work_orders
from .timeline import What, step, write_steps

_AT_ONCE = 500
_villages: Table = SchemeVillage.__table__  # type: ignore[attr-defined]
_WHAT_AND_WHERE = ("category", "component", "village_code")
_CHANGEABLE = tuple(
    column.name
    for column in complaints.c
    if column.name not in {"id", "county", "platform", "external_id", "sent_at", "received_at"}
)
_WRITTEN = (
    update(complaints)
    .where(complaints.c.id == bindparam("complaint_id"))
    .values({name: bindparam(f"new_{name}") for name in _CHANGEABLE})
)
_WITHOUT_SCHEME = (
    select(complaints.c.id, schemes.c.id)
    .join(_villages, _villages.c.village_code == complaints.c.village_code)
    .join(schemes, schemes.c.id == _villages.c.scheme_id)
    .where(
        complaints.c.state == ComplaintState.NO_SCHEME.value,
        schemes.c.county == complaints.c.county,
    )
    .order_by(complaints.c.id)
    .limit(_AT_ONCE)
)
_SCHEMES_OF = (
    select(work_orders.c.scheme_id)
    .join(complaints, complaints.c.work_order_id == work_orders.c.id)
    .where(complaints.c.id == any_of("complaint_ids"))
    .distinct()
)
_HELD = (
    select(complaints)
    .where(complaints.c.id == any_of("complaint_ids"))
    .order_by(complaints.c.id)
    .with_for_update(key_share=True)
)
_CHASED = (
    update(work_orders)
    .where(work_orders.c.id == bindparam("order_id"))
    .values(chases=work_orders.c.chases + bindparam("more"))
)


class UnknownComplaint(NotYetKnown):
    """The complaint has not been received here yet: its event waits until it has."""


async def on_complaints_decided(
    session: AsyncSession,
    outbox: Outbox,
    events: Sequence[Envelope[ComplaintDecided]],
    now: datetime,
    *,
    policy: Policy,
) -> None:
    """Link what waited. What a person says is another matter, or elsewhere, leaves its work order
    for the right one. Raises UnknownComplaint."""

    def take(row: Row, event: ComplaintDecided) -> None:
        row.update(
            decision_columns(event.decision),
            decided_by=event.decided_by,
            decided_at=event.decided_at,
        )

    rows, before = await _changed(session, [event.data for event in events], take)
    moving = [row for row in rows if _is_another_matter(row, before[row["id"]])]
    await _hang_again(session, outbox, rows, moving, now, policy)


async def on_complaints_edited(
    session: AsyncSession,
    outbox: Outbox,
    events: Sequence[Envelope[ComplaintEdited]],
    now: datetime,
    *,
    policy: Policy,
) -> None:
    """Link what waited. What hangs on a work order stays there: a crew may be on its way, so only a
    person moves it, who sees the edit in the timeline. Raises UnknownComplaint."""

    def take(row: Row, event: ComplaintEdited) -> None:
        row.update(
            decision_columns(event.decision),
            time_limit=event.time_limit,
            edited_at=event.edited_at,
        )

    rows, before = await _changed(session, [event.data for event in events], take)
    moving = [row for row in rows if row["work_order_id"] is None]
    await _hang_again(session, outbox, rows, moving, now, policy)
    await write_steps(
        session,
        [
            step(row["work_order_id"], now, What.EDITED, complaint_id=row["id"])
            for row in rows
            if before[row["id"]]["work_order_id"] is not None
        ],
    )


async def link_where_scheme_is_known(
    session: AsyncSession, outbox: Outbox, now: datetime, *, policy: Policy
) -> int:
    """Link complaints whose village has come onto a scheme since. Returns how many."""
    scheme_of = dict((await session.execute(_WITHOUT_SCHEME)).tuples().all())
    if not scheme_of:
        return 0
    await hold_schemes(session, set(scheme_of.values()))
    rows = [
        row
        for row in await _rows(session, list(scheme_of))
        if row["state"] == ComplaintState.NO_SCHEME.value
    ]
    await _hang_again(session, outbox, rows, rows, now, policy)
    return sum(row["state"] == ComplaintState.LINKED.value for row in rows)


async def on_complaints_chased(
    session: AsyncSession,
    _: Outbox,
    events: Sequence[Envelope[ComplaintChased]],
    now: datetime,  # noqa: ARG001 - what every handler is given
) -> None:
    """Count it: the board shows what is asked for most often first. Raises UnknownComplaint."""

    def take(row: Row, event: ComplaintChased) -> None:
        row["chases"] = max(row["chases"], event.times)
        row["chased_at"] = max(row["chased_at"] or event.chased_at, event.chased_at)

    rows, before = await _changed(session, [event.data for event in events], take)
    await _write(session, rows)
    hangs_on = {row["id"]: row["work_order_id"] for row in rows}
    more: Counter[str] = Counter()
    for row in rows:
        if row["work_order_id"] is not None:
            more[row["work_order_id"]] += row["chases"] - before[row["id"]]["chases"]
    if more:
        await session.execute(
            _CHASED,
            [{"order_id": order_id, "more": more[order_id]} for order_id in sorted(more)],
        )
    await write_steps(
        session,
        [
            step(
                order_id,
                event.data.chased_at,
                What.CHASED,
                complaint_id=event.data.complaint_id,
                times=event.data.times,
            )
            for event in events
            if (order_id := hangs_on[event.data.complaint_id]) is not None
        ],
    )


async def _changed(
    session: AsyncSession, news: Sequence[Any], take: Callable[[Row, Any], None]
) -> tuple[list[Row], Mapping[str, Row]]:
    """The complaints with what their events say, and as they were before. Their schemes are held,
    the ones they are on and the ones they may come to."""
    ids = {event.complaint_id for event in news}
    hang_on = await session.execute(_SCHEMES_OF, {"complaint_ids": list(ids)})
    scheme_ids = set(hang_on.scalars())
    decided = [
        {"village_code": event.decision.village_code}
        for event in news
        if hasattr(event, "decision")
    ]
    scheme_ids |= {place["scheme_id"] for place in (await places_of(session, decided)).values()}
    await hold_schemes(session, scheme_ids)
    rows = await _rows(session, sorted(ids))
    if len(rows) < len(ids):
        raise UnknownComplaint(min(ids - {row["id"] for row in rows}))
    by_id = {row["id"]: row for row in rows}
    before = {complaint_id: dict(row) for complaint_id, row in by_id.items()}
    for event in news:
        take(by_id[event.complaint_id], event)
    return rows, before


def _is_another_matter(row: Row, before: Row) -> bool:
    """Other than when it was linked, or not linked at all."""
    return (
        row["work_order_id"] is None
        or not row["is_ours"]
        or row["needs_human"]
        or any(row[name] != before[name] for name in _WHAT_AND_WHERE)
    )


async def _hang_again(
    session: AsyncSession,
    outbox: Outbox,
    rows: Sequence[Row],
    moving: Sequence[Row],
    now: datetime,
    policy: Policy,
) -> None:
    """Write `rows`, whose schemes are held; the `moving` ones leave their orders for others."""
    places = await places_of(session, moving)
    held = await hold_schemes(session, {place["scheme_id"] for place in places.values()})
    await hold_crews(session, {row["county"] for row in moving})
    orders = await hold_work_orders(session, {row["work_order_id"] for row in rows} - {None})
    moving = [row for row in moving if not _crew_knows_better(row, orders, places)]
    await _leave(session, outbox, [row for row in moving if row["work_order_id"]], orders, now)
    to_link = [row for row in moving if settle_standing(row, places)]
    linking = {row["id"] for row in to_link}
    staying = [row for row in rows if row["work_order_id"] and row["id"] not in linking]
    await _make_urgent(session, [row for row in staying if row["urgent"]], orders, now)
    made = await plan(session, to_link, places, held, now, reach=policy.reach)
    await carry_out(session, outbox, made, now)
    await _write(session, rows)


def _crew_knows_better(row: Row, orders: Mapping[str, Row], places: Mapping[str, Row]) -> bool:
    """The crew has stood at the fault; the complaint's new category does not change what it saw."""
    order = orders.get(row["work_order_id"])
    if order is None or not row["is_ours"] or row["needs_human"]:
        return False
    place = places.get(row["village_code"])
    same_scheme = place is not None and place["scheme_id"] == order["scheme_id"]
    return same_scheme and order["state"] in (State.ON_SITE, State.REPAIRED)


async def _leave(
    session: AsyncSession,
    outbox: Outbox,
    leaving: Sequence[Row],
    orders: Mapping[str, Row],
    now: datetime,
) -> None:
    """An order that nothing hangs on any more ends, unless a crew has been there."""
    by_order: dict[str, list[Row]] = {}
    for row in leaving:
        by_order.setdefault(row["work_order_id"], []).append(row)
    for order_id, rows in by_order.items():
        order = orders[order_id]
        fewer = {
            "complaints": order["complaints"] - len(rows),
            "chases": order["chases"] - sum(row["chases"] for row in rows),
        }
        await session.execute(update(work_orders).where(work_orders.c.id == order_id).values(fewer))
        await write_steps(session, [step(order_id, now, What.LEFT, complaints=len(rows))])
        if fewer["complaints"] == 0 and order["state"] not in UNDER_WAY:
            await end(session, outbox, order, Outcome.NOTHING_FOUND, now)


async def _make_urgent(
    session: AsyncSession, rows: Sequence[Row], orders: Mapping[str, Row], now: datetime
) -> None:
    """An order that waits for a crew is looked at again by the next turn."""
    urgent = {row["work_order_id"] for row in rows if not orders[row["work_order_id"]]["urgent"]}
    if urgent:
        await session.execute(
            update(work_orders).where(work_orders.c.id.in_(urgent)).values(urgent=True)
        )
        await write_steps(
            session, [step(order_id, now, What.BECAME_URGENT) for order_id in sorted(urgent)]
        )


async def _rows(session: AsyncSession, complaint_ids: Sequence[str]) -> list[Row]:
    """Held until the commit."""
    found = await session.execute(_HELD, {"complaint_ids": list(complaint_ids)})
    return [dict(row) for row in found.mappings()]


async def _write(session: AsyncSession, rows: Sequence[Row]) -> None:
    """Everything that news can change; what a complaint was received with stays."""
    if rows:
        await session.execute(
            _WRITTEN,
            [
                {"complaint_id": row["id"]} | {f"new_{name}": row[name] for name in _CHANGEABLE}
                for row in rows
            ],
        )
