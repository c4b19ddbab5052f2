"""What a use case of dispatch works with, in one transaction."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.models import Change, Line, WorkOrderStep
from services.dispatch.policy import Policy
from shared.bulk_insert import bulk_insert
from shared.bus.outbox import Outbox
from shared.db import Database
from shared.sql import table_of

_steps = table_of(WorkOrderStep)


@dataclass(frozen=True, slots=True)
class Context:
    session: AsyncSession
    outbox: Outbox
    now: datetime
    policy: Policy
    timeline: list[Line] = field(default_factory=list)

    def record(self, changes: Iterable[Change], caused_by: str | None = None) -> None:
        """Keep what changes of work orders leave. `caused_by`: the complaint whose event they
        follow from, if any."""
        for change in changes:
            self.timeline.append(change.line)
            if change.event is not None:
                self.outbox.add(change.event, caused_by=caused_by)

    async def flush(self) -> None:
        """Write changed objects and timelines; the entry point commits."""
        await self.session.flush()
        await bulk_insert(self.session, _steps, self.timeline)
        self.timeline.clear()


@asynccontextmanager
async def unit_of_work(database: Database, policy: Policy) -> AsyncIterator[Context]:
    """For periodic tasks: one transaction, committed at the end."""
    async with database.work() as (session, outbox):
        context = Context(session, outbox, database.clock.now(), policy)
        yield context
        await context.flush()
