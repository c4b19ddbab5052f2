"""Was it solved? What was asked and said, and what came of a call."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel
from sqlmodel import col, select

from services.reply.commands import NoteCallBack
from services.reply.context import in_transaction
from services.reply.handlers.call_backs import note_call_back
from services.reply.models import CallBack
from shared.auth.permissions import Permission
from shared.auth.requires import requires
from shared.auth.tokens import Person
from shared.db import DatabaseHere
from shared.routes import Route

from .work import Config

router = APIRouter(prefix="/call-backs", tags=["call-backs"], route_class=Route)


class CallBackShown(BaseModel):
    version: int
    asked_by: str
    state: str
    tries: int
    next_try_at: datetime | None
    asked_at: datetime | None
    satisfied: bool | None
    answered_at: datetime | None
    source: str | None
    noted_by: str | None
    note: str
    """What the person wrote who noted the answer."""
    why_closed: str | None


@router.get("/{complaint_id}")
async def get_call_backs(
    complaint_id: str,
    database: DatabaseHere,
    person: Annotated[Person, requires(Permission.WORDS_SEE)],
) -> list[CallBackShown]:
    """Of every answer to this complaint, the newest first."""
    async with database.reading() as session:
        found = await session.exec(
            select(CallBack)
            .where(
                col(CallBack.complaint_id) == complaint_id, col(CallBack.county) == person.county
            )
            .order_by(col(CallBack.version).desc())
        )
        return [CallBackShown.model_validate(each, from_attributes=True) for each in found]


@router.post("/{complaint_id}/outcome", status_code=204)
async def post_outcome(
    complaint_id: str,
    command: NoteCallBack,
    database: DatabaseHere,
    config: Config,
    person: Annotated[Person, requires(Permission.REPLY_WRITE)],
) -> None:
    """What came of a call: satisfied, not solved (with words), not reached, or not told."""
    await in_transaction(
        database, config, lambda context: note_call_back(context, complaint_id, command, person)
    )
