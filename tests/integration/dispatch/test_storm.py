"""Everybody at once: replicas, crews and dispatchers change the same orders, and all still fits."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from itertools import count
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from services.dispatch.handlers.directing import assign, close, merge, release, reopen
from services.dispatch.handlers.hanging import signs_of_order
from services.dispatch.handlers.locks import Row
from services.dispatch.handlers.stepping import StaleVersion, StepRefused
from services.dispatch.handlers.working import accept, arrive, repaired
from services.dispatch.models import Complaint
from services.dispatch.rules.faults import Component
from services.dispatch.rules.merging import same_fault
from services.dispatch.rules.work_order import WITH_CREW
from shared.events.work_orders import ComplaintsLinked, WorkOrderClosed
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
from tests.integration.dispatch.desk import Desk
from tests.integration.dispatch.events import HOUR, chased, decided, delivered, received

_CAPACITY = 3
_VILLAGES = (HILL_A, HILL_B, PLAIN_A, PLAIN_B)
_CATEGORIES = ("outage", "low_pressure", "water_quality", "pipe_leak", "billing")


class Storm:
    def __init__(self, desk: Desk, seed: int) -> None:
        self.desk = desk
        self.random = Random(seed)
        self.numbers = count()
        self.known: list[str] = []

    async def complaints_come(self) -> None:
        news = [f"c{next(self.numbers)}" for _ in range(self.random.randint(1, 6))]
        await self.desk.hears(
            *[
                received(
                    name,
                    self.random.choice(_VILLAGES),
                    sent_at=self.desk.clock.now(),
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
        """Complaints of one partition of the bus: no other replica hears of them now."""
        mine = self.random.randrange(4)
        return [name for name in self.known if int(name[1:]) % 4 == mine][-5:]

    async def a_person_decides(self, names: list[str]) -> None:
        village, category = self.random.choice(_VILLAGES), self.random.choice(_CATEGORIES)
        ours = self.random.random() < 0.8
        await self.desk.hears(
            *[decided(name, village, category=category, is_ours=ours) for name in names]
        )

    async def somebody_asks_again(self, names: list[str]) -> None:
        await self.desk.hears(*[chased(name, times=self.random.randint(1, 3)) for name in names])

    async def somebody_works(self) -> None:
        orders = [order for order in await self.desk.orders() if order.state != "closed"]
        if not orders:
            return
        order, other = self.random.choice(orders), self.random.choice(orders)
        done = {
            "component": self.random.choice([Component.PUMP, Component.NETWORK]),
            "found": "损坏",
            "done": "修好",
            "policy": self.desk.policy,
        }
        deeds: list[tuple[Callable[..., Awaitable[Row]], dict[str, Any]]] = [
            (accept, {}),
            (arrive, {}),
            (repaired, done),
            (release, {"note": ""}),
            (close, {"note": ""}),
            (reopen, {"note": ""}),
            (merge, {"into": other.id}),
            (assign, {"crew_id": self.random.choice([EAST, WEST]), "note": ""}),
        ]
        deed, said = self.random.choice(deeds)
        with suppress(StepRefused, StaleVersion):
            await self.desk.does(deed, order.id, version=order.version, **said)

    async def answers_arrive(self, names: list[str]) -> None:
        await self.desk.hears(*[delivered(name) for name in names])

    async def rages(self, rounds: int) -> None:
        for _ in range(rounds):
            self.desk.clock.advance(HOUR / 4)
            partitions = [self._some() for _ in range(2)]
            told = dict.fromkeys(tuple(names) for names in partitions if names)
            jobs = [self.complaints_come(), self.somebody_works(), self.somebody_works()]
            for names in told:
                job = self.random.choice(
                    [self.a_person_decides, self.somebody_asks_again, self.answers_arrive]
                )
                jobs.append(job(list(names)))
            jobs.append(self._give_out())
            await asyncio.gather(*jobs)

    async def _give_out(self) -> None:
        await self.desk.gives_out()


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_all_fits_after_a_storm(desk: Desk, seed: int) -> None:
    await desk.loads(small_county(capacity=_CAPACITY))
    await Storm(desk, seed).rages(40)
    orders = await desk.orders()
    async with desk.database.reading() as session:
        complaints = (await session.execute(select(Complaint))).scalars().all()
    hanging = Counter(complaint.work_order_id for complaint in complaints)
    chases: Counter[str | None] = Counter()
    for complaint in complaints:
        chases[complaint.work_order_id] += complaint.chases
        assert (complaint.work_order_id is not None) == (complaint.state == "linked")
    for order in orders:
        assert (order.complaints, order.chases) == (hanging[order.id], chases[order.id])
        assert (order.state == "closed") == (order.closed_at is not None)
    busy = Counter(order.crew_id for order in orders if order.state in WITH_CREW)
    assert all(busy[crew] <= _CAPACITY for crew in (EAST, WEST))
    _as_told(desk, complaints)
    closed = Counter(event.work_order_id for event in desk.told_of(WorkOrderClosed))
    assert {order.id for order in orders if order.state == "closed"} <= closed.keys()
    assert len(orders) > 20


def _as_told(desk: Desk, complaints: Sequence[Complaint]) -> None:
    """Who heard all the events knows of every complaint where it hangs."""
    hangs_on: dict[str, str] = {}
    for event in sorted(desk.told_of(ComplaintsLinked), key=lambda event: event.linked_at):
        for complaint_id in event.complaint_ids:
            hangs_on[complaint_id] = event.work_order_id
    for complaint in complaints:
        if complaint.work_order_id is not None:
            assert hangs_on[complaint.id] == complaint.work_order_id


@pytest.mark.parametrize("seed", [4, 5, 6])
async def test_one_fault_has_one_open_order_while_complaints_rain(desk: Desk, seed: int) -> None:
    storm = Storm(desk, seed)
    for _ in range(15):
        desk.clock.advance(HOUR)
        await asyncio.gather(*[storm.complaints_come() for _ in range(3)], desk.gives_out())
    faults = [order for order in await desk.orders() if order.state != "closed"]
    reach = desk.policy.reach
    for index, one in enumerate(faults):
        for other in faults[index + 1 :]:
            if one.scheme_id == other.scheme_id:
                a, b = (signs_of_order(each.model_dump()) for each in (one, other))
                assert same_fault(a, b, reach, own_source=one.scheme_id == HILL) is None
