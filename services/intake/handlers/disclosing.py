"""Use cases: show what a resident wrote, and, leaving a trace, who they are."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.intake.handlers.storing import body_of, resident_of, words_of
from services.intake.models import Complaint, Disclosure, Outcome, RawMessage, ResidentData, Words
from services.intake.platforms.incoming import Resident
from shared.auth.tokens import Person
from shared.ids import new_id
from shared.privacy.vault import Vault

_AS_IT_STANDS_NOW = (Outcome.RECEIVED, Outcome.EDITED)


@dataclass(frozen=True, slots=True)
class Said:
    """What one delivery said about a complaint."""

    outcome: Outcome
    said_at: datetime
    title: str = field(repr=False)
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ComplaintWords:
    """A complaint in the resident's words, now and before."""

    complaint_id: str
    now: Said
    earlier: Sequence[Said]
    """Earlier and outdated wordings."""
    chases: Sequence[Said]
    chased_times: int
    reasons: Sequence[str]


async def words_of_complaint(
    session: AsyncSession, complaint_id: str, *, county: str, vault: Vault
) -> ComplaintWords | None:
    """None for a complaint that is not this county's."""
    complaint = await session.get(Complaint, complaint_id)
    if complaint is None or complaint.county != county:
        return None
    rows = await session.exec(
        select(Words).where(Words.complaint_id == complaint_id).order_by(col(Words.id))
    )
    return _as_told(complaint, [_said(row, vault) for row in rows])


def _said(row: Words, vault: Vault) -> Said:
    words = json.loads(vault.open(row.sealed, belongs_to=words_of(row.raw_message_id)))
    return Said(Outcome(row.outcome), row.said_at, words["title"], words["text"])


def _as_told(complaint: Complaint, said: Sequence[Said]) -> ComplaintWords:
    now = [one for one in said if one.outcome in _AS_IT_STANDS_NOW][-1]
    return ComplaintWords(
        complaint_id=complaint.id,
        now=now,
        earlier=[one for one in said if one is not now and one.outcome is not Outcome.CHASED],
        chases=[one for one in said if one.outcome is Outcome.CHASED],
        chased_times=complaint.chases,
        reasons=complaint.reasons,
    )


async def disclose_resident(
    session: AsyncSession, complaint_id: str, to: Person, *, vault: Vault, now: datetime
) -> Resident | None:
    """Who complained; recorded with who looked. None for a complaint that is not this county's."""
    known = await session.scalar(
        select(Complaint.id).where(Complaint.id == complaint_id, Complaint.county == to.county)
    )
    if known is None:
        return None
    _record(session, complaint_id, to, now)
    row = await session.get(ResidentData, complaint_id)
    if row is None:
        return Resident()
    return Resident(**json.loads(vault.open(row.sealed, belongs_to=resident_of(complaint_id))))


async def disclose_unreadable(
    session: AsyncSession, raw_id: str, to: Person, *, vault: Vault, now: datetime
) -> str | None:
    """The message as it came, for who must deal with it; recorded like a resident's data.

    Bytes that are not UTF-8 are shown as U+FFFD. None for one that is not this county's.
    """
    row = await session.get(RawMessage, raw_id)
    if row is None or row.county != to.county or row.outcome != Outcome.UNREADABLE:
        return None
    _record(session, raw_id, to, now)
    return vault.open(row.sealed_body, belongs_to=body_of(raw_id)).decode("utf-8", "replace")


def _record(session: AsyncSession, disclosed_id: str, to: Person, now: datetime) -> None:
    session.add(
        Disclosure(
            id=new_id("d", now),
            disclosed_id=disclosed_id,
            disclosed_to=to.name,
            role=to.role.value,
            disclosed_at=now,
        )
    )
