"""Replies over HTTP: read, write, approve, and what only a person can decide."""

from datetime import datetime
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from sqlmodel import col, select

from services.reply.commands import (
    ApproveReplies,
    ApproveReply,
    DraftVersion,
    NoteNotReached,
    NoteTold,
    ReadDrafts,
    ResolveStuck,
    WriteDraft,
)
from services.reply.context import ReplyConfig, in_transaction
from services.reply.handlers.review import (
    approve,
    note_not_reached,
    note_told,
    propose,
    resolve_stuck,
    write_draft,
)
from services.reply.models import Complaint, Reply, ReplyState
from services.reply.rules.drafting import ROOM_FOR_RESPONSIBLE, Answering
from services.reply.rules.objections import CHANGED_SINCE, CommandRejected, Objection
from services.reply.rules.reply_checks import Finding, findings_in
from services.reply.rules.wording import wording_of
from shared.auth.permissions import Permission
from shared.auth.requires import requires
from shared.auth.tokens import Person
from shared.db import Database, DatabaseHere
from shared.events.replies import ReplyKind
from shared.problems import language_of
from shared.routes import Route

from .http_errors import problem_of
from .work import Config

router = APIRouter(prefix="/replies", tags=["replies"], route_class=Route)

Reader = Annotated[Person, requires(Permission.BOARD_SEE)]
Writer = Annotated[Person, requires(Permission.REPLY_WRITE)]
Approver = Annotated[Person, requires(Permission.REPLY_APPROVE)]


class FoundInWords(BaseModel):
    """What a check of the words found (rules/reply_checks.py)."""

    check: str
    words: str
    serious: bool
    """Not approved together with others unless a person confirms it."""

    @classmethod
    def of(cls, finding: Finding) -> Self:
        return cls(check=finding.check.value, words=finding.words, serious=finding.serious)


class ReplySummary(BaseModel):
    complaint_id: str
    version: int
    platform: str
    state: str
    solved: bool
    kind: ReplyKind
    is_true: bool
    """诉求属实: what the resident said is so."""
    by_hand: bool
    """Approved, and we cannot send it: a person phones or posts it, then confirms."""
    drafted_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    attempts: int
    next_attempt_at: datetime | None
    receipt: str | None
    delivered_at: datetime | None
    why_stuck: str | None


class ReplyVersion(ReplySummary):
    text: str
    responsible: str
    room_for_responsible: str = ROOM_FOR_RESPONSIBLE
    """The words in a draft that stand for who is responsible until a person says so."""
    written_by: str | None
    resolved_by: str | None
    told_at: datetime | None
    told_by: str | None
    longest: int
    """Characters the platform takes."""
    findings: list[FoundInWords]


class WrittenDraft(BaseModel):
    version: int


class Proposal(BaseModel):
    text: str


class Draft(BaseModel):
    complaint_id: str
    version: int
    platform: str
    kind: ReplyKind
    text: str
    wording: str
    """The same for drafts that differ in nothing but platform, place and date."""
    findings: list[FoundInWords]


class ApprovalOutcome(BaseModel):
    complaint_id: str
    outcome: Literal["approved", "changed", "not_allowed"]
    """`changed`: the version is not the newest any more, or no draft; it is not approved."""
    why: str | None = None
    """What stands against it, in the reader's language."""


@router.get("")
async def list_replies(
    database: DatabaseHere,
    person: Reader,
    state: Annotated[list[ReplyState] | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[ReplySummary]:
    """Those that wait longest first. Without `state`: all that still wait for somebody."""
    wanted = state or [ReplyState.DRAFT, ReplyState.APPROVED, ReplyState.STUCK]
    async with database.reading() as session:
        found = await session.exec(
            select(Reply)
            .where(
                col(Reply.county) == person.county,
                col(Reply.state).in_([each.value for each in wanted]),
            )
            .order_by(col(Reply.drafted_at), col(Reply.complaint_id))
            .limit(limit)
        )
        return [ReplySummary(**_summary(reply)) for reply in found]


@router.post("/drafts")
async def read_drafts(
    command: ReadDrafts, database: DatabaseHere, config: Config, person: Reader
) -> list[Draft]:
    """The drafts, or the approved replies, of these complaints with their words."""
    async with database.reading() as session:
        found = await session.exec(
            select(Reply, Complaint)
            .join(Complaint, col(Complaint.id) == col(Reply.complaint_id))
            .where(
                col(Reply.complaint_id).in_(command.complaint_ids),
                col(Reply.county) == person.county,
                col(Reply.state) == command.state,
            )
            .order_by(col(Reply.complaint_id))
        )
        return [
            Draft(
                complaint_id=reply.complaint_id,
                version=reply.version,
                platform=reply.platform,
                kind=reply.told_kind,
                text=reply.text,
                wording=wording_of(reply.text, reply.said, complaint.village),
                findings=_findings(reply, config),
            )
            for reply, complaint in found
        ]


@router.post("/approve")
async def post_approve_many(
    request: Request,
    command: ApproveReplies,
    database: DatabaseHere,
    config: Config,
    person: Approver,
) -> list[ApprovalOutcome]:
    """Let many versions be sent: a transaction for each, and what became of each."""
    language = language_of(request)
    return [await _approve_one(database, config, one, person, language) for one in command.replies]


async def _approve_one(
    database: Database, config: ReplyConfig, draft: DraftVersion, person: Person, language: str
) -> ApprovalOutcome:
    command = ApproveReply(version=draft.version, confirmed=draft.confirmed)
    try:
        await in_transaction(
            database, config, lambda context: approve(context, draft.complaint_id, command, person)
        )
    except CommandRejected as rejected:
        changed = rejected.objection in CHANGED_SINCE
        return ApprovalOutcome(
            complaint_id=draft.complaint_id,
            outcome="changed" if changed else "not_allowed",
            why=problem_of(rejected.objection).text.in_language(language),
        )
    return ApprovalOutcome(complaint_id=draft.complaint_id, outcome="approved")


@router.get("/{complaint_id}")
async def get_reply(
    complaint_id: str, database: DatabaseHere, config: Config, person: Reader
) -> list[ReplyVersion]:
    """All versions with their words, the newest first; empty where there is none yet."""
    async with database.reading() as session:
        complaint = await session.get(Complaint, complaint_id)
        if complaint is None or complaint.county != person.county:
            raise problem_of(Objection.UNKNOWN_COMPLAINT)
        found = await session.exec(
            select(Reply)
            .where(col(Reply.complaint_id) == complaint_id)
            .order_by(col(Reply.version).desc())
        )
        return [
            ReplyVersion(
                **_summary(reply),
                text=reply.text,
                responsible=reply.responsible,
                written_by=reply.written_by,
                resolved_by=reply.resolved_by,
                told_at=reply.told_at,
                told_by=reply.told_by,
                longest=config.profile(reply.platform).longest_reply,
                findings=_findings(reply, config),
            )
            for reply in found
        ]


@router.get("/{complaint_id}/proposals/{answering}")
async def get_proposal(
    complaint_id: str, answering: Answering, database: DatabaseHere, config: Config, person: Writer
) -> Proposal:
    """What the template of this kind says with what is known of the complaint now; nothing is
    written."""
    text = await in_transaction(
        database, config, lambda context: propose(context, complaint_id, answering, person)
    )
    return Proposal(text=text)


@router.put("/{complaint_id}/draft")
async def put_draft(
    complaint_id: str, command: WriteDraft, database: DatabaseHere, config: Config, person: Writer
) -> WrittenDraft:
    """Write the next version. 409: there is a newer one than was read, or one is being sent."""
    version = await in_transaction(
        database, config, lambda context: write_draft(context, complaint_id, command, person)
    )
    return WrittenDraft(version=version)


@router.post("/{complaint_id}/approve", status_code=204)
async def post_approve(
    complaint_id: str,
    command: ApproveReply,
    database: DatabaseHere,
    config: Config,
    person: Approver,
) -> None:
    """Let a version be sent."""
    await in_transaction(
        database, config, lambda context: approve(context, complaint_id, command, person)
    )


@router.post("/{complaint_id}/resolve-stuck", status_code=204)
async def post_resolve_stuck(
    complaint_id: str,
    command: ResolveStuck,
    database: DatabaseHere,
    config: Config,
    person: Approver,
) -> None:
    """A person has looked on the platform: it arrived, or it is to be sent again."""
    await in_transaction(
        database, config, lambda context: resolve_stuck(context, complaint_id, command, person)
    )


@router.post("/{complaint_id}/told", status_code=204)
async def post_told(
    complaint_id: str, command: NoteTold, database: DatabaseHere, config: Config, person: Writer
) -> None:
    """The call sheet's tick: an approved reply was phoned, or posted where we have no channel."""
    await in_transaction(
        database, config, lambda context: note_told(context, complaint_id, command, person)
    )


@router.post("/{complaint_id}/not-reached", status_code=204)
async def post_not_reached(
    complaint_id: str,
    command: NoteNotReached,
    database: DatabaseHere,
    config: Config,
    person: Writer,
) -> None:
    """The call sheet: nobody answered, it is tried later."""
    await in_transaction(
        database, config, lambda context: note_not_reached(context, complaint_id, command, person)
    )


def _summary(reply: Reply) -> dict[str, object]:
    waits_for_a_person = reply.by_hand and reply.state == ReplyState.APPROVED
    columns = {name: getattr(reply, name) for name in ReplySummary.model_fields}
    return columns | {"by_hand": waits_for_a_person}


def _findings(reply: Reply, config: ReplyConfig) -> list[FoundInWords]:
    return [
        FoundInWords.of(each) for each in findings_in(config.checked(reply.platform, reply.text))
    ]
