"""Everybody at once: replicas, crews and dispatchers change the same work orders."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from random import Random

import pytest
from sqlalchemy import select

from services.dispatch.commands import (
    Accept,
    Arrive,
    Assign,
    Close,
    Command,
    Merge,
    Release,
    Reopen,
    Repair,
)
from services.dispatch.handlers.work_order_guards import StaleVersion, StepRefused
from services.dispatch.models import Complaint, WorkOrder
from services.dispatch.rules.fault_matching import Signs, same_fault
from services.dispatch.rules.work_order import WITH_CREW
from shared.events.work_orders import ComplaintsLinked, WorkOrderClosed
from shared.vocabulary import Category, Component
from tests.integration.dispatch.county import (
    EAST,
    HILL,
    HILL_A,
    HILL_B,
    PLAIN_A,
    PLAIN_B,
    WEST,
    small_county,
)
from tests.integration.dispatch.events import HOUR, chased, decided, delivered, received
from tests.integration.dispatch.harness import Dispatch

_CAPACITY = 3
_VILLAGES = (HILL_A, HILL_B, PLAIN_A, PLAIN_B)
_CATEGORIES = ("outage", "low_pressure", "water_quality", "pipe_leak", "billing")


class Storm:
    def __init__(self, dispatch: Dispatch, seed: int) -> None:
        self.dispatch = dispatch
        self.random = Random(seed)
        self.numbers = count()
        self.known: list[str] = []

    async def complaints_come(self) -> None:
        news = [f"c{next(self.numbers)}" for _ in range(self.random.randint(1, 6))]
        await self.dispatch.receives(
            *[
                received(
                    name,
                    self.random.choice(_VILLAGES),
                    sent_at=self.dispatch.clock.now(),
                    category=self.random.choice(_CATEGORIES),
                    component=self.random.choice([None, None, "pump", "meter"]),
                    urgent=self.random.random() < 0.2,
                    needs_human=self.random.random() < 0.1,
                )
                for name in news
            ]
        )
        self.known += news

    def _some(self) -> list[str]:
        """Complaints of one partition of the bus: no other replica gets them now."""
        mine = self.random.randrange(4)
        return [name for name in self.known if int(name[1:]) % 4 == mine][-5:]

    async def a_person_decides(self, names: list[str]) -> None:
        village, category = self.random.choice(_VILLAGES), self.random.choice(_CATEGORIES)
        ours = self.random.random() < 0.8
        await self.dispatch.receives(
            *[decided(name, village, category=category, is_ours=ours) for name in names]
        )

    async def somebody_asks_again(self, names: list[str]) -> None:
        await self.dispatch.receives(
            *[chased(name, times=self.random.randint(1, 3)) for name in names]
        )

    async def somebody_works(self) -> None:
        work_orders = [
            work_order
            for work_order in await self.dispatch.work_orders()
            if work_order.state != "closed"
        ]
        if not work_orders:
            return
        work_order, other = self.random.choice(work_orders), self.random.choice(work_orders)
        commands: list[Command] = [
            Accept(version=work_order.version),
            Arrive(version=work_order.version),
            Repair(
                version=work_order.version,
                component=self.random.choice([Component.PUMP, Component.NETWORK]),
                found="损坏",
                done="修好",
            ),
            Release(version=work_order.version, note="没空"),
            Close(version=work_order.version, note="没有", despite="回复待审"),
            Reopen(version=work_order.version, note="又坏"),
            Merge(version=work_order.version, into=other.id),
            Assign(
                version=work_order.version, crew_id=self.random.choice([EAST, WEST]), note="顺路"
            ),
        ]
        with suppress(StepRefused, StaleVersion):
            await self.dispatch.takes(self.random.choice(commands), work_order.id)

    async def answers_arrive(self, names: list[str]) -> None:
        await self.dispatch.receives(*[delivered(name) for name in names])

    async def rages(self, rounds: int) -> None:
        for _ in range(rounds):
            self.dispatch.clock.advance(HOUR / 4)
            partitions = [self._some() for _ in range(2)]
            told = dict.fromkeys(tuple(names) for names in partitions if names)
            jobs = [self.complaints_come(), self.somebody_works(), self.somebody_works()]
            for names in told:
                job = self.random.choice(
                    [self.a_person_decides, self.somebody_asks_again, self.answers_arrive]
                )
                jobs.append(job(list(names)))
            await asyncio.gather(*jobs, self.dispatch.assigns())


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_all_fits_after_a_storm(dispatch: Dispatch, seed: int) -> None:
    await dispatch.loads(small_county(capacity=_CAPACITY))
    await Storm(dispatch, seed).rages(40)
    work_orders = await dispatch.work_orders()
    async with dispatch.database.reading() as session:
        complaints = (await session.execute(select(Complaint))).scalars().all()
    linked = Counter(complaint.work_order_id for complaint in complaints)
    chases: Counter[str | None] = Counter()
    for complaint in complaints:
        chases[complaint.work_order_id] += complaint.chases
        assert (complaint.work_order_id is not None) == (complaint.state == "linked")
    for work_order in work_orders:
        assert (work_order.complaints, work_order.chases) == (
            linked[work_order.id],
            chases[work_order.id],
        )
        assert (work_order.state == "closed") == (work_order.closed_at is not None)
    busy = Counter(
        work_order.crew_id for work_order in work_orders if work_order.state in WITH_CREW
    )
    assert all(busy[crew] <= _CAPACITY for crew in (EAST, WEST))
    _as_told(dispatch, complaints)
    closed = Counter(event.work_order_id for event in dispatch.told_of(WorkOrderClosed))
    assert {
        work_order.id for work_order in work_orders if work_order.state == "closed"
    } <= closed.keys()
    assert len(work_orders) > 20


def _as_told(dispatch: Dispatch, complaints: Sequence[Complaint]) -> None:
    """Who applies all events in order of sequence knows the work order of every complaint."""
    linked_to: dict[str, str] = {}
    for event in dispatch.told_of(ComplaintsLinked):
        for complaint_id in event.complaint_ids:
            linked_to[complaint_id] = event.work_order_id
    for complaint in complaints:
        if complaint.work_order_id is not None:
            assert linked_to[complaint.id] == complaint.work_order_id


@pytest.mark.parametrize("seed", [4, 5, 6])
async def test_one_fault_has_one_open_order_while_complaints_rain(
    dispatch: Dispatch, seed: int
) -> None:
    storm = Storm(dispatch, seed)
    for _ in range(15):
        dispatch.clock.advance(HOUR)
        await asyncio.gather(*[storm.complaints_come() for _ in range(3)], dispatch.assigns())
    faults = [
        work_order for work_order in await dispatch.work_orders() if work_order.state != "closed"
    ]
    for index, one in enumerate(faults):
        for other in faults[index + 1 :]:
            if one.scheme_id == other.scheme_id:
                own_source = one.scheme_id == HILL
                same = same_fault(
                    _signs(one), _signs(other), dispatch.policy.window, own_source=own_source
                )
                assert same is None


def _signs(work_order: WorkOrder) -> Signs:
    return Signs(
        village_code=work_order.village_code,
        group=work_order.village_group,
        category=Category(work_order.category),
        component=Component(work_order.component) if work_order.component_named else None,
        sent_at=work_order.first_sent_at,
    )
