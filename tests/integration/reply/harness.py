"""Reply's use cases on a real database, called as the consumer and the tasks call them."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import select
from sqlmodel import col

from services.reply.channel_registry import known_profiles
from services.reply.context import Context, Office, ReplyConfig
from services.reply.handlers.deadline_sweep import sweep
from services.reply.handlers.interim_replies import prepare_interim_replies
from services.reply.models import CallBack, Complaint, Deadline, Reply, ReplyState
from services.reply.rulebook import read_rulebook
from services.reply.rulebooks import Rulebooks
from services.reply.rules.deadlines import Stage
from services.reply.subscriptions import handle_batch
from shared.clock import ManualClock
from shared.database_time import DatabaseTime
from shared.db import Database
from shared.events.event import Envelope, Event
from tests.integration.reply.events import envelope

T = TypeVar("T")
NewDatabase = Callable[[str], Awaitable[Database]]
OFFICE = Office("蓝田县农村供水服务中心", "029-82700000")
RULEBOOK = read_rulebook()


@dataclass(repr=False)
class Harness:
    database: Database
    clock: ManualClock
    config: ReplyConfig
    events: list[Event] = field(default_factory=list)
    """Every event of every committed unit of work, in order."""

    async def receives(self, *events: Event) -> None:
        """One batch, one transaction, in the order of the sequences."""
        await self.receives_enveloped(*map(envelope, events))

    async def receives_enveloped(self, *envelopes: Envelope[Any]) -> None:
        async with self.database.work() as (session, outbox):
            now = self.clock.now()
            await handle_batch(Context(self.config, session, outbox, now), envelopes)
            told = outbox.events
        self.events.extend(told)

    async def sweep(self, at: datetime | None = None) -> int:
        if at is not None:
            self.clock.move_to(at)
        async with self.database.work() as (session, outbox):
            found = await sweep(Context(self.config, session, outbox, self.clock.now()))
            told = outbox.events
        self.events.extend(told)
        return found

    async def prepare_interim_replies(self) -> int:
        return await self.does(prepare_interim_replies)

    async def complaint(self, complaint_id: str = "c1") -> Complaint:
        async with self.database.reading() as session:
            return (
                await session.execute(select(Complaint).where(col(Complaint.id) == complaint_id))
            ).scalar_one()

    async def does(self, use_case: Callable[[Context], Awaitable[T]]) -> T:
        """One unit of work, as a command's."""
        async with self.database.work() as (session, outbox):
            done = await use_case(Context(self.config, session, outbox, self.clock.now()))
            told = outbox.events
        self.events.extend(told)
        return done

    async def deadlines(self, complaint_id: str = "c1", number: int = 1) -> dict[Stage, Deadline]:
        """Those of one round."""
        async with self.database.reading() as session:
            found = await session.execute(
                select(Deadline).where(
                    col(Deadline.complaint_id) == complaint_id, col(Deadline.round) == number
                )
            )
            return {Stage(row.stage): row for row in found.scalars()}

    async def replies(self, complaint_id: str = "c1") -> Sequence[Reply]:
        """All versions, the newest first."""
        async with self.database.reading() as session:
            found = await session.execute(
                select(Reply)
                .where(col(Reply.complaint_id) == complaint_id)
                .order_by(col(Reply.version).desc())
            )
            return found.scalars().all()

    async def call_backs(self, complaint_id: str = "c1") -> Sequence[CallBack]:
        """Of every answer, the newest first."""
        async with self.database.reading() as session:
            found = await session.execute(
                select(CallBack)
                .where(col(CallBack.complaint_id) == complaint_id)
                .order_by(col(CallBack.version).desc())
            )
            return found.scalars().all()

    async def live_reply(self, complaint_id: str = "c1") -> Reply:
        """The one version that is not superseded."""
        (live,) = [
            reply
            for reply in await self.replies(complaint_id)
            if reply.state != ReplyState.SUPERSEDED
        ]
        return live

    def events_of(self, *kinds: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kinds)]


def config_with(clock: ManualClock) -> ReplyConfig:
    return ReplyConfig(OFFICE, Rulebooks(RULEBOOK), DatabaseTime(clock), known_profiles())
