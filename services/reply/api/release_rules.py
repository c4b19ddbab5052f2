"""Rules by which replies go out by themselves, and what went out by them today."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict
from sqlmodel import col, select

from services.reply.commands import SwitchRule, WriteRule
from services.reply.context import in_transaction
from services.reply.handlers.release import switch_rule, write_rule
from services.reply.models import ReleaseRule, Reply, ReplyState
from services.reply.rules.calendar import SHANGHAI
from services.reply.rules.release import BY_RULE
from shared.auth.permissions import Permission
from shared.auth.requires import requires
from shared.auth.tokens import Person
from shared.db import DatabaseHere
from shared.problems import Problem, Text
from shared.routes import Route

from .work import Config

router = APIRouter(prefix="/release-rules", tags=["release rules"], route_class=Route)

Reader = Annotated[Person, requires(Permission.BOARD_SEE)]
Editor = Annotated[Person, requires(Permission.RELEASE_RULE_EDIT)]
Name = Annotated[str, Path(min_length=1, max_length=40, pattern=r"^\S(.*\S)?$")]
_MOST_LISTED = 500
_APPROVED = (
    ReplyState.APPROVED,
    ReplyState.SENDING,
    ReplyState.AWAITING_RECEIPT,
    ReplyState.STUCK,
    ReplyState.DELIVERED,
)


class RuleView(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    name: str
    version: int
    platform: str
    answering: str
    category: str
    most_complaints: int
    written_by: str
    written_at: datetime
    enabled: bool
    switched_by: str | None
    switched_at: datetime | None


class Released(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    complaint_id: str
    version: int
    platform: str
    kind: str
    state: str
    approved_by: str
    approved_at: datetime


class Rules(BaseModel):
    rules: list[RuleView]
    today: list[Released]
    """What went out by a rule today, the newest first; at most 500."""


@router.get("")
async def list_rules(database: DatabaseHere, config: Config, person: Reader) -> Rules:
    async with database.reading() as session:
        now = (await config.time.now(session)).astimezone(SHANGHAI)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        found = await session.exec(
            select(ReleaseRule)
            .where(col(ReleaseRule.county) == person.county)
            .order_by(col(ReleaseRule.name))
        )
        rules = [RuleView.model_validate(each) for each in found]
        today = await session.exec(
            select(Reply)
            .where(
                col(Reply.county) == person.county,
                col(Reply.state).in_([state.value for state in _APPROVED]),
                col(Reply.approved_by).startswith(BY_RULE),
                col(Reply.drafted_at) >= midnight,  # a rule approves in that moment or never
            )
            .order_by(col(Reply.approved_at).desc())
            .limit(_MOST_LISTED)
        )
        released = [Released.model_validate(each) for each in today]
    return Rules(rules=rules, today=released)


@router.put("/{name}", status_code=204)
async def put_rule(
    name: Name, command: WriteRule, database: DatabaseHere, config: Config, person: Editor
) -> None:
    """Write it; it is off until it is switched on."""
    if command.platform not in config.profiles:
        text = Text("没有这个平台。", "There is no such platform.")
        raise Problem(422, "unknown_platform", text)
    await in_transaction(
        database, config, lambda context: write_rule(context, name, command, person)
    )
    async with database.reading() as session:
        await config.release_rules.refresh(session)


@router.post("/{name}/switch", status_code=204)
async def post_switch(
    name: Name, command: SwitchRule, database: DatabaseHere, config: Config, person: Editor
) -> None:
    """On, from now on; or off, at once."""
    await in_transaction(
        database, config, lambda context: switch_rule(context, name, command, person)
    )
    async with database.reading() as session:
        await config.release_rules.refresh(session)
