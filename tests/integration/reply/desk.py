"""Reply's handlers on a real database, heard to and asked as the consumer and the edge do."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlmodel import col

from services.reply.handlers.drafting import Office
from services.reply.handlers.sweeping import sweep
from services.reply.models import Complaint, Deadline, Reply, ReplyState
from services.reply.rulebook import Rulebook, read_rulebook
from services.reply.rules.deadlines import Stage
from services.reply.subscriptions import handlers
from shared.bus.batching import grouped_by_handler
from shared.clock import ManualClock
from shared.db import Database
from shared.events.event import Event
from tests.integration.reply.events import heard

NewDatabase = Callable[[str], Awaitable[Database]]
OFFICE = Office("蓝田县农村供水服务中心", "029-82700000")


@dataclass(repr=False)
class Desk:
    database: Database
    clock: ManualClock
    rulebook: Rulebook = field(default_factory=read_rulebook)
    told: list[Event] = field(default_factory=list)
    """Every event of every committed unit of work, in order."""

    async def hears(self, *events: Event) -> None:
        """One batch, one transaction."""
        handle = handlers(self.rulebook, OFFICE)
        async with self.database.work() as (session, outbox):
            for handler, group in grouped_by_handler([heard(event) for event in events], handle):
                await handler(session, outbox, group, self.clock.now())
            told = outbox.events
        self.told.extend(told)

    async def sweeps(self, at: datetime | None = None) -> int:
        if at is not None:
            self.clock.move_to(at)
        async with self.database.work() as (session, outbox):
            found = await sweep(session, outbox, self.clock.now())
            told = outbox.events
        self.told.extend(told)
        return found

    async def complaint(self, complaint_id: str = "c1") -> Complaint:
        async with self.database.reading() as session:
            return (
                await session.execute(select(Complaint).where(col(Complaint.id) == complaint_id))
            ).scalar_one()

    async def deadlines(self, complaint_id: str = "c1") -> dict[Stage, Deadline]:
        async with self.database.reading() as session:
            found = await session.execute(
                select(Deadline).where(col(Deadline.complaint_id) == complaint_id)
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

    async def live_reply(self, complaint_id: str = "c1") -> Reply:
        """The one version that is not superseded."""
        (live,) = [
            reply
            for reply in await self.replies(complaint_id)
            if reply.state != ReplyState.SUPERSEDED
        ]
        return live

    def told_of(self, *kinds: type[Event]) -> list[Event]:
        return [event for event in self.told if isinstance(event, kinds)]
