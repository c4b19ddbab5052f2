"""A person's second message about the same matter is a chase, where nothing is numbered."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import ARRAY, Integer, LargeBinary, bindparam, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.intake.models import Complaint, NewDelivery
from services.intake.platforms.incoming import Kind, Platform
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
_complaints = table_of(Complaint).c
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


async def hold_persons(session: AsyncSession, deliveries: Sequence[NewDelivery]) -> None:
    """Lock each person until the transaction ends: two messages of one person that arrive together
    are judged one after the other."""
    keys = [key for delivery in deliveries if (key := delivery.person_key)]
    if keys:
        locks = sorted({int.from_bytes(key[:4], signed=True) for key in keys})
        await session.execute(_HOLD_PERSONS, {"locks": locks})


async def turn_into_chases(session: AsyncSession, deliveries: Sequence[NewDelivery]) -> None:
    """Rewrite a person's later messages about the same matter into chases of the first. The persons
    are held."""
    of_persons = [
        (delivery, key)
        for delivery in deliveries
        if delivery.incoming.kind is Kind.COMPLAINT and (key := delivery.person_key)
    ]
    if not of_persons:
        return
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
