"""Dispatch on a real database: given events as the consumer does, and commands as its API does."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from sqlalchemy import select
from sqlmodel import col

from services.dispatch.api.steps import StepTaker
from services.dispatch.commands import Accept, Arrive, Assign, Command, Repair
from services.dispatch.county_file import County
from services.dispatch.handlers.assignment import assign_waiting
from services.dispatch.handlers.context import unit_of_work
from services.dispatch.handlers.county_import import import_county
from services.dispatch.handlers.fault_matching import WorkOrderMoved
from services.dispatch.models import Complaint, WorkOrder, WorkOrderStep
from services.dispatch.policy import Policy
from services.dispatch.subscriptions import handlers
from shared.auth.tokens import Person
from shared.bus.batching import grouped_by_handler
from shared.bus.outbox import Outbox
from shared.bus.protocol import Message
from shared.bus.tables import outbox as outbox_table
from shared.clock import ManualClock
from shared.db import Database, Session
from shared.events.catalogue import ALL
from shared.events.event import Envelope, Event, from_message, sequence_header
from shared.vocabulary import Component
from tests.integration.dispatch.county import COUNTY, DISPATCHER, small_county
from tests.integration.dispatch.events import numbers

E = TypeVar("E", bound=Event)


@dataclass(repr=False)
class Dispatch:
    database: Database
    clock: ManualClock
    policy: Policy = field(default_factory=Policy)
    told: list[Event] = field(default_factory=list)
    """Every event of every committed unit of work, in order of sequence."""

    async def loads(self, county: County | None = None) -> None:
        async with self.database.work() as (session, _):
            await import_county(session, county or small_county())

    async def receives(
        self,
        *events: Event,
        sequences: Sequence[int] | None = None,
        time: datetime | None = None,
    ) -> None:
        """One batch, one transaction; then crews for what waits. `time`: by its sender's clock."""
        sent_at = time or self.clock.now()
        received = [
            Envelope(id=f"event-{number}", time=sent_at, sequence=number, data=event)
            for event, number in zip(events, sequences or numbers, strict=False)
        ]

        async def handle(session: Session, outbox: Outbox) -> None:
            for handler, group in grouped_by_handler(received, handlers(self.policy)):
                await handler(session, outbox, group, self.clock.now())

        for _ in range(10):  # as the consumer, which tries a batch again until it works
            try:
                await self.database.in_transaction(handle)
                break
            except WorkOrderMoved:
                continue
        else:
            raise AssertionError("work orders move all the time")
        await self.assigns()

    async def takes(
        self, command: Command, work_order_id: str, person: Person = DISPATCHER
    ) -> WorkOrder:
        work_order = await StepTaker(self.database, self.policy).take(
            person, work_order_id, command
        )
        await self._listen()
        return work_order

    async def repairs(
        self,
        work_order_id: str,
        person: Person = DISPATCHER,
        component: Component = Component.PUMP,
    ) -> WorkOrder:
        """The whole way, from assigned to repaired."""
        await self.takes(Accept(), work_order_id, person)
        await self.takes(Arrive(), work_order_id, person)
        repair = Repair(component=component, found="电机烧毁", done="更换电机")
        return await self.takes(repair, work_order_id, person)

    async def gives(self, work_order_id: str, crew_id: str) -> WorkOrder:
        return await self.takes(Assign(crew_id=crew_id, note="离得近"), work_order_id)

    async def assigns(self) -> int:
        """As the periodic task does."""
        async with unit_of_work(self.database, self.policy) as context:
            assigned = await assign_waiting(context, COUNTY)
        await self._listen()
        return assigned

    async def complaint(self, complaint_id: str) -> Complaint:
        async with self.database.reading() as session:
            return await session.get_one(Complaint, complaint_id)

    async def work_orders(self) -> Sequence[WorkOrder]:
        async with self.database.reading() as session:
            found = await session.execute(
                select(WorkOrder).order_by(col(WorkOrder.opened_at), col(WorkOrder.id))
            )
            return found.scalars().all()

    async def work_order(self) -> WorkOrder:
        """The only one."""
        (work_order,) = await self.work_orders()
        return work_order

    async def work_order_of(self, complaint_id: str) -> WorkOrder:
        complaint = await self.complaint(complaint_id)
        async with self.database.reading() as session:
            return await session.get_one(WorkOrder, complaint.work_order_id)

    async def timeline(self, work_order_id: str) -> list[str]:
        async with self.database.reading() as session:
            found = await session.execute(
                select(col(WorkOrderStep.what))
                .where(col(WorkOrderStep.work_order_id) == work_order_id)
                .order_by(col(WorkOrderStep.id))
            )
            return list(found.scalars())

    def told_of(self, kind: type[E]) -> list[E]:
        return [event for event in self.told if isinstance(event, kind)]

    async def _listen(self) -> None:
        async with self.database.reading() as session:
            rows = await session.execute(select(outbox_table).order_by(outbox_table.c.id))
            self.told = [
                from_message(
                    Message(row.topic, row.key, row.headers | sequence_header(row.id), row.value),
                    _CLASSES[row.headers["ce_type"]],
                ).data
                for row in rows
            ]


_CLASSES = {event_class.type: event_class for event_class in ALL}
