"""What intake knows already: deliveries, and people who speak where nothing is numbered."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import ARRAY, Integer, LargeBinary, bindparam, func, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.intake.models import Complaint, RawMessage
from services.intake.platforms.incoming import Incoming, Kind, Platform
from services.intake.reading import Reading
from services.intake.rules.identity import CHASE_WITHIN, Spoken, chased_by
from shared.advisory_locks import AdvisoryLock
from shared.sql import any_of
from shared.vocabulary import Category

UNNUMBERED = frozenset({Platform.WECHAT, Platform.PHONE})
"""Each message has a number of its own there; a chase is known by who speaks, about what."""

_HOLD_PERSONS = select(
    func.pg_advisory_xact_lock(
        AdvisoryLock.PERSON, func.unnest(bindparam("locks", type_=ARRAY(Integer)))
    )
)
_KNOWN = select(col(RawMessage.delivery_id), col(RawMessage.complaint_id)).where(
    col(RawMessage.platform) == bindparam("its_platform"),
    col(RawMessage.county) == bindparam("its_county"),
    col(RawMessage.delivery_id) == any_of("delivery_ids"),
)
_SAID_EARLIER = select(
    col(Complaint.external_id),
    col(Complaint.person_key),
    col(Complaint.category),
    col(Complaint.village_code),
    col(Complaint.sent_at),
).where(
    col(Complaint.person_key) == any_of("person_keys", LargeBinary),
    col(Complaint.platform) == bindparam("its_platform"),
    col(Complaint.county) == bindparam("its_county"),
    col(Complaint.sent_at) >= bindparam("earliest"),
)


@dataclass(slots=True)
class Arrival:
    """One delivery that is new to us, on its way to being stored."""

    incoming: Incoming
    raw_id: str
    reading: Reading
    content_hash: bytes
    person_key: bytes | None


async def known_deliveries(
    session: AsyncSession, platform: Platform, county: str, delivery_ids: Iterable[str]
) -> dict[str, str | None]:
    """Those of `delivery_ids` that are stored, each with its complaint's id, where it has one."""
    found = await session.execute(
        _KNOWN,
        {"its_platform": platform, "its_county": county, "delivery_ids": list(delivery_ids)},
    )
    return {row.delivery_id: row.complaint_id for row in found}


async def turn_into_chases(session: AsyncSession, arrivals: Sequence[Arrival]) -> None:
    """Rewrite what a person says again about the same matter into a chase of what they said first.

    Holds a lock on each person until the transaction ends: two messages of one person that arrive
    together are looked at one after the other.
    """
    spoken = [(arrival, key) for arrival in arrivals if (key := arrival.person_key)]
    if not spoken:
        return
    locks = sorted({int.from_bytes(key[:4], signed=True) for _, key in spoken})
    await session.execute(_HOLD_PERSONS, {"locks": locks})
    said = await _said_earlier(session, spoken)
    for arrival, key in sorted(spoken, key=lambda pair: pair[0].incoming.said_at):
        incoming, reading = arrival.incoming, arrival.reading
        now_said = Spoken(
            complaint_id=incoming.external_id,
            person_key=key,
            category=reading.clear_category,
            village_code=reading.decision.village_code,
            said_at=incoming.said_at,
        )
        if first := chased_by(now_said, said):
            arrival.incoming = replace(incoming, kind=Kind.CHASE, external_id=first.complaint_id)
        else:
            said.append(replace(now_said, category=Category(reading.decision.category)))


async def _said_earlier(
    session: AsyncSession, spoken: Sequence[tuple[Arrival, bytes]]
) -> list[Spoken]:
    """What these people said lately, with the platform's number for a complaint's id."""
    any_incoming = spoken[0][0].incoming
    earliest = min(arrival.incoming.said_at for arrival, _ in spoken)
    found = await session.execute(
        _SAID_EARLIER,
        {
            "person_keys": [key for _, key in spoken],
            "its_platform": any_incoming.platform,
            "its_county": any_incoming.county,
            "earliest": earliest - CHASE_WITHIN,
        },
    )
    return [
        Spoken(external_id, person_key, Category(category), village_code, sent_at)
        for external_id, person_key, category, village_code, sent_at in found
    ]
