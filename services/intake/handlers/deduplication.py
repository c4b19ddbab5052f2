"""What intake knows already: deliveries, and people who write where nothing is numbered."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ARRAY, Integer, LargeBinary, bindparam, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.intake.models import Complaint, RawMessage
from services.intake.platforms.incoming import Incoming, Kind, Platform
from services.intake.rules.classification import Classification
from services.intake.rules.deduplication import CHASE_WITHIN, Message, chased_by
from shared.advisory_locks import AdvisoryLock
from shared.sql import any_of, table_of
from shared.vocabulary import Category

UNNUMBERED = frozenset({Platform.WECHAT, Platform.PHONE})
"""Each message has a number of its own there; a chase is known by person and matter."""

_HOLD_PERSONS = select(
    func.pg_advisory_xact_lock(
        AdvisoryLock.PERSON, func.unnest(bindparam("locks", type_=ARRAY(Integer)))
    )
)
_raw_messages, _complaints = table_of(RawMessage).c, table_of(Complaint).c
_KNOWN = select(_raw_messages.delivery_id, _raw_messages.complaint_id).where(
    _raw_messages.platform == bindparam("its_platform"),
    _raw_messages.county == bindparam("its_county"),
    _raw_messages.delivery_id == any_of("delivery_ids"),
)
_COMPLAINED_BEFORE = select(
    _complaints.external_id,
    _complaints.person_key,
    _complaints.category,
    _complaints.village_code,
    _complaints.sent_at,
).where(
    _complaints.person_key == any_of("person_keys", LargeBinary),
    _complaints.platform == bindparam("its_platform"),
    _complaints.county == bindparam("its_county"),
    _complaints.sent_at >= bindparam("earliest"),
)


@dataclass(slots=True)
class NewDelivery:
    """One delivery that is not stored yet."""

    incoming: Incoming
    """Its dates can be: those that cannot are replaced by the time of receipt."""
    raw_id: str
    classification: Classification
    content_hash: bytes
    person_key: bytes | None
    stated_sent_at: datetime | None
    """The `sent_at` that the platform states, where that cannot be."""


async def known_deliveries(
    session: AsyncSession, platform: Platform, county: str, delivery_ids: Iterable[str]
) -> dict[str, str | None]:
    """Those of `delivery_ids` that are stored, each with its complaint's id, where it has one."""
    found = await session.execute(
        _KNOWN,
        {"its_platform": platform, "its_county": county, "delivery_ids": list(delivery_ids)},
    )
    return {row.delivery_id: row.complaint_id for row in found}


async def turn_into_chases(session: AsyncSession, deliveries: Sequence[NewDelivery]) -> None:
    """Rewrite a person's later messages about the same matter into chases of the first.

    Holds a lock on each person until the transaction ends: two messages of one person that arrive
    together are judged one after the other.
    """
    of_persons = [(delivery, key) for delivery in deliveries if (key := delivery.person_key)]
    if not of_persons:
        return
    locks = sorted({int.from_bytes(key[:4], signed=True) for _, key in of_persons})
    await session.execute(_HOLD_PERSONS, {"locks": locks})
    earlier = await _complained_before(session, of_persons)
    for delivery, key in sorted(of_persons, key=lambda pair: pair[0].incoming.stated_at):
        incoming, classified = delivery.incoming, delivery.classification
        message = Message(
            number=incoming.external_id,
            person_key=key,
            category=classified.category if classified.category_is_clear else None,
            village_code=classified.village_code,
            stated_at=incoming.stated_at,
        )
        if chased := chased_by(message, earlier):
            delivery.incoming = replace(incoming, kind=Kind.CHASE, external_id=chased.number)
        else:
            earlier.append(replace(message, category=classified.category))


async def _complained_before(
    session: AsyncSession, of_persons: Sequence[tuple[NewDelivery, bytes]]
) -> list[Message]:
    """The recent complaints of these people."""
    any_incoming = of_persons[0][0].incoming
    earliest = min(delivery.incoming.stated_at for delivery, _ in of_persons)
    found = await session.execute(
        _COMPLAINED_BEFORE,
        {
            "person_keys": [key for _, key in of_persons],
            "its_platform": any_incoming.platform,
            "its_county": any_incoming.county,
            "earliest": earliest - CHASE_WITHIN,
        },
    )
    return [
        Message(external_id, person_key, Category(category), village_code, sent_at)
        for external_id, person_key, category, village_code, sent_at in found
    ]
