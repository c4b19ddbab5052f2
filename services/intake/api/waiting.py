"""HTTP for what needs a person: unsure complaints, unreadable messages, villages to choose from."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlalchemy import ColumnExpressionArgument, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.intake.api.dependencies import ContextHere
from services.intake.handlers.decide import mark_handled
from services.intake.handlers.disclose import disclose_unreadable
from services.intake.models import Complaint, DeliveryResult, RawMessage
from services.intake.rules.gazetteer import folded
from shared.auth.permissions import Permission
from shared.auth.requires import requires
from shared.auth.tokens import Person
from shared.db import DatabaseHere
from shared.events.complaints import Decision
from shared.routes import Route

router = APIRouter(tags=["waiting"], route_class=Route)


class WaitingComplaint(BaseModel):
    complaint_id: str = Field(validation_alias="id")
    platform: str
    external_id: str
    sent_at: datetime
    stated_sent_at: datetime | None
    """What the platform states, where that cannot be."""
    received_at: datetime
    time_limit: str | None
    chases: int
    decision: Decision
    """What the rules found; they are not sure of it."""
    reasons: list[str]


class WaitingMessage(BaseModel):
    """A message nobody could read."""

    raw_id: str = Field(validation_alias="id")
    platform: str
    external_id: str | None
    received_at: datetime
    why: str | None


class Waiting(BaseModel):
    complaints: list[WaitingComplaint]
    complaints_in_all: int
    unreadable: list[WaitingMessage]
    unreadable_in_all: int


@router.get("/waiting")
async def get_waiting(
    database: DatabaseHere,
    person: Annotated[Person, requires(Permission.BOARD_SEE)],
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Waiting:
    """What needs a person in this county, the oldest first."""
    undecided = (col(Complaint.county) == person.county, col(Complaint.needs_human))
    unhandled = (
        col(RawMessage.county) == person.county,
        col(RawMessage.result) == DeliveryResult.UNREADABLE,
        col(RawMessage.handled_at).is_(None),
    )
    async with database.reading() as session:
        complaints = await session.exec(
            select(Complaint).where(*undecided).order_by(col(Complaint.sent_at)).limit(limit)
        )
        messages = await session.exec(
            select(RawMessage).where(*unhandled).order_by(col(RawMessage.received_at)).limit(limit)
        )
        return Waiting(
            complaints=[
                WaitingComplaint.model_validate(row, from_attributes=True) for row in complaints
            ],
            complaints_in_all=await _count(session, Complaint, undecided),
            unreadable=[
                WaitingMessage.model_validate(row, from_attributes=True) for row in messages
            ],
            unreadable_in_all=await _count(session, RawMessage, unhandled),
        )


async def _count(
    session: AsyncSession,
    table: type[Complaint] | type[RawMessage],
    which: Sequence[ColumnExpressionArgument[bool]],
) -> int:
    return await session.scalar(select(func.count()).select_from(table).where(*which)) or 0


class UnreadableShown(BaseModel):
    body: str


@router.get("/unreadable/{raw_id}")
async def get_unreadable(
    raw_id: str,
    database: DatabaseHere,
    context: ContextHere,
    person: Annotated[Person, requires(Permission.COMPLAINT_DECIDE)],
) -> UnreadableShown:
    """The message as it came. It may name a resident, so the look is recorded."""
    async with database.work() as (session, _):
        body = await disclose_unreadable(
            session, raw_id, person, vault=context.vault, now=database.clock.now()
        )
    return UnreadableShown(body=body)


@router.post("/unreadable/{raw_id}/handled", status_code=204)
async def post_handled(
    raw_id: str,
    database: DatabaseHere,
    person: Annotated[Person, requires(Permission.COMPLAINT_DECIDE)],
) -> None:
    """A person has dealt with it: entered it by hand, or it is no complaint at all."""
    async with database.work() as (session, _):
        await mark_handled(
            session,
            raw_id,
            county=person.county,
            handled_by=person.name,
            now=database.clock.now(),
        )


class VillageShown(BaseModel):
    code: str
    village: str
    town: str


@router.get("/villages")
async def get_villages(
    context: ContextHere,
    _person: Annotated[Person, requires(Permission.WORDS_SEE)],
    q: Annotated[str, Query(max_length=50)] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 20,
) -> list[VillageShown]:
    """Villages whose town and name hold `q`, those that begin with it first."""
    wanted = folded(q)
    found = [
        (not village.spoken_name.startswith(wanted), village.code, village)
        for village in context.gazetteer.villages.values()
        if wanted in folded(village.town + village.spoken_name)
        or wanted in folded(village.town + village.name)
    ]
    return [
        VillageShown(code=village.code, village=village.spoken_name, town=village.town)
        for _, _, village in sorted(found, key=lambda item: item[:2])[:limit]
    ]
