"""Use case: ingest what a platform delivered. The hot path: a batch costs a handful of statements.

Everybody takes locks in one order, so nobody waits in a circle: people who number nothing
(advisory), then complaints by their number (one sorted statement), then, at the commit, the outbox.
Whoever holds a complaint's row decides alone about its deliveries; those of a known complaint are
looked up again under that lock, and so two replicas with the same page agree.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.intake.context import Context
from services.intake.handlers.answers import turn_into_answers
from services.intake.handlers.deduplication import UNNUMBERED, hold_persons, turn_into_chases
from services.intake.handlers.records import Records
from services.intake.models import Complaint, DeliveryResult, Ingested, NewDelivery
from services.intake.platforms.incoming import Incoming, Kind, Platform, Unreadable
from services.intake.rules import dates
from services.intake.rules.classification import classify
from services.intake.rules.deduplication import Version, result_of
from shared.bus.outbox import Outbox
from shared.events.complaints import ComplaintReceived, Decision
from shared.ids import new_id
from shared.sql import any_of

_STORED = select(Complaint).where(col(Complaint.id) == any_of("complaint_ids"))


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
    incoming = [delivery for delivery in deliveries if isinstance(delivery, Incoming)]
    if any((one.platform, one.county) != (platform, county) for one in incoming):
        raise ValueError("a batch is of one platform and one county")
    records = Records(session, platform, county, now, context.vault)
    await records.find_known({delivery.delivery_id for delivery in deliveries})
    fresh: dict[str, Incoming | Unreadable] = {}
    for delivery in deliveries:
        if delivery.delivery_id not in records.ingested:
            fresh.setdefault(delivery.delivery_id, delivery)
    await records.write_unreadable([d for d in fresh.values() if isinstance(d, Unreadable)])
    readable = [_new_delivery(d, now, context) for d in fresh.values() if isinstance(d, Incoming)]
    if readable:
        if platform in UNNUMBERED:
            await hold_persons(session, readable)
            if platform is Platform.WECHAT:
                readable += await turn_into_answers(session, readable, now)
            await turn_into_chases(session, readable)
        await _ingest_readable(outbox, readable, records)
        await records.write()
    return _in_order(deliveries, records.ingested)


def _new_delivery(incoming: Incoming, now: datetime, context: Context) -> NewDelivery:
    """Dates that cannot be are replaced by `now`, and a person must look."""
    possible = incoming
    if not dates.can_be(incoming.sent_at, now):
        possible = replace(possible, sent_at=now)
    if incoming.changed_at and not dates.can_be(incoming.changed_at, now):
        possible = replace(possible, changed_at=now)
    doubts = (
        *(() if possible is incoming else ("impossible_date",)),
        *(() if dates.limit_can_be(incoming.time_limit, now) else ("impossible_time_limit",)),
    )
    return NewDelivery(
        incoming=possible,
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
        stated_sent_at=None if possible.sent_at == incoming.sent_at else incoming.sent_at,
    )


async def _ingest_readable(
    outbox: Outbox, deliveries: Sequence[NewDelivery], records: Records
) -> None:
    by_number: defaultdict[str, list[NewDelivery]] = defaultdict(list)
    for delivery in sorted(deliveries, key=_tickets_first):
        by_number[delivery.incoming.external_id].append(delivery)
    rows: dict[str, Complaint] = {}
    for number, (first, *_) in by_number.items():
        if first.incoming.kind is not Kind.COMPLAINT:
            first.doubt(f"{first.incoming.kind}_of_unknown_number")
        rows[number] = Complaint.received(first, records.now)
    held = await records.insert_or_lock(rows.values())
    for number, complaint_id in held.items():
        if complaint_id == rows[number].id:
            first = by_number[number].pop(0)
            outbox.add(_received(complaint_id, first, records.now))
            _tell_evaluation(rows[number], first.incoming, outbox)
            records.add(first, rows[number], DeliveryResult.RECEIVED)
    later = {held[number]: group for number, group in by_number.items() if group}
    if later:
        await _ingest_later(outbox, later, records)


async def _ingest_later(
    outbox: Outbox, later: Mapping[str, Sequence[NewDelivery]], records: Records
) -> None:
    """Deliveries about complaints that are stored and locked by this transaction, by their ids."""
    await records.find_known(
        {delivery.incoming.delivery_id for group in later.values() for delivery in group}
    )
    found = await records.session.exec(_STORED, params={"complaint_ids": list(later)})
    for complaint in found:
        for delivery in later[complaint.id]:
            if delivery.incoming.delivery_id not in records.ingested:
                records.add(delivery, complaint, _apply(complaint, delivery, outbox))


def _tickets_first(delivery: NewDelivery) -> tuple[bool, datetime]:
    """A page may hold a chase before its ticket, or an edit before what it edits."""
    return delivery.incoming.kind is not Kind.COMPLAINT, delivery.incoming.stated_at


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
    at = delivery.incoming.stated_at
    _tell_evaluation(complaint, delivery.incoming, outbox)
    if delivery.incoming.kind is Kind.EVALUATION:
        return DeliveryResult.EVALUATED
    is_chase = delivery.incoming.kind is Kind.CHASE
    result = result_of(Version(delivery.content_hash, at), complaint.version, is_chase=is_chase)
    if result is DeliveryResult.CHASED:
        outbox.add(complaint.chase(at, supervised=delivery.incoming.supervised))
    elif result is not DeliveryResult.OUTDATED:
        complaint.seen_version_of(at)
    if result is DeliveryResult.EDITED:
        outbox.add(complaint.edit(delivery))
    return result


def _tell_evaluation(complaint: Complaint, incoming: Incoming, outbox: Outbox) -> None:
    if incoming.satisfied is not None:
        outbox.add(complaint.evaluate(incoming.stated_at, satisfied=incoming.satisfied))


def _in_order(
    deliveries: Sequence[Incoming | Unreadable], ingested: dict[str, Ingested]
) -> list[Ingested]:
    """The same delivery twice in one batch is a duplicate the second time."""
    results = []
    for delivery in deliveries:
        result = ingested[delivery.delivery_id]
        ingested[delivery.delivery_id] = replace(result, result=DeliveryResult.DUPLICATE)
        results.append(result)
    return results
