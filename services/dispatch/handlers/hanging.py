"""Find or open the work order that each of many complaints hangs on."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Table, not_, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.dispatch.models import ComplaintState, SchemeVillage
from services.dispatch.rules.faults import (
    OF_ONE_HOUSEHOLD,
    Category,
    Component,
    Signs,
    is_for_office,
    presumed_component,
)
from services.dispatch.rules.merging import OpenFault, Reach, Reason, find_fault, stands_alone
from services.dispatch.rules.standing import Standing, standing
from services.dispatch.rules.work_order import State
from shared.ids import new_id
from shared.sql import any_of

from .locks import Row, schemes, work_orders

_villages: Table = SchemeVillage.__table__  # type: ignore[attr-defined]

_STATES: Mapping[Standing, ComplaintState] = {
    Standing.WAITS_FOR_PERSON: ComplaintState.WAITING_FOR_PERSON,
    Standing.NO_SCHEME: ComplaintState.NO_SCHEME,
    Standing.NOT_OURS: ComplaintState.NOT_OURS,
    Standing.TO_LINK: ComplaintState.LINKED,
}
_PLACES = (
    select(_villages, schemes.c.county)
    .join(schemes, schemes.c.id == _villages.c.scheme_id)
    .where(_villages.c.village_code == any_of("codes"))
)
_OPEN_TO_MORE = select(work_orders).where(
    work_orders.c.scheme_id == any_of("scheme_ids"),
    work_orders.c.state != State.CLOSED.value,
    not_(work_orders.c.for_office),
    or_(not_(work_orders.c.component_named), work_orders.c.component.not_in(OF_ONE_HOUSEHOLD)),
)
_OWN_SOURCE = frozenset({Component.WELL, Component.PUMP})


@dataclass(slots=True)
class Plan:
    """Where complaints are to hang. `opened` are whole new rows of work orders."""

    opened: list[Row] = field(default_factory=list)
    joined: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    """The complaints that hang there from now on, by work order, new ones included."""
    known: dict[str, Row] = field(default_factory=dict)
    """The work orders that were open before, as far as they matter to the rules."""
    scheme_names: dict[str, str] = field(default_factory=dict)

    @property
    def now_urgent(self) -> list[Row]:
        """Known orders that were not urgent, and are."""
        return [
            order
            for order_id, rows in self.joined.items()
            if (order := self.known.get(order_id)) is not None
            and not order["urgent"]
            and any(row["urgent"] for row in rows)
        ]


async def places_of(session: AsyncSession, rows: Iterable[Row]) -> dict[str, Row]:
    """Where the villages of these complaints drink from: scheme_id, county, village, town."""
    codes = {row["village_code"] for row in rows if row["village_code"] is not None}
    if not codes:
        return {}
    found = await session.execute(_PLACES, {"codes": list(codes)})
    return {row["village_code"]: dict(row) for row in found.mappings()}


def settle_standing(row: Row, places: Mapping[str, Row]) -> bool:
    """Write where the complaint stands; True where it wants a work order."""
    place = places.get(row["village_code"])
    where = standing(
        is_ours=row["is_ours"],
        category=Category(row["category"]),
        needs_human=row["needs_human"],
        has_village=row["village_code"] is not None,
        has_scheme=place is not None and place["county"] == row["county"],
    )
    row["state"] = _STATES[where].value
    if where is not Standing.TO_LINK:
        row.update(work_order_id=None, linked_at=None, link_reason=None)
    return where is Standing.TO_LINK


async def plan(
    session: AsyncSession,
    rows: Sequence[Row],
    places: Mapping[str, Row],
    held: Mapping[str, Row],
    now: datetime,
    *,
    reach: Reach,
) -> Plan:
    """Hang each complaint on an open work order or a new one, and write that into its row.

    `held`: the schemes, whose rows the caller holds. Nothing is written to the database.
    """
    made = Plan(scheme_names={scheme_id: scheme["name"] for scheme_id, scheme in held.items()})
    faults = await _open_faults(session, held, made.known)
    for row in rows:
        place = places[row["village_code"]]
        scheme = held[place["scheme_id"]]
        signs = signs_of(row)
        alone = stands_alone(signs)
        found = None
        if alone is None:
            own_source = not _OWN_SOURCE.isdisjoint(scheme["components"])
            found = find_fault(signs, faults[scheme["id"]], reach, own_source=own_source)
        if found:
            order_id, reason = found[0].work_order_id, found[1]
        else:
            reason = alone or Reason.FIRST
            order = _new_order(row, place, scheme, signs, now)
            made.opened.append(order)
            order_id = order["id"]
            if alone is None:
                faults[scheme["id"]].append(OpenFault(order_id, signs, now))
        row.update(work_order_id=order_id, linked_at=now, link_reason=reason.value)
        made.joined[order_id].append(row)
    for order in made.opened:
        hanging = made.joined[order["id"]]
        order["urgent"] = any(row["urgent"] for row in hanging)
        order["complaints"] = len(hanging)
        order["chases"] = sum(row["chases"] for row in hanging)
    return made


def signs_of(complaint: Row) -> Signs:
    component = complaint["component"]
    return Signs(
        village_code=complaint["village_code"],
        group=complaint["village_group"],
        category=Category(complaint["category"]),
        component=None if component is None else Component(component),
        said_at=complaint["sent_at"],
    )


def signs_of_order(order: Row) -> Signs:
    return Signs(
        village_code=order["village_code"],
        group=order["village_group"],
        category=Category(order["category"]),
        component=Component(order["component"]) if order["component_named"] else None,
        said_at=order["first_said_at"],
    )


async def _open_faults(
    session: AsyncSession,
    held: Mapping[str, Row],
    known: dict[str, Row],
) -> dict[str, list[OpenFault]]:
    """The open work orders that more complaints may hang on, by scheme; their rows into `known`."""
    found = await session.execute(_OPEN_TO_MORE, {"scheme_ids": list(held)})
    faults: dict[str, list[OpenFault]] = defaultdict(list)
    for row in found.mappings():
        order = known[row["id"]] = dict(row)
        faults[row["scheme_id"]].append(
            OpenFault(row["id"], signs_of_order(order), row["opened_at"], row["repaired_at"])
        )
    return faults


def _new_order(row: Row, place: Row, scheme: Row, signs: Signs, now: datetime) -> Row:
    """Every column: Core fills in no defaults. What hangs on it is counted at the end."""
    component = signs.component or presumed_component(signs.category, scheme["components"])
    return {
        "id": new_id("w", now),
        "county": row["county"],
        "scheme_id": scheme["id"],
        "village_code": place["village_code"],
        "village": place["village"],
        "town": place["town"],
        "village_group": signs.group,
        "category": signs.category.value,
        "component": component.value,
        "component_named": signs.component is not None,
        "for_office": is_for_office(signs.category, signs.component),
        "urgent": False,
        "state": State.WAITING_FOR_CREW.value,
        "version": 1,
        "first_said_at": row["sent_at"],
        "opened_at": now,
        "complaints": 0,
        "chases": 0,
        "crew_id": None,
        "assigned_at": None,
        "assign_reason": None,
        "given_back_by": [],
        "accepted_at": None,
        "arrived_at": None,
        "repaired_at": None,
        "found": "",
        "done": "",
        "reworks": 0,
        "closed_at": None,
        "outcome": None,
        "merged_into": None,
    }
