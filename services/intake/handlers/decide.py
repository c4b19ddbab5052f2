"""Use cases of a dispatcher: decide a complaint, mark an unreadable message as handled."""

from datetime import datetime
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from services.intake.handlers.refusals import Refusal, Refused
from services.intake.models import Complaint, DeliveryResult, RawMessage
from services.intake.rules.gazetteer import Gazetteer, Village
from shared.bus.outbox import Outbox
from shared.events.complaints import Decision
from shared.vocabulary import Category, Component

T = TypeVar("T")
_HAPPENS_SOMEWHERE = frozenset(
    {
        Category.OUTAGE,
        Category.LOW_PRESSURE,
        Category.WATER_QUALITY,
        Category.PIPE_LEAK,
        Category.NEW_CONNECTION,
    }
)
"""What a crew is sent for: it needs a village."""


class Verdict(BaseModel):
    """What a person says a complaint is about, and where."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    is_ours: bool
    category: Category
    second_category: Category | None = None
    component: Component | None = None
    urgent: bool = False
    village_code: str | None = None
    group: str | None = Field(None, max_length=50)
    overrule: bool = False
    """Put right what another person has decided."""


async def decide(
    session: AsyncSession,
    outbox: Outbox,
    complaint_id: str,
    verdict: Verdict,
    gazetteer: Gazetteer,
    *,
    county: str,
    decided_by: str,
    now: datetime,
) -> None:
    """Decide a complaint that needs a person, or put right what was decided.

    The same verdict of the same person again is told again, and changes nothing. Raises
    Refused.
    """
    wanted = select(Complaint).where(Complaint.id == complaint_id, Complaint.county == county)
    complaint = await _locked(session, wanted)
    another = complaint.decided_by not in (None, decided_by) and not complaint.needs_human
    if another and not verdict.overrule:
        raise Refused(Refusal.DECIDED_BY_ANOTHER)
    if not verdict.is_ours and complaint.cannot_be_returned:
        raise Refused(Refusal.RETURNED_BEFORE)
    village = _village(verdict, gazetteer)
    decision = _decision(verdict, village, says_repeated=complaint.says_repeated)
    outbox.add(complaint.decide(decision, by=decided_by, at=now))


class ComeBack(BaseModel):
    """Why a complaint is ours after all, though it was decided not to be."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: str = Field(min_length=2, max_length=500)
    is_platforms_word: bool = False
    """The platform says so: it cannot be returned again."""


async def come_back(
    session: AsyncSession,
    outbox: Outbox,
    complaint_id: str,
    command: ComeBack,
    *,
    county: str,
    by: str,
    now: datetime,
) -> None:
    """Give a complaint that is not ours back to a person's decision. Raises Refused."""
    wanted = select(Complaint).where(Complaint.id == complaint_id, Complaint.county == county)
    complaint = await _locked(session, wanted)
    if complaint.is_ours or complaint.needs_human:
        raise Refused(Refusal.NOT_RETURNED)
    told = complaint.come_back(
        by=by, why=command.reason.strip(), at=now, is_platforms_word=command.is_platforms_word
    )
    outbox.add(told)


async def mark_handled(
    session: AsyncSession, raw_id: str, *, county: str, handled_by: str, now: datetime
) -> None:
    """A person has dealt with an unreadable message. Raises Refused for an unknown one."""
    wanted = select(RawMessage).where(
        RawMessage.id == raw_id,
        RawMessage.county == county,
        RawMessage.result == DeliveryResult.UNREADABLE,
    )
    (await _locked(session, wanted)).mark_handled(handled_by, now)


async def _locked(session: AsyncSession, wanted: SelectOfScalar[T]) -> T:
    found = await session.exec(wanted.with_for_update())
    if (row := found.one_or_none()) is None:
        raise Refused(Refusal.UNKNOWN)
    return row


def _village(verdict: Verdict, gazetteer: Gazetteer) -> Village | None:
    if verdict.is_ours is (verdict.category is Category.NOT_OURS):
        raise Refused(Refusal.CATEGORY_CONTRADICTS)
    if verdict.village_code:
        if village := gazetteer.villages.get(verdict.village_code):
            return village
        raise Refused(Refusal.VILLAGE_UNKNOWN)
    if verdict.category in _HAPPENS_SOMEWHERE:
        raise Refused(Refusal.VILLAGE_MISSING)
    return None


def _decision(verdict: Verdict, village: Village | None, *, says_repeated: bool) -> Decision:
    return Decision(
        **verdict.model_dump(exclude={"village_code", "overrule"}),
        says_repeated=says_repeated,
        village_code=village.code if village else None,
        village=village.spoken_name if village else None,
        town=village.town if village else None,
        category_confidence=1.0,
        place_confidence=1.0 if village else 0.0,
        needs_human=False,
    )
