"""Use case: take what a platform delivered. The hot path: a batch costs a handful of statements.

Everybody takes locks in one order, so nobody waits in a circle: people who number nothing
(advisory), then complaints by their number (one sorted statement), then, at the commit, the outbox.
Whoever holds a complaint's row decides alone about its deliveries; those of a known complaint are
looked up again under that lock, and so two replicas with the same page agree.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeGuard

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.intake.handlers.recognising import (
    UNNUMBERED,
    Arrival,
    known_deliveries,
    turn_into_chases,
)
from services.intake.handlers.storing import Record, Row, complaint_row, insert_or_lock
from services.intake.keyed_hashes import KeyedHashes
from services.intake.models import Complaint, Outcome
from services.intake.platforms.incoming import Incoming, Kind, Platform
from services.intake.platforms.source import Unreadable
from services.intake.reading import after_edit, read
from services.intake.rules import identity
from services.intake.rules.place_names import Gazetteer
from shared.bus.outbox import Outbox
from shared.events.complaints import ComplaintChased, ComplaintEdited, ComplaintReceived
from shared.ids import new_id
from shared.privacy.vault import Vault
from shared.sql import any_of

_STORED = select(Complaint).where(col(Complaint.id) == any_of("complaint_ids"))
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one delivery."""

    outcome: Outcome
    complaint_id: str | None
    """None for an unreadable one."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What taking needs beside the database."""

    gazetteer: Gazetteer
    vault: Vault
    hashes: KeyedHashes


async def take(
    session: AsyncSession,
    outbox: Outbox,
    arrivals: Sequence[Incoming | Unreadable],
    now: datetime,
    *,
    platform: Platform,
    county: str,
    desk: Desk,
) -> list[Taken]:
    """Store every delivery once, and tell what it means. One outcome for each, in their order.

    All are of one platform and one county's account (else ValueError). Any number of them, brought
    any number of times, in any order, by any number of replicas at once: each complaint is
    received once, each chase counted once, and the newest edit stands. Nothing is dropped: what
    cannot be read waits for a person, as does a chase of a number we do not know.
    """
    if any((a.platform, a.county) != (platform, county) for a in arrivals if _is_readable(a)):
        raise ValueError("a batch is of one platform and one county")
    taken = {
        delivery_id: Taken(Outcome.DUPLICATE, complaint_id)
        for delivery_id, complaint_id in (
            await known_deliveries(session, platform, county, {a.delivery_id for a in arrivals})
        ).items()
    }
    fresh: dict[str, Incoming | Unreadable] = {}
    for arrival in arrivals:
        if arrival.delivery_id not in taken:
            fresh.setdefault(arrival.delivery_id, arrival)
    if fresh:
        record = Record(platform, county, now, desk.vault)
        unreadable = [
            (new_id("r", now), message)
            for message in fresh.values()
            if isinstance(message, Unreadable)
        ]
        await record.write_unreadable(session, unreadable)
        taken |= {m.delivery_id: Taken(Outcome.UNREADABLE, None) for _, m in unreadable}
        readable = [_arrival(a, now, desk) for a in fresh.values() if _is_readable(a)]
        if readable:
            if platform in UNNUMBERED:
                await turn_into_chases(session, readable)
            taken |= await _take_readable(session, outbox, readable, record)
            await record.write(session)
    return _in_order(arrivals, taken)


def _is_readable(arrival: Incoming | Unreadable) -> TypeGuard[Incoming]:
    return isinstance(arrival, Incoming)


def _arrival(incoming: Incoming, now: datetime, desk: Desk) -> Arrival:
    return Arrival(
        incoming=incoming,
        raw_id=new_id("r", now),
        reading=read(incoming, desk.gazetteer),
        content_hash=desk.hashes.of_content(incoming),
        person_key=desk.hashes.of_person(incoming),
    )


async def _take_readable(
    session: AsyncSession, outbox: Outbox, arrivals: Sequence[Arrival], record: Record
) -> dict[str, Taken]:
    of_number: dict[str, list[Arrival]] = {}
    for arrival in sorted(arrivals, key=_orders_before_chases):
        of_number.setdefault(arrival.incoming.external_id, []).append(arrival)
    rows = {number: _first_row(group[0], record.now) for number, group in of_number.items()}
    held = await insert_or_lock(session, rows.values())
    new = [number for number, complaint_id in held.items() if complaint_id == rows[number]["id"]]

    taken: dict[str, Taken] = {}
    for number in new:
        first = of_number[number].pop(0)
        outbox.add(_received(rows[number], first))
        record.add(first, held[number], Outcome.RECEIVED)
        taken[first.incoming.delivery_id] = Taken(Outcome.RECEIVED, held[number])
    later = {held[number]: group for number, group in of_number.items() if group}
    if later:
        taken |= await _take_later(session, outbox, later, record)
    return taken


async def _take_later(
    session: AsyncSession, outbox: Outbox, later: Mapping[str, Sequence[Arrival]], record: Record
) -> dict[str, Taken]:
    """Deliveries about complaints that are stored and locked by us, by their ids."""
    seen = await known_deliveries(
        session,
        record.platform,
        record.county,
        (arrival.incoming.delivery_id for group in later.values() for arrival in group),
    )
    taken = {delivery: Taken(Outcome.DUPLICATE, of) for delivery, of in seen.items()}
    found = await session.exec(_STORED, params={"complaint_ids": list(later)})
    for row in found:
        for arrival in later[row.id]:
            if (delivery := arrival.incoming.delivery_id) not in seen:
                outcome = _apply(row, arrival, outbox)
                record.add(arrival, row.id, outcome)
                taken[delivery] = Taken(outcome, row.id)
    return taken


def _orders_before_chases(arrival: Arrival) -> tuple[bool, datetime]:
    """A page may hold a chase before its order, or an edit before what it edits."""
    return arrival.incoming.kind is Kind.CHASE, arrival.incoming.said_at


def _first_row(first: Arrival, now: datetime) -> Row:
    if not identity.recognise(_delivery(first), None).waits_for_person:
        return complaint_row(new_id("c", now), first, now)
    reading = first.reading
    first.reading = replace(
        reading,
        decision=reading.decision.model_copy(update={"needs_human": True}),
        reasons=(*reading.reasons, "chase_of_unknown_number"),
    )
    # Whatever the order says when it comes, it is newer than what its chase says of it.
    unknown_order = {"chases": 1, "changed_at": None, "content_hash": b""}
    return complaint_row(new_id("c", now), first, now) | unknown_order


def _delivery(arrival: Arrival) -> identity.Delivery:
    incoming = arrival.incoming
    return identity.Delivery(
        delivery_id=incoming.delivery_id,
        is_chase=incoming.kind is Kind.CHASE,
        content_hash=arrival.content_hash,
        changed_at=incoming.said_at,
    )


def _received(row: Row, first: Arrival) -> ComplaintReceived:
    incoming = first.incoming
    return ComplaintReceived(
        complaint_id=row["id"],
        county=incoming.county,
        platform=incoming.platform.value,
        external_id=incoming.external_id,
        sent_at=incoming.sent_at,
        received_at=row["received_at"],
        time_limit=incoming.time_limit,
        decision=first.reading.decision,
    )


def _apply(row: Complaint, arrival: Arrival, outbox: Outbox) -> Outcome:
    """One more delivery about a complaint we have. Changes `row` and tells what changed."""
    said_at = arrival.incoming.said_at
    known = identity.Known(row.content_hash, row.changed_at or _NEVER, frozenset())
    decision = identity.recognise(_delivery(arrival), known).decision
    if decision is identity.Decision.CHASE:
        row.chases += 1
        outbox.add(
            ComplaintChased(
                complaint_id=row.id, county=row.county, chased_at=said_at, times=row.chases
            )
        )
        return Outcome.CHASED
    if decision is identity.Decision.OUTDATED:
        return Outcome.OUTDATED
    row.changed_at = max(row.changed_at or _NEVER, said_at)
    if decision is identity.Decision.DUPLICATE:
        return Outcome.DUPLICATE
    _edit(row, arrival)
    outbox.add(
        ComplaintEdited(
            complaint_id=row.id,
            county=row.county,
            edited_at=said_at,
            time_limit=row.time_limit,
            decision=row.decision,
        )
    )
    return Outcome.EDITED


def _edit(row: Complaint, arrival: Arrival) -> None:
    incoming, reading = arrival.incoming, arrival.reading
    row.sent_at = incoming.sent_at
    row.time_limit = incoming.time_limit
    row.content_hash = arrival.content_hash
    row.person_key = arrival.person_key or row.person_key
    if row.decided_by is None:
        row.decide(reading.decision)
        row.reasons = list(reading.reasons)
    else:
        row.decide(after_edit(row.decision, reading.decision))


def _in_order(arrivals: Sequence[Incoming | Unreadable], taken: Mapping[str, Taken]) -> list[Taken]:
    """The same delivery twice in one batch is a duplicate the second time."""
    told: set[str] = set()
    outcomes = []
    for arrival in arrivals:
        outcome = taken[arrival.delivery_id]
        if arrival.delivery_id in told:
            outcome = Taken(Outcome.DUPLICATE, outcome.complaint_id)
        told.add(arrival.delivery_id)
        outcomes.append(outcome)
    return outcomes
