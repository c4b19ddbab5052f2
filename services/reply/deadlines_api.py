"""The HTTP edge for deadlines: see them, keep the first contact, ask for more time."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlmodel import col, select

from shared.auth.permissions import Permission
from shared.auth.requires import requires
from shared.auth.tokens import Person
from shared.db import Database, database_of
from shared.problems import Problem
from shared.routes import Route

from .handlers.contacting import record_contact
from .handlers.extending import answer_extension, ask_for_extension
from .handlers.refusals import Why
from .http_errors import UNKNOWN_COMPLAINT, ReplyDesk, desk_of
from .models import Complaint, Deadline
from .rules.deadlines import Stage

router = APIRouter(tags=["deadlines"], route_class=Route)

Db = Annotated[Database, Depends(database_of)]
Desk = Annotated[ReplyDesk, Depends(desk_of)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ContactBody(_Body):
    contacted_at: AwareDatetime | None = None
    """None: just now."""


class ExtensionBody(_Body):
    new_due_at: AwareDatetime
    reason: Annotated[str, Field(min_length=1, max_length=500)]


class ExtensionAnswerBody(_Body):
    granted: bool


class DeadlineView(BaseModel):
    complaint_id: str
    stage: Stage
    due_at: datetime
    warn_at: datetime
    provisional: bool
    source: str
    standing: str
    warned_at: datetime | None
    met_at: datetime | None
    missed_recorded_at: datetime | None
    extensions_granted: int
    extensions_allowed: int
    extension_asked_until: datetime | None


@router.get("/deadlines")
async def get_deadlines(
    complaint_id: str,
    database: Db,
    person: Annotated[Person, requires(Permission.BOARD_SEE)],
) -> list[DeadlineView]:
    """One complaint's deadlines in the order of the stages."""
    async with database.reading() as session:
        complaint = await session.get(Complaint, complaint_id)
        if complaint is None or complaint.county != person.county:
            raise Problem(404, Why.UNKNOWN_COMPLAINT.value, UNKNOWN_COMPLAINT)
        found = await session.exec(
            select(Deadline).where(col(Deadline.complaint_id) == complaint_id)
        )
        views = [
            DeadlineView(**{name: getattr(row, name) for name in DeadlineView.model_fields})
            for row in found
        ]
    return sorted(views, key=lambda view: list(Stage).index(view.stage))


@router.post("/complaints/{complaint_id}/contacted", status_code=204)
async def post_contacted(
    complaint_id: str,
    body: ContactBody,
    database: Db,
    desk: Desk,
    person: Annotated[Person, requires(Permission.WORK_ORDER_WORK)],
) -> None:
    """Somebody spoke to the resident: keeps the deadline of a first contact."""
    now = database.clock.now()
    async with database.work() as (session, outbox):
        await record_contact(
            session,
            outbox,
            complaint_id,
            person.county,
            at=body.contacted_at or now,
            now=now,
            office=desk.office,
        )


@router.post("/deadlines/{complaint_id}/{stage}/extension", status_code=202)
async def post_extension(
    complaint_id: str,
    stage: Stage,
    body: ExtensionBody,
    database: Db,
    person: Annotated[Person, requires(Permission.REPLY_WRITE)],
) -> None:
    """The platform is asked for more time. 409: the policy stands against it."""
    async with database.work() as (session, _):
        await ask_for_extension(
            session,
            complaint_id,
            person.county,
            stage,
            new_due_at=body.new_due_at,
            reason=body.reason,
            now=database.clock.now(),
        )


@router.post("/deadlines/{complaint_id}/{stage}/extension/answer", status_code=204)
async def post_extension_answer(
    complaint_id: str,
    stage: Stage,
    body: ExtensionAnswerBody,
    database: Db,
    desk: Desk,
    person: Annotated[Person, requires(Permission.REPLY_WRITE)],
) -> None:
    """What the platform answered: granted, or not."""
    async with database.work() as (session, outbox):
        await answer_extension(
            session,
            outbox,
            complaint_id,
            person.county,
            stage,
            granted=body.granted,
            now=database.clock.now(),
            rulebook=desk.rulebook,
        )
