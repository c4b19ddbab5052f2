"""The HTTP edge for replies: read, write, approve, and what only a person can decide."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import col, select

from shared.auth.permissions import Permission
from shared.auth.requires import requires
from shared.auth.tokens import Person
from shared.db import Database, database_of
from shared.problems import Problem
from shared.routes import Route

from .handlers.refusals import Why
from .handlers.reviewing import (
    LONGEST,
    approve,
    confirm_arrival,
    confirm_told,
    longest_on,
    send_again,
    write_draft,
)
from .http_errors import UNKNOWN_COMPLAINT, ReplyDesk, desk_of
from .models import Complaint, Reply, ReplyState

router = APIRouter(prefix="/replies", tags=["replies"], route_class=Route)

Db = Annotated[Database, Depends(database_of)]
Desk = Annotated[ReplyDesk, Depends(desk_of)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class DraftBody(_Body):
    text: Annotated[str, Field(min_length=1, max_length=LONGEST)]
    solved: bool
    version: Annotated[int, Field(ge=0)]
    """The newest version its writer has read; 0 where there is none."""
    responsible: Annotated[str, Field(max_length=100)] = ""
    """Who is, where the order goes back."""


class VersionBody(_Body):
    version: Annotated[int, Field(ge=1)]


class StuckBody(VersionBody):
    outcome: Literal["arrived", "send_again"]
    receipt: Annotated[str | None, Field(min_length=1, max_length=100)] = None


class ArrivedBody(VersionBody):
    receipt: Annotated[str | None, Field(min_length=1, max_length=100)] = None


class ReplySummary(BaseModel):
    complaint_id: str
    version: int
    platform: str
    state: str
    solved: bool
    returned: bool
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
    written_by: str | None
    settled_by: str | None
    told_at: datetime | None
    told_by: str | None
    longest: int
    """Characters the platform takes."""


class WrittenDraft(BaseModel):
    version: int


@router.get("")
async def list_replies(
    database: Db,
    desk: Desk,
    person: Annotated[Person, requires(Permission.BOARD_SEE)],
    state: Annotated[list[ReplyState] | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[ReplySummary]:
    """What waits longest stands first. Without `state`: all that still wait for somebody."""
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
        return [ReplySummary(**_summary(reply, desk)) for reply in found]


@router.get("/{complaint_id}")
async def get_reply(
    complaint_id: str,
    database: Db,
    desk: Desk,
    person: Annotated[Person, requires(Permission.BOARD_SEE)],
) -> list[ReplyVersion]:
    """All versions with their words, the newest first; empty where there is none yet."""
    async with database.reading() as session:
        complaint = await session.get(Complaint, complaint_id)
        if complaint is None or complaint.county != person.county:
            raise Problem(404, Why.UNKNOWN_COMPLAINT.value, UNKNOWN_COMPLAINT)
        found = await session.exec(
            select(Reply)
            .where(col(Reply.complaint_id) == complaint_id)
            .order_by(col(Reply.version).desc())
        )
        return [
            ReplyVersion(
                **_summary(reply, desk),
                text=reply.text,
                responsible=reply.responsible,
                written_by=reply.written_by,
                settled_by=reply.settled_by,
                told_at=reply.told_at,
                told_by=reply.told_by,
                longest=longest_on(reply.platform),
            )
            for reply in found
        ]


@router.put("/{complaint_id}/draft")
async def put_draft(
    complaint_id: str,
    body: DraftBody,
    database: Db,
    person: Annotated[Person, requires(Permission.REPLY_WRITE)],
) -> WrittenDraft:
    """Write the next version. 409: there is a newer one than was read, or one on its way."""
    async with database.work() as (session, outbox):
        version = await write_draft(
            session,
            outbox,
            complaint_id,
            person.county,
            text=body.text,
            solved=body.solved,
            responsible=body.responsible,
            version=body.version,
            by=person.name,
            now=database.clock.now(),
        )
    return WrittenDraft(version=version)


@router.post("/{complaint_id}/approve", status_code=204)
async def post_approve(
    complaint_id: str,
    body: VersionBody,
    database: Db,
    desk: Desk,
    person: Annotated[Person, requires(Permission.REPLY_APPROVE)],
) -> None:
    """Let a version leave."""
    async with database.work() as (session, outbox):
        await approve(
            session,
            outbox,
            complaint_id,
            person.county,
            body.version,
            by=person.name,
            now=database.clock.now(),
            second_person=desk.second_person,
        )


@router.post("/{complaint_id}/resolve-stuck", status_code=204)
async def post_resolve_stuck(
    complaint_id: str,
    body: StuckBody,
    database: Db,
    desk: Desk,
    person: Annotated[Person, requires(Permission.REPLY_APPROVE)],
) -> None:
    """A person has looked on the platform: it arrived, or it is to be sent again."""
    now = database.clock.now()
    async with database.work() as (session, outbox):
        if body.outcome == "send_again":
            await send_again(
                session,
                complaint_id,
                person.county,
                body.version,
                by=person.name,
                now=now,
                channels=desk.channels,
            )
        else:
            await confirm_arrival(
                session,
                outbox,
                complaint_id,
                person.county,
                body.version,
                receipt=body.receipt,
                by=person.name,
                now=now,
                office=desk.office,
            )


@router.post("/{complaint_id}/told", status_code=204)
async def post_told(
    complaint_id: str,
    body: ArrivedBody,
    database: Db,
    desk: Desk,
    person: Annotated[Person, requires(Permission.REPLY_WRITE)],
) -> None:
    """The call sheet's tick: an approved reply was phoned, or posted where we have no way out."""
    async with database.work() as (session, outbox):
        await confirm_told(
            session,
            outbox,
            complaint_id,
            person.county,
            body.version,
            receipt=body.receipt,
            by=person.name,
            now=database.clock.now(),
            office=desk.office,
            channels=desk.channels,
        )


def _summary(reply: Reply, desk: ReplyDesk) -> dict[str, object]:
    by_hand = reply.state == ReplyState.APPROVED and reply.platform not in desk.channels
    return {
        **{name: getattr(reply, name) for name in ReplySummary.model_fields if name != "by_hand"},
        "by_hand": by_hand,
    }
