"""Use cases of disclosure: read the words, look up the resident, and see who looked.

Who looks at a resident's data is recorded with it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.intake.handlers.records import APPLIED
from services.intake.handlers.refusals import Refusal, Refused
from services.intake.models import (
    Complaint,
    DeliveryResult,
    Disclosure,
    RawMessage,
    ResidentData,
    Words,
    sealed_in,
)
from services.intake.platforms.incoming import Resident
from shared.auth.tokens import Person
from shared.ids import new_id
from shared.privacy.vault import Vault


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of one delivery about a complaint."""

    stated_at: datetime
    title: str = field(repr=False)
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ComplaintWords:
    """A complaint in the resident's words, now and before."""

    complaint_id: str
    title: str = field(repr=False)
    """As the complaint stands now, like `text`; both are empty once they are erased."""
    text: str = field(repr=False)
    edits: Sequence[Wording]
    """Earlier and outdated wordings, in the order they came."""
    chases: int
    chase_words: Sequence[Wording]
    answers: Sequence[Wording]
    """What the resident wrote when we asked whether it is solved."""
    reasons: Sequence[str]
    erased_at: datetime | None


async def words_of_complaint(
    session: AsyncSession, complaint_id: str, *, county: str, vault: Vault
) -> ComplaintWords:
    """Raises Refused for a complaint that is not this county's."""
    complaint = await session.get(Complaint, complaint_id)
    if complaint is None or complaint.county != county:
        raise Refused(Refusal.UNKNOWN)
    rows = (
        await session.exec(
            select(Words).where(Words.complaint_id == complaint_id).order_by(col(Words.id))
        )
    ).all()
    current = next((row for row in reversed(rows) if row.result in APPLIED), None)
    now = _wording(current, vault) if current else Wording(complaint.sent_at, "", "")
    earlier = [row for row in rows if row is not current]
    apart = (DeliveryResult.CHASED, DeliveryResult.EVALUATED)
    return ComplaintWords(
        complaint_id=complaint.id,
        title=now.title,
        text=now.text,
        edits=[_wording(row, vault) for row in earlier if row.result not in apart],
        chases=complaint.chases,
        chase_words=[
            _wording(row, vault) for row in earlier if row.result == DeliveryResult.CHASED
        ],
        answers=[_wording(row, vault) for row in earlier if row.result == DeliveryResult.EVALUATED],
        reasons=complaint.reasons,
        erased_at=complaint.erased_at,
    )


def _wording(row: Words, vault: Vault) -> Wording:
    words = json.loads(vault.open(row.sealed, belongs_to=sealed_in(Words, row.raw_message_id)))
    return Wording(row.stated_at, words["title"], words["text"])


async def disclose_resident(
    session: AsyncSession, complaint_id: str, to: Person, *, vault: Vault, now: datetime
) -> Resident:
    """Who complained; recorded with who looked. Raises Refused for a complaint that is not this
    county's."""
    known = await session.scalar(
        select(Complaint.id).where(Complaint.id == complaint_id, Complaint.county == to.county)
    )
    if known is None:
        raise Refused(Refusal.UNKNOWN)
    _record(session, complaint_id, to, now)
    row = await session.get(ResidentData, complaint_id)
    if row is None:
        return Resident()
    return Resident(
        **json.loads(vault.open(row.sealed, belongs_to=sealed_in(ResidentData, complaint_id)))
    )


async def disclose_unreadable(
    session: AsyncSession, raw_id: str, to: Person, *, vault: Vault, now: datetime
) -> str:
    """The message as it came, for who must deal with it; recorded like a resident's data.

    Bytes that are not UTF-8 are shown as U+FFFD. Raises Refused for one that is not this county's,
    or whose body is erased.
    """
    row = await session.get(RawMessage, raw_id)
    if row is None or row.county != to.county or row.result != DeliveryResult.UNREADABLE:
        raise Refused(Refusal.UNKNOWN)
    if not row.sealed_body:
        raise Refused(Refusal.UNKNOWN)
    _record(session, raw_id, to, now)
    return vault.open(row.sealed_body, belongs_to=sealed_in(RawMessage, raw_id)).decode(
        "utf-8", "replace"
    )


def _record(session: AsyncSession, disclosed_id: str, to: Person, now: datetime) -> None:
    session.add(
        Disclosure(
            id=new_id("d", now),
            county=to.county,
            disclosed_id=disclosed_id,
            disclosed_to=to.name,
            role=to.role.value,
            disclosed_at=now,
        )
    )


@dataclass(frozen=True, slots=True)
class DisclosureFilter:
    """Which looks are asked for; None or empty: all of the county."""

    complaint_ids: Sequence[str] | None = None
    viewer: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: str | None = None
    """The id of the last one of the page before."""

    def only_of(self, complaint_ids: Sequence[str]) -> "DisclosureFilter":
        """Those of these complaints that were asked for."""
        asked = self.complaint_ids
        both = [one for one in complaint_ids if asked is None or one in asked]
        return replace(self, complaint_ids=both)

    def following(self, last: Disclosure) -> "DisclosureFilter":
        """The page after the one that ends with `last`."""
        return replace(self, before=last.id)


async def disclosures(
    session: AsyncSession, county: str, wanted: DisclosureFilter, limit: int
) -> Sequence[Disclosure]:
    """Who looked at whose data, the newest first, `limit` at most."""
    looks = select(Disclosure).where(Disclosure.county == county)
    if wanted.complaint_ids is not None:
        looks = looks.where(col(Disclosure.disclosed_id).in_(wanted.complaint_ids))
    if wanted.viewer:
        looks = looks.where(Disclosure.disclosed_to == wanted.viewer)
    if wanted.since:
        looks = looks.where(Disclosure.disclosed_at >= wanted.since)
    if wanted.until:
        looks = looks.where(Disclosure.disclosed_at < wanted.until)
    if wanted.before:
        looks = looks.where(Disclosure.id < wanted.before)
    return (await session.exec(looks.order_by(col(Disclosure.id).desc()).limit(limit))).all()


async def complaints_of_person(
    session: AsyncSession, county: str, person_key: bytes | None
) -> Sequence[str]:
    """The ids of one person's complaints; erased ones are nobody's any more."""
    if person_key is None:
        return []
    found = await session.exec(
        select(Complaint.id).where(Complaint.person_key == person_key, Complaint.county == county)
    )
    return found.all()
