"""What the consumer does with duplicates, poison, and what is away for a while."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.bus import parking
from shared.bus.consumer import Consumer
from shared.bus.outbox import Outbox
from shared.bus.protocol import Message, Position, Received
from shared.bus.tables import inbox
from shared.bus.transient_errors import TransientError
from shared.events.event import Envelope, to_message
from tests.integration.bus import ledger
from tests.integration.bus.conftest import World


def received(account: str, number: int, *, value: bytes | None = None) -> Received:
    event = ledger.Deposited(account=account, number=number)
    message = to_message(
        event,
        event_id=f"{account}{number}",
        source="/waterdesk/test",
        time=datetime.fromisoformat("2026-10-12T01:30:00+00:00"),
        traceparent="00-00000000000000000000000000000001-0000000000000001-01",
        sequence=number,
    )
    if value is not None:
        message = Message(message.topic, message.key, message.headers, value)
    return Received(message, Position(ledger.TOPIC, 0, number))


async def parked(world: World) -> list[tuple[str, int]]:
    async with world.keeper.reading() as session:
        return [(row.key, row.waiting) for row in await parking.list_parked(session)]


async def test_the_same_event_twice_in_one_batch_is_done_once(world: World) -> None:
    await world.consumer.take([received("a", 1), received("a", 1), received("a", 2)])
    assert await ledger.booked(world.keeper) == {"a": [1, 2]}


async def test_reading_everything_again_changes_nothing(world: World) -> None:
    batch = [received("a", 1), received("b", 1), received("a", 2)]
    await world.consumer.take(batch)
    await world.consumer.take(batch)
    await world.consumer.take(list(reversed(batch)))
    assert await ledger.booked(world.keeper) == {"a": [1, 2], "b": [1]}


async def test_two_replicas_at_the_same_events_do_them_once(world: World) -> None:
    batch = [received(account, number) for number in range(1, 40) for account in "abc"]
    await asyncio.gather(*(world.consumer.take(batch) for _ in range(4)))
    booked = await ledger.booked(world.keeper)
    assert booked == {account: list(range(1, 40)) for account in "abc"}


async def test_an_event_that_cannot_work_is_parked_with_all_that_follows_of_its_key(
    world: World,
) -> None:
    await world.consumer.take(
        [received("a", 1), received("b", -1), received("b", 2), received("a", 3)]
    )
    await world.consumer.take([received("b", 4), received("a", 4)])
    assert await ledger.booked(world.keeper) == {"a": [1, 3, 4]}
    assert await parked(world) == [("b", 3)]


async def test_an_unreadable_event_is_parked_and_the_others_go_on(world: World) -> None:
    await world.consumer.take([received("a", 1, value=b"{"), received("b", 1)])
    assert await ledger.booked(world.keeper) == {"b": [1]}
    assert await parked(world) == [("a", 1)]


async def test_a_parked_key_is_released_in_order_once_it_can_work(world: World) -> None:
    refusing = True

    async def on_deposited(
        session: AsyncSession,
        outbox: Outbox,
        events: Sequence[Envelope[ledger.Deposited]],
        now: datetime,
    ) -> None:
        if refusing and any(event.data.account == "b" for event in events):
            raise ledger.CannotWork
        await ledger.on_deposited(session, outbox, events, now)

    consumer = Consumer(
        "ledger", world.keeper, world.bus, [ledger.TOPIC], {ledger.Deposited: on_deposited}
    )
    await consumer.take([received("b", 1), received("b", 2), received("a", 1)])
    assert await consumer.release("b") == 0
    assert await parked(world) == [("b", 2)]

    refusing = False
    assert await consumer.release("b") == 2
    await consumer.take([received("b", 3)])
    assert await ledger.booked(world.keeper) == {"a": [1], "b": [1, 2, 3]}
    assert await parked(world) == []


async def test_a_dropped_event_lets_the_rest_of_its_key_go_on(world: World) -> None:
    await world.consumer.take([received("b", -1), received("b", 2)])
    assert await world.consumer.drop("b")
    assert await world.consumer.release("b") == 1
    assert await ledger.booked(world.keeper) == {"b": [2]}
    assert not await world.consumer.drop("b")


async def test_what_passes_by_itself_is_raised_and_leaves_no_trace(world: World) -> None:
    async def on_deposited(
        session: AsyncSession,
        outbox: Outbox,
        events: Sequence[Envelope[ledger.Deposited]],
        now: datetime,
    ) -> None:
        await ledger.on_deposited(session, outbox, events, now)
        raise TransientError

    consumer = Consumer(
        "ledger", world.keeper, world.bus, [ledger.TOPIC], {ledger.Deposited: on_deposited}
    )
    with pytest.raises(TransientError):
        await consumer.take([received("a", 1)])
    assert await ledger.booked(world.keeper) == {}
    assert await parked(world) == []
    async with world.keeper.reading() as session:
        assert await session.scalar(select(func.count()).select_from(inbox)) == 0


async def test_an_event_too_large_for_any_bus_fails_its_own_transaction(world: World) -> None:
    with pytest.raises(ValueError, match="at most"):
        await ledger.deposit(world.sender, ("x" * 2_000_000, 1))
