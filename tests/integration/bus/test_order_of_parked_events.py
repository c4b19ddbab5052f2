"""Parked events are handled in order of sequence, and one that came too early waits by itself."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

import pytest
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.bus.consumer import Consumer
from shared.bus.outbox import Outbox
from shared.bus.parked_queries import list_parked
from shared.bus.transient_errors import NotYetKnown
from shared.clock import ManualClock
from shared.events.event import Envelope
from tests.integration.bus import ledger
from tests.integration.bus.conftest import World
from tests.integration.bus.messages import over_the_bus

OPENING = 0


class Opened(ledger.Deposited):
    type: ClassVar[str] = "test.opened.v1"
    number: int = OPENING


class Transferred(ledger.Deposited):
    """From the account whose name is `number`, to `account`; of another source."""

    type: ClassVar[str] = "test.transferred.v1"
    topic: ClassVar[str] = ledger.ECHOES


async def _is_open(session: AsyncSession, account: str) -> bool:
    found = await session.execute(
        select(ledger.deposits.c.id).where(
            ledger.deposits.c.account == account, ledger.deposits.c.number == OPENING
        )
    )
    return found.first() is not None


async def _book(session: AsyncSession, account: str, number: int) -> None:
    await session.execute(insert(ledger.deposits), [{"account": account, "number": number}])


async def on_opened(
    session: AsyncSession, _: Outbox, events: Sequence[Envelope[Opened]], __: datetime
) -> None:
    for event in events:
        await _book(session, event.data.account, OPENING)


async def on_deposited(
    session: AsyncSession, _: Outbox, events: Sequence[Envelope[ledger.Deposited]], __: datetime
) -> None:
    for event in events:
        if not await _is_open(session, event.data.account):
            raise NotYetKnown(event.data.account)
        await _book(session, event.data.account, event.data.number)


class Repairable:
    """A handler that cannot do anything until it is repaired."""

    def __init__(self) -> None:
        self.is_broken = True

    async def __call__(
        self,
        session: AsyncSession,
        _: Outbox,
        events: Sequence[Envelope[ledger.Deposited]],
        __: datetime,
    ) -> None:
        for event in events:
            if self.is_broken:
                raise ledger.CannotWork
            await _book(session, event.data.account, event.data.number)


async def on_transferred(
    session: AsyncSession, _: Outbox, events: Sequence[Envelope[Transferred]], __: datetime
) -> None:
    for event in events:
        to = str(event.data.number)
        if not await _is_open(session, to):
            raise NotYetKnown(to)
        await _book(session, event.data.account, event.data.number)


@pytest.fixture
def consumer(world: World) -> Consumer:
    return Consumer(
        "ledger",
        world.keeper,
        world.bus,
        [ledger.TOPIC, ledger.ECHOES],
        {Opened: on_opened, ledger.Deposited: on_deposited, Transferred: on_transferred},
    )


async def parked(world: World) -> list[tuple[str, int, str]]:
    async with world.keeper.reading() as session:
        return [(one.key, one.events, one.cause) for one in await list_parked(session, "ledger")]


OPEN_A = over_the_bus(Opened(account="a"), 1)
DEPOSIT_5 = over_the_bus(ledger.Deposited(account="a", number=5), 2)
DEPOSIT_6 = over_the_bus(ledger.Deposited(account="a", number=6), 3)
DEPOSIT_7 = over_the_bus(ledger.Deposited(account="a", number=7), 4)


async def test_an_event_that_comes_too_early_waits_and_is_handled_by_itself(
    world: World, consumer: Consumer
) -> None:
    await consumer.handle([DEPOSIT_5])
    assert await parked(world) == [("a", 1, "waits for a")]
    await consumer.handle([DEPOSIT_6, DEPOSIT_7])
    assert await parked(world) == [("a", 3, "waits for a")]
    await consumer.handle([OPEN_A])
    assert await ledger.booked(world.keeper) == {"a": [OPENING, 5, 6, 7]}
    assert await parked(world) == []


async def test_the_same_within_one_batch(world: World, consumer: Consumer) -> None:
    await consumer.handle([DEPOSIT_6, DEPOSIT_5, OPEN_A, DEPOSIT_7])
    assert await ledger.booked(world.keeper) == {"a": [OPENING, 5, 6, 7]}
    assert await parked(world) == []


async def test_an_event_waits_for_one_of_another_key_and_another_source(
    world: World, consumer: Consumer
) -> None:
    transfer = over_the_bus(Transferred(account="z", number=8), 900)
    await consumer.handle([transfer, OPEN_A])
    assert await parked(world) == [("z", 1, "waits for 8")]
    await consumer.handle([over_the_bus(Opened(account="8"), 9)])
    assert await ledger.booked(world.keeper) == {"a": [OPENING], "8": [OPENING], "z": [8]}


async def test_what_is_known_without_an_event_lets_the_waiting_go_on_in_a_while(
    world: World, consumer: Consumer, clock: ManualClock
) -> None:
    await consumer.handle([DEPOSIT_5])
    async with world.keeper.work() as (session, _):
        await _book(session, "a", OPENING)
    await consumer.retry_waiting()
    assert await parked(world) == [("a", 1, "waits for a")], "it was tried a moment ago"
    clock.advance(timedelta(minutes=1))
    await consumer.retry_waiting()
    assert await ledger.booked(world.keeper) == {"a": [OPENING, 5]}


async def test_a_key_is_released_in_order_of_sequence_and_not_of_parking(world: World) -> None:
    handler = Repairable()
    consumer = Consumer(
        "ledger", world.keeper, world.bus, [ledger.TOPIC], {ledger.Deposited: handler}
    )
    await consumer.handle([DEPOSIT_6])
    await consumer.handle([DEPOSIT_7])
    await consumer.handle([DEPOSIT_5])
    assert await parked(world) == [("a", 3, "CannotWork")]
    assert await consumer.release("a") == 0
    handler.is_broken = False
    assert await consumer.release("a") == 3
    assert await ledger.booked(world.keeper) == {"a": [5, 6, 7]}


async def test_what_one_source_has_parked_does_not_hold_back_another_source(
    world: World, consumer: Consumer
) -> None:
    await consumer.handle([OPEN_A, DEPOSIT_5])
    await consumer.handle([over_the_bus(Transferred(account="a", number=404), 1)])
    await consumer.handle([DEPOSIT_6])
    assert await parked(world) == [("a", 1, "waits for 404")]
    assert await ledger.booked(world.keeper) == {"a": [OPENING, 5, 6]}


async def test_dropping_the_first_event_goes_on_with_the_rest(world: World) -> None:
    consumer = world.consumer
    await consumer.handle([over_the_bus(ledger.Deposited(account="b", number=-1), 1)])
    await consumer.handle([over_the_bus(ledger.Deposited(account="b", number=2), 2)])
    assert await parked(world) == [("b", 2, "CannotWork")]
    assert await consumer.drop("b") == 1
    assert await ledger.booked(world.keeper) == {"b": [2]}
    assert await parked(world) == []
