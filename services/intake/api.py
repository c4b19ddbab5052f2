"""The HTTP edge for people: enter, decide, read, look up who it was. One transaction a request."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from services.intake.accepting import Acceptance
from services.intake.entering import Call, faults_of, incoming_of
from services.intake.handlers.deciding import DecisionRefused, Refusal, Verdict, decide
from services.intake.handlers.disclosing import (
    ComplaintWords,
    Said,
    disclose_resident,
    words_of_complaint,
)
from services.intake.handlers.taking import Desk
from services.intake.models import Outcome
from services.intake.platforms.incoming import Platform, Resident
from shared.auth.permissions import Permission
from shared.auth.requires import NOT_ALLOWED, requires
from shared.auth.tokens import Person
from shared.db import Database, database_of
from shared.problems import Problem, Text, language_of
from shared.routes import Route
from shared.vocabulary import Category, Component

router = APIRouter(prefix="/complaints", tags=["complaints"], route_class=Route)

UNKNOWN = Text("没有这件诉求。", "There is no such complaint.")
_CALL_HAS_FAULTS = Text("请改正下列各项后再提交。", "Please correct the fields listed below.")
_REFUSED: dict[Refusal, tuple[int, Text]] = {
    Refusal.UNKNOWN: (404, UNKNOWN),
    Refusal.CATEGORY_CONTRADICTS: (
        422,
        Text(
            "“不属于我方”与类别不一致：不属于我方时类别须为 not_ours，属于时不能为 not_ours。",
            "The category is not_ours exactly where the complaint is not ours.",
        ),
    ),
    Refusal.VILLAGE_UNKNOWN: (
        422,
        Text("地名表中没有这个村的编码。", "The gazetteer has no village of this code."),
    ),
    Refusal.VILLAGE_MISSING: (
        422,
        Text("这类诉求需要派人到场，请选择村。", "A crew will be sent: choose the village."),
    ),
    Refusal.DECIDED_BY_ANOTHER: (
        409,
        Text(
            "已由他人研判；如需更正，请确认后再提交。",
            "Somebody else has decided it; to put that right, send it with overrule.",
        ),
    ),
}


async def desk_of(request: Request) -> Desk:
    """FastAPI dependency: gazetteer, vault and hashes, set where the app is wired."""
    desk = request.app.state.desk
    assert isinstance(desk, Desk)
    return desk


DatabaseHere = Annotated[Database, Depends(database_of)]
DeskHere = Annotated[Desk, Depends(desk_of)]


class Entered(BaseModel):
    complaint_id: str
    outcome: Outcome
    """`received`; `chased` where this person has complained of the same before; `duplicate` where
    this form was sent before."""


@router.post("", status_code=201)
async def enter(
    call: Call,
    request: Request,
    database: DatabaseHere,
    desk: DeskHere,
    person: Annotated[Person, requires(Permission.COMPLAINT_ENTER)],
) -> Entered:
    """Enter what a resident told the desk. 201: taken; 422: `errors` lists the fields."""
    now = database.clock.now()
    language = language_of(request)
    if faults := list(faults_of(call, now)):
        errors = [{"field": field, "why": why.in_language(language)} for field, why in faults]
        raise Problem(422, "call_has_faults", _CALL_HAS_FAULTS, errors=errors)
    acceptance = Acceptance(Platform.PHONE, person.county, database, desk)
    (taken,) = await acceptance.accept([incoming_of(call, person.county, now)])
    if taken.complaint_id is None:
        raise Problem(
            500,
            "set_aside",
            Text(
                "内容已保存，但无法自动受理，请到“待处理”中查看。",
                "It is stored but could not be taken; look among what waits.",
            ),
        )
    return Entered(complaint_id=taken.complaint_id, outcome=taken.outcome)


class DecisionBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    is_ours: bool
    category: Category
    second_category: Category | None = None
    component: Component | None = None
    urgent: bool = False
    village_code: str | None = None
    group: str | None = Field(None, max_length=50)
    overrule: bool = False
    """Put right what another person has decided."""


@router.post("/{complaint_id}/decision", status_code=204)
async def post_decision(
    complaint_id: str,
    body: DecisionBody,
    database: DatabaseHere,
    desk: DeskHere,
    person: Annotated[Person, requires(Permission.COMPLAINT_DECIDE)],
) -> None:
    """204: decided; 404: not here; 409: decided by another person; 422: it contradicts itself."""
    verdict = Verdict(**body.model_dump())
    try:
        async with database.work() as (session, outbox):
            await decide(
                session,
                outbox,
                complaint_id,
                verdict,
                desk.gazetteer,
                county=person.county,
                decided_by=person.name,
                now=database.clock.now(),
            )
    except DecisionRefused as refused:
        raise refusal(refused) from None


def refusal(refused: DecisionRefused) -> Problem:
    status, text = _REFUSED[refused.why]
    return Problem(status, refused.why.value, text)


class SaidShown(BaseModel):
    said_at: datetime
    title: str
    text: str

    @classmethod
    def of(cls, said: Said) -> "SaidShown":
        return cls(said_at=said.said_at, title=said.title, text=said.text)


class WordsShown(BaseModel):
    complaint_id: str
    title: str
    text: str
    edits: list[SaidShown]
    """Earlier and outdated wordings, in the order they came."""
    chases: int
    chase_words: list[SaidShown]
    reasons: list[str]

    @classmethod
    def of(cls, words: ComplaintWords) -> "WordsShown":
        return cls(
            complaint_id=words.complaint_id,
            title=words.now.title,
            text=words.now.text,
            edits=[SaidShown.of(said) for said in words.earlier],
            chases=words.chased_times,
            chase_words=[SaidShown.of(said) for said in words.chases],
            reasons=list(words.reasons),
        )


@router.get("/{complaint_id}/words")
async def get_words(
    complaint_id: str,
    database: DatabaseHere,
    desk: DeskHere,
    person: Annotated[Person, requires(Permission.WORDS_SEE)],
) -> WordsShown:
    """What the resident wrote. 403: a crew whose token does not list it; 404: not here."""
    _refuse_unopened(complaint_id, person)
    async with database.reading() as session:
        words = await words_of_complaint(
            session, complaint_id, county=person.county, vault=desk.vault
        )
    if words is None:
        raise Problem(404, Refusal.UNKNOWN.value, UNKNOWN)
    return WordsShown.of(words)


class ResidentShown(BaseModel):
    name: str | None
    phone: str | None
    address_line: str | None


@router.get("/{complaint_id}/resident")
async def get_resident(
    complaint_id: str,
    database: DatabaseHere,
    desk: DeskHere,
    person: Annotated[Person, requires(Permission.RESIDENT_SEE)],
) -> ResidentShown:
    """Who complained; that you looked is recorded. 403: a crew whose token does not list the
    complaint; 404: not here."""
    resident = await _disclosed(complaint_id, database, desk, person)
    return ResidentShown(
        name=resident.name, phone=resident.phone, address_line=resident.address_line
    )


class HandleShown(BaseModel):
    handle: str
    """The platform's own name for the person; empty where it gives none."""


@router.get("/{complaint_id}/handle")
async def get_handle(
    complaint_id: str,
    database: DatabaseHere,
    desk: DeskHere,
    person: Annotated[Person, requires(Permission.RESIDENT_SEE)],
) -> HandleShown:
    """To answer the person on their platform; that you asked is recorded. 404: not here."""
    resident = await _disclosed(complaint_id, database, desk, person)
    return HandleShown(handle=resident.handle or "")


async def _disclosed(complaint_id: str, database: Database, desk: Desk, person: Person) -> Resident:
    _refuse_unopened(complaint_id, person)
    async with database.work() as (session, _):
        resident = await disclose_resident(
            session, complaint_id, person, vault=desk.vault, now=database.clock.now()
        )
    if resident is None:
        raise Problem(404, Refusal.UNKNOWN.value, UNKNOWN)
    return resident


def _refuse_unopened(complaint_id: str, person: Person) -> None:
    """Raises Problem 403 for a crew whose token does not list this complaint."""
    if not person.may_open(complaint_id):
        raise Problem(403, "not_allowed", NOT_ALLOWED)
