"""HTTP for people: enter a call, decide a complaint, read its words, look up the resident."""

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel

from services.intake.api.dependencies import ContextHere, refuse_unopened
from services.intake.batching import Ingestion
from services.intake.context import Context
from services.intake.handlers.answers import ask
from services.intake.handlers.decide import ComeBack, Verdict, come_back, decide
from services.intake.handlers.disclose import (
    ComplaintWords,
    disclose_resident,
    words_of_complaint,
)
from services.intake.handlers.enter_call import Call, errors_of, incoming_of
from services.intake.models import DeliveryResult
from services.intake.platforms.incoming import Platform, Resident
from shared.auth.permissions import Permission
from shared.auth.requires import requires
from shared.auth.tokens import Person
from shared.bus.outbox import Outbox
from shared.db import Database, DatabaseHere, Session
from shared.problems import Problem, Text, language_of
from shared.routes import Route

router = APIRouter(prefix="/complaints", tags=["complaints"], route_class=Route)

_CALL_HAS_ERRORS = Text("请改正下列各项后再提交。", "Please correct the fields listed below.")
_SET_ASIDE = Text(
    "内容已保存，但无法自动受理，请到“待处理”中查看。",
    "It is stored but could not be ingested; look at what needs a person.",
)


class Entered(BaseModel):
    complaint_id: str
    result: DeliveryResult
    """`received`; `chased` where this person has complained of the same before; `duplicate` where
    this form was sent before."""


@router.post("", status_code=201)
async def enter(
    call: Call,
    request: Request,
    database: DatabaseHere,
    context: ContextHere,
    person: Annotated[Person, requires(Permission.COMPLAINT_ENTER)],
) -> Entered:
    """Enter what a resident tells a dispatcher. 201: stored; 422: `errors` lists the fields."""
    now = database.clock.now()
    language = language_of(request)
    if wrong := list(errors_of(call, now)):
        errors = [{"field": field, "why": why.in_language(language)} for field, why in wrong]
        raise Problem(422, "call_has_errors", _CALL_HAS_ERRORS, errors=errors)
    ingestion = Ingestion(Platform.PHONE, person.county, database, context)
    (ingested,) = await ingestion.ingest([incoming_of(call, person.county, now)])
    if ingested.complaint_id is None:
        raise Problem(500, "set_aside", _SET_ASIDE)
    return Entered(complaint_id=ingested.complaint_id, result=ingested.result)


@router.post("/{complaint_id}/decision", status_code=204)
async def post_decision(
    complaint_id: str,
    verdict: Verdict,
    database: DatabaseHere,
    context: ContextHere,
    person: Annotated[Person, requires(Permission.COMPLAINT_DECIDE)],
) -> None:
    """204: decided; 404: not here; 409: decided by another person; 422: it contradicts itself."""

    async def action(session: Session, outbox: Outbox) -> None:
        await decide(
            session,
            outbox,
            complaint_id,
            verdict,
            context.gazetteer,
            county=person.county,
            decided_by=person.name,
            now=database.clock.now(),
        )

    await database.in_transaction(action)


@router.post("/{complaint_id}/back", status_code=204)
async def post_back(
    complaint_id: str,
    command: ComeBack,
    database: DatabaseHere,
    person: Annotated[Person, requires(Permission.REPLY_WRITE)],
) -> None:
    """ "Not ours" was wrong: a person decides again. 409: it was not decided so."""

    async def action(session: Session, outbox: Outbox) -> None:
        await come_back(
            session,
            outbox,
            complaint_id,
            command,
            county=person.county,
            by=person.name,
            now=database.clock.now(),
        )

    await database.in_transaction(action)


@router.get("/{complaint_id}/words")
async def get_words(
    complaint_id: str,
    database: DatabaseHere,
    context: ContextHere,
    person: Annotated[Person, requires(Permission.WORDS_SEE)],
) -> ComplaintWords:
    """What the resident wrote. 403: a crew whose token does not list it; 404: not here."""
    refuse_unopened(complaint_id, person)
    async with database.reading() as session:
        return await words_of_complaint(
            session, complaint_id, county=person.county, vault=context.vault
        )


class ResidentShown(BaseModel):
    name: str | None
    phone: str | None
    address_line: str | None


@router.get("/{complaint_id}/resident")
async def get_resident(
    complaint_id: str,
    database: DatabaseHere,
    context: ContextHere,
    person: Annotated[Person, requires(Permission.RESIDENT_SEE)],
) -> ResidentShown:
    """Who complained; that you looked is recorded. 403: a crew whose token does not list the
    complaint; 404: not here."""
    resident = await _disclosed(complaint_id, database, context, person)
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
    context: ContextHere,
    person: Annotated[Person, requires(Permission.RESIDENT_SEE)],
) -> HandleShown:
    """To answer the person on their platform; that you asked is recorded. 404: not here."""
    resident = await _disclosed(complaint_id, database, context, person)
    return HandleShown(handle=resident.handle or "")


@router.post("/{complaint_id}/question")
async def post_question(
    complaint_id: str,
    database: DatabaseHere,
    context: ContextHere,
    person: Annotated[Person, requires(Permission.RESIDENT_SEE)],
) -> HandleShown:
    """The same as the handle, to ask them whether it is solved: what they write next may be the
    answer. 404: not here."""
    refuse_unopened(complaint_id, person)
    async with database.work() as (session, _):
        now = database.clock.now()
        resident = await disclose_resident(
            session, complaint_id, person, vault=context.vault, now=now
        )
        if resident.handle:
            await ask(session, complaint_id, now)
    return HandleShown(handle=resident.handle or "")


async def _disclosed(
    complaint_id: str, database: Database, context: Context, person: Person
) -> Resident:
    refuse_unopened(complaint_id, person)
    async with database.work() as (session, _):
        return await disclose_resident(
            session, complaint_id, person, vault=context.vault, now=database.clock.now()
        )
