"""Deadlines over HTTP: see them, note the first contact, ask for more time."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel
from sqlmodel import col, select

from services.reply.commands import (
    AnswerExtension,
    AskExtension,
    PauseDeadlines,
    RecordContact,
    ResumeDeadlines,
)
from services.reply.context import in_transaction
from services.reply.handlers.deadline_arithmetic import Explained, explain_deadlines
from services.reply.handlers.deadline_extensions import (
    answer_extension,
    ask_for_extension,
    note_told,
)
from services.reply.handlers.pauses import pause_deadlines, resume_deadlines
from services.reply.handlers.resident_contact import record_contact
from services.reply.models import Complaint, ExtensionRequest
from services.reply.rules.arithmetic import Words
from services.reply.rules.deadlines import Stage
from services.reply.rules.extensions import ExtensionState, ResidentNews
from services.reply.rules.objections import Objection
from shared.auth.permissions import Permission
from shared.auth.requires import requires
from shared.auth.tokens import Person
from shared.db import DatabaseHere
from shared.openapi import problems
from shared.routes import Route

from .http_errors import problem_of
from .work import Config

router = APIRouter(tags=["deadlines"], route_class=Route)

Reader = Annotated[Person, requires(Permission.BOARD_SEE)]
Writer = Annotated[Person, requires(Permission.REPLY_WRITE)]


class WordsView(BaseModel):
    zh: str
    en: str


class MoveView(BaseModel):
    """What moved a deadline: a pause, an extension, a chase or a supervision."""

    kind: str
    at: datetime
    by: str | None
    why: str
    words: WordsView


class DeadlineView(BaseModel):
    complaint_id: str
    stage: Stage
    round: int
    due_at: datetime
    warn_at: datetime
    provisional: bool
    source: str
    unverified: bool
    standing: str
    warned_at: datetime | None
    met_at: datetime | None
    missed_recorded_at: datetime | None
    extensions_granted: int
    extensions_allowed: int
    extension_asked_until: datetime | None
    paused_since: datetime | None
    paused_for: str | None


class ExplainedView(DeadlineView):
    round_why: str | None
    """rework or not_satisfied; None: it is the first round."""
    words: WordsView
    """Its arithmetic: what is used of its limit, and when it is due."""
    holidays: list[WordsView]
    moves: list[MoveView]
    can_be_paused: bool


def _words(words: Words) -> WordsView:
    return WordsView(zh=words.zh, en=words.en)


def _view(explained: Explained) -> ExplainedView:
    row = explained.deadline
    return ExplainedView(
        **{name: getattr(row, name) for name in DeadlineView.model_fields},
        round_why=explained.round_why,
        words=_words(explained.words),
        holidays=[_words(each) for each in explained.holidays],
        moves=[
            MoveView(kind=move.kind, at=move.at, by=move.by, why=move.why, words=_words(move.words))
            for move in explained.moves
        ],
        can_be_paused=explained.can_be_paused,
    )


@router.get("/deadlines", responses=problems(404))
async def get_deadlines(
    complaint_id: str,
    database: DatabaseHere,
    config: Config,
    person: Reader,
) -> list[ExplainedView]:
    """One complaint's deadlines in the order of rounds and stages, with their arithmetic."""
    async with database.reading() as session:
        complaint = await session.get(Complaint, complaint_id)
        if complaint is None or complaint.county != person.county:
            raise problem_of(Objection.UNKNOWN_COMPLAINT)
        rulebook = config.rulebooks.current.of(complaint.county)
        now = await config.time.now(session)
        return [_view(one) for one in await explain_deadlines(session, rulebook, complaint, now)]


@router.post("/complaints/{complaint_id}/contacted", status_code=204)
async def post_contacted(
    complaint_id: str,
    command: RecordContact,
    database: DatabaseHere,
    config: Config,
    person: Annotated[Person, requires(Permission.WORK_ORDER_WORK)],
) -> None:
    """Somebody spoke to the resident: meets the deadline of a first contact."""
    await in_transaction(
        database, config, lambda context: record_contact(context, complaint_id, command, person)
    )


class ExtensionView(BaseModel):
    """A request for more time, without what the office wrote to the platform."""

    id: str
    complaint_id: str
    stage: Stage
    round: int
    until: datetime
    asked_by: str
    asked_at: datetime
    state: ExtensionState
    why: str | None
    next_at: datetime | None
    granted_until: datetime | None
    answered_at: datetime | None
    resident: ResidentNews
    told_at: datetime | None
    told_by: str | None


@router.get("/extensions")
async def get_extensions(
    complaint_id: str, database: DatabaseHere, person: Reader
) -> list[ExtensionView]:
    """One complaint's requests for more time, the newest first."""
    async with database.reading() as session:
        found = await session.exec(
            select(ExtensionRequest)
            .where(
                col(ExtensionRequest.complaint_id) == complaint_id,
                col(ExtensionRequest.county) == person.county,
            )
            .order_by(col(ExtensionRequest.asked_at).desc())
        )
        return [
            ExtensionView(**{name: getattr(row, name) for name in ExtensionView.model_fields})
            for row in found
        ]


@router.post("/extensions/{request_id}/told", status_code=204, responses=problems(404, 409))
async def post_extension_told(
    request_id: str, database: DatabaseHere, config: Config, person: Writer
) -> None:
    """The call sheet: the resident was told of the new limit."""
    await in_transaction(database, config, lambda context: note_told(context, request_id, person))


class PausedView(BaseModel):
    complaint_ids: list[str]
    """Those whose clocks were stopped, or go on; of the others none could be."""


@router.post("/pauses", responses=problems(404, 409))
async def post_pauses(
    command: PauseDeadlines, database: DatabaseHere, config: Config, person: Writer
) -> PausedView:
    """Stop clocks, with a reason. 409: none of them can be stopped."""
    done = await in_transaction(
        database, config, lambda context: pause_deadlines(context, command, person)
    )
    return PausedView(complaint_ids=done)


@router.post("/pauses/end", responses=problems(404, 409))
async def post_pauses_end(
    command: ResumeDeadlines, database: DatabaseHere, config: Config, person: Writer
) -> PausedView:
    """Let them go on. 409: none is paused."""
    done = await in_transaction(
        database, config, lambda context: resume_deadlines(context, command, person)
    )
    return PausedView(complaint_ids=done)


@router.post("/deadlines/{complaint_id}/{stage}/extension", status_code=202)
async def post_extension(
    complaint_id: str,
    stage: Stage,
    command: AskExtension,
    database: DatabaseHere,
    config: Config,
    person: Writer,
) -> None:
    """The platform is asked for more time. 409: the policy stands against it."""
    await in_transaction(
        database,
        config,
        lambda context: ask_for_extension(context, complaint_id, stage, command, person),
    )


@router.post("/deadlines/{complaint_id}/{stage}/extension/answer", status_code=204)
async def post_extension_answer(
    complaint_id: str,
    stage: Stage,
    command: AnswerExtension,
    database: DatabaseHere,
    config: Config,
    person: Writer,
) -> None:
    """What the platform answered: granted, or not."""
    await in_transaction(
        database,
        config,
        lambda context: answer_extension(context, complaint_id, stage, command, person),
    )
