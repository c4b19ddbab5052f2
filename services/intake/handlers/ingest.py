"""Use case: ingest what a platform delivered. The hot path: a batch costs a handful of statements.

Everybody takes locks in one order, so nobody waits in a circle: people who number nothing
(advisory), then complaints by their number (one sorted statement), then, at the commit, the outbox.
Whoever holds a complaint's row decides alone about its deliveries; those of a known complaint are
looked up again under that lock, and so two replicas with the same page agree.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeGuard

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.intake.context import Context
from services.intake.handlers.deduplication import (
    UNNUMBERED,
    NewDelivery,
    known_deliveries,
    turn_into_chases,
)
from services.intake.handlers.records import Records, insert_or_lock
from services.intake.models import Complaint, DeliveryResult
from services.intake.platforms.incoming import Incoming, Kind, Platform, Unreadable
from services.intake.rules import dates
from services.intake.rules.classification import classify
from services.intake.rules.deduplication import Relation, Version, relation
from shared.bus.outbox import Outbox
from shared.events.complaints import (
    ComplaintChased,
    ComplaintEdited,
    ComplaintReceived,
    Decision,
)
from shared.ids import new_id
from shared.sql import any_of

_STORED = select(Complaint).where(col(Complaint.id) == any_of("complaint_ids"))


@dataclass(frozen=True, slots=True)
class Ingested:
    """What one delivery meant."""

    result: DeliveryResult
    complaint_id: str | None
    """None for an unreadable one."""


async def ingest(
    session: AsyncSession,
    outbox: Outbox,
    deliveries: Sequence[Incoming | Unreadable],
    now: datetime,
    *,
    platform: Platform,
    county: str,
    context: Context,
) -> list[Ingested]:
    """Store every delivery once, and record its events. One result for each, in their order.

    All are of one platform and one county's account (else ValueError). Any number of them, brought
    any number of times, in any order, by any number of replicas at once: each complaint is
    received once, each chase counted once, and the newest edit stands. Nothing is dropped: what
    cannot be read needs a person, as does a chase of an unknown number.
    """
    if any((d.platform, d.county) != (platform, county) for d in deliveries if _is_readable(d)):
        raise ValueError("a batch is of one platform and one county")
    ingested = {
        delivery_id: Ingested(DeliveryResult.DUPLICATE, complaint_id)
        for delivery_id, complaint_id in (
            await known_deliveries(session, platform, county, {d.delivery_id for d in deliveries})
        ).items()
    }
    fresh: dict[str, Incoming | Unreadable] = {}
    for delivery in deliveries:
        if delivery.delivery_id not in ingested:
            fresh.setdefault(delivery.delivery_id, delivery)
    if fresh:
        records = Records(platform, county, now, context.vault)
        unreadable = [(new_id("r", now), d) for d in fresh.values() if isinstance(d, Unreadable)]
        await records.write_unreadable(session, unreadable)
        ingested |= {
            message.delivery_id: Ingested(DeliveryResult.UNREADABLE, None)
            for _, message in unreadable
        }
        readable = [_new_delivery(d, now, context) for d in fresh.values() if _is_readable(d)]
        if readable:
            if platform in UNNUMBERED:
                await turn_into_chases(session, readable)
            ingested |= await _ingest_readable(session, outbox, readable, records)
            await records.write(session)
    return _in_order(deliveries, ingested)


def _is_readable(delivery: Incoming | Unreadable) -> TypeGuard[Incoming]:
    return isinstance(delivery, Incoming)


def _new_delivery(incoming: Incoming, now: datetime, context: Context) -> NewDelivery:
    """Dates that cannot be are replaced by `now`, and a person must look."""
    sent_at_can_be = dates.can_be(incoming.sent_at, now)
    changed_at_can_be = incoming.changed_at is None or dates.can_be(incoming.changed_at, now)
    doubts = (
        *(() if sent_at_can_be and changed_at_can_be else ("impossible_date",)),
        *(() if dates.limit_can_be(incoming.time_limit, now) else ("impossible_time_limit",)),
    )
    return NewDelivery(
        incoming=incoming
        if sent_at_can_be and changed_at_can_be
        else replace(
            incoming,
            sent_at=incoming.sent_at if sent_at_can_be else now,
            changed_at=incoming.changed_at if changed_at_can_be else now,
        ),
        raw_id=new_id("r", now),
        classification=classify(
            context.gazetteer,
            incoming.title,
            incoming.text,
            address_line=incoming.resident.address_line,
            printed_urgent=incoming.printed_urgent,
            doubts=doubts,
        ),
        content_hash=context.hashes.of_content(incoming),
        person_key=context.hashes.of_person(incoming),
        stated_sent_at=None if sent_at_can_be else incoming.sent_at,
    )


async def _ingest_readable(
    session: AsyncSession, outbox: Outbox, deliveries: Sequence[NewDelivery], records: Records
) -> dict[str, Ingested]:
    by_number: dict[str, list[NewDelivery]] = {}
    for delivery in sorted(deliveries, key=_tickets_before_chases):
        by_number.setdefault(delivery.incoming.external_id, []).append(delivery)
    rows = {number: _first_row(group[0], records.now) for number, group in by_number.items()}
    held = await insert_or_lock(session, rows.values())
    new = [number for number, complaint_id in held.items() if complaint_id == rows[number].id]

    ingested: dict[str, Ingested] = {}
    for number in new:
        first = by_number[number].pop(0)
        outbox.add(_received(held[number], first, records.now))
        records.add(first, held[number], DeliveryResult.RECEIVED)
        ingested[first.incoming.delivery_id] = Ingested(DeliveryResult.RECEIVED, held[number])
    later = {held[number]: group for number, group in by_number.items() if group}
    if later:
        ingested |= await _ingest_later(session, outbox, later, records)
    return ingested


async def _ingest_later(
    session: AsyncSession,
    outbox: Outbox,
    later: Mapping[str, Sequence[NewDelivery]],
    records: Records,
) -> dict[str, Ingested]:
    """Deliveries about complaints that are stored and locked by this transaction, by their ids."""
    seen = await known_deliveries(
        session,
        records.platform,
        records.county,
        (delivery.incoming.delivery_id for group in later.values() for delivery in group),
    )
    ingested = {
        delivery_id: Ingested(DeliveryResult.DUPLICATE, complaint_id)
        for delivery_id, complaint_id in seen.items()
    }
    found = await session.exec(_STORED, params={"complaint_ids": list(later)})
    for complaint in found:
        for delivery in later[complaint.id]:
            if (delivery_id := delivery.incoming.delivery_id) not in seen:
                result = _apply(complaint, delivery, outbox)
                is_erased = complaint.erased_at is not None
                records.add(delivery, complaint.id, result, is_erased=is_erased)
                ingested[delivery_id] = Ingested(result, complaint.id)
    return ingested


def _tickets_before_chases(delivery: NewDelivery) -> tuple[bool, datetime]:
    """A page may hold a chase before its ticket, or an edit before what it edits."""
    return delivery.incoming.kind is Kind.CHASE, delivery.incoming.stated_at


def _first_row(first: NewDelivery, now: datetime) -> Complaint:
    """The complaint as its first delivery tells it; not yet known to be new."""
    if first.incoming.kind is Kind.CHASE:
        first.classification = replace(
            first.classification,
            needs_human=True,
            reasons=(*first.classification.reasons, "chase_of_unknown_number"),
        )
    return Complaint.received(
        new_id("c", now),
        first.incoming,
        first.classification,
        stated_sent_at=first.stated_sent_at,
        content_hash=first.content_hash,
        person_key=first.person_key,
        now=now,
    )


def _received(complaint_id: str, first: NewDelivery, now: datetime) -> ComplaintReceived:
    incoming = first.incoming
    return ComplaintReceived(
        complaint_id=complaint_id,
        county=incoming.county,
        platform=incoming.platform.value,
        external_id=incoming.external_id,
        sent_at=incoming.sent_at,
        received_at=now,
        time_limit=incoming.time_limit,
        decision=Decision.model_validate(first.classification, from_attributes=True),
    )


def _apply(complaint: Complaint, delivery: NewDelivery, outbox: Outbox) -> DeliveryResult:
    """One more delivery about a stored complaint: change it, and record the event."""
    incoming = delivery.incoming
    found = relation(
        Version(delivery.content_hash, incoming.stated_at),
        complaint.version,
        is_chase=incoming.kind is Kind.CHASE,
    )
    if found is Relation.CHASE:
        complaint.chase()
        outbox.add(
            ComplaintChased(
                complaint_id=complaint.id,
                county=complaint.county,
                chased_at=incoming.stated_at,
                times=complaint.chases,
            )
        )
        return DeliveryResult.CHASED
    if found is Relation.OUTDATED:
        return DeliveryResult.OUTDATED
    complaint.seen_version_of(incoming.stated_at)
    if found is Relation.DUPLICATE:
        return DeliveryResult.DUPLICATE
    complaint.edit(
        delivery.classification,
        sent_at=incoming.sent_at if delivery.stated_sent_at is None else None,
        time_limit=incoming.time_limit,
        content_hash=delivery.content_hash,
        person_key=delivery.person_key,
    )
    outbox.add(
        ComplaintEdited(
            complaint_id=complaint.id,
            county=complaint.county,
            edited_at=incoming.stated_at,
            time_limit=complaint.time_limit,
            decision=complaint.decision,
        )
    )
    return DeliveryResult.EDITED


def _in_order(
    deliveries: Sequence[Incoming | Unreadable], ingested: Mapping[str, Ingested]
) -> list[Ingested]:
    """The same delivery twice in one batch is a duplicate the second time."""
    seen: set[str] = set()
    results = []
    for delivery in deliveries:
        result = ingested[delivery.delivery_id]
        if delivery.delivery_id in seen:
            result = Ingested(DeliveryResult.DUPLICATE, result.complaint_id)
        seen.add(delivery.delivery_id)
        results.append(result)
    return results
