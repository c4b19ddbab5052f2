"""Dispatch's handlers on a real database, heard to and asked as the consumer and the edge do."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import select
from sqlmodel import col

from services.dispatch.county_file import County
from services.dispatch.handlers.assigning import assign_waiting
from services.dispatch.handlers.directing import assign
from services.dispatch.handlers.loading import load_county
from services.dispatch.handlers.locks import Row
from services.dispatch.handlers.working import accept, arrive, repaired
from services.dispatch.models import Complaint, WorkOrder, WorkOrderStep
from services.dispatch.policy import Policy
from services.dispatch.rules.faults import Component
from services.dispatch.subscriptions import handlers
from shared.auth.tokens import Person
from shared.bus.batching import grouped_by_handler
from shared.clock import ManualClock
from shared.db import Database
from shared.events.event import Envelope, Event
from tests.integration.dispatch.county import COUNTY, DISPATCHER, small_county
from tests.integration.dispatch.events import numbers

E = TypeVar("E", bound=Event)


@dataclass(repr=False)
class Desk:
    database: Database
    clock: ManualClock
    policy: Policy = field(default_factory=Policy)
    told: list[Event] = field(default_factory=list)
    """Every event of every committed unit of work, in order."""

    async def loads(self, county: County | None = None) -> None:
        async with self.database.work() as (session, _):
            await load_county(session, county or small_county())

    async def hears(self, *events: Event, told_at: datetime | None = None) -> None:
        """One batch, one transaction. `told_at`: when their sender told them."""
        time = told_at or self.clock.now()
        heard = [
            Envelope(id=f"event-{number}", time=time, sequence=number, data=event)
            for event, number in zip(events, numbers, strict=False)
        ]
        handle = handlers(self.policy)
        async with self.database.work() as (session, outbox):
            for handler, group in grouped_by_handler(heard, handle):
                await handler(session, outbox, group, self.clock.now())
            told = outbox.events
        self.told.extend(told)

    async def does(
        self,
        deed: Callable[..., Awaitable[Row]],
        order_id: str,
        person: Person = DISPATCHER,
        **said: Any,
    ) -> Row:
        async with self.database.work() as (session, outbox):
            order = await deed(session, outbox, order_id, person, self.clock.now(), **said)
            told = outbox.events
        self.told.extend(told)
        return order

    async def repairs(
        self, order_id: str, person: Person = DISPATCHER, component: Component = Component.PUMP
    ) -> Row:
        """The whole way, from assigned to repaired."""
        await self.does(accept, order_id, person)
        await self.does(arrive, order_id, person)
        return await self.does(
            repaired,
            order_id,
            person,
            component=component,
            found="电机烧毁",
            done="更换电机",
            policy=self.policy,
        )

    async def gives(self, order_id: str, crew_id: str) -> Row:
        return await self.does(assign, order_id, crew_id=crew_id, note="离得近")

    async def gives_out(self) -> int:
        async with self.database.work() as (session, outbox):
            given = await assign_waiting(session, outbox, [COUNTY], self.clock.now())
            told = outbox.events
        self.told.extend(told)
        return given

    async def complaint(self, complaint_id: str) -> Complaint:
        async with self.database.reading() as session:
            found = await session.get(Complaint, complaint_id)
            assert found is not None
            return found

    async def orders(self) -> Sequence[WorkOrder]:
        async with self.database.reading() as session:
            found = await session.execute(
                select(WorkOrder).order_by(col(WorkOrder.opened_at), col(WorkOrder.id))
            )
            return found.scalars().all()

    async def order(self) -> WorkOrder:
        """The only one."""
        (order,) = await self.orders()
        return order

    async def order_of(self, complaint_id: str) -> WorkOrder:
        complaint = await self.complaint(complaint_id)
        async with self.database.reading() as session:
            found = await session.get(WorkOrder, complaint.work_order_id)
            assert found is not None
            return found

    async def timeline(self, order_id: str) -> list[str]:
        async with self.database.reading() as session:
            found = await session.execute(
                select(col(WorkOrderStep.what))
                .where(col(WorkOrderStep.work_order_id) == order_id)
                .order_by(col(WorkOrderStep.id))
            )
            return list(found.scalars())

    def told_of(self, kind: type[E]) -> list[E]:
        return [event for event in self.told if isinstance(event, kind)]
