"""Killed between any two steps, relay and consumer lose nothing and do nothing twice."""

import asyncio
from collections.abc import Sequence

from shared.bus.consumer import Consumer
from shared.bus.protocol import Bus, Message
from shared.bus.relay import relay_batch
from shared.db import Database
from tests.integration.bus import ledger
from tests.integration.bus.conftest import World
from tests.integration.bus.stepping import Killed, SteppedBus, Stepper

SENT = {"a": [1, 2, 3], "b": [1, 2]}
PAIRS = [("a", 1), ("b", 1), ("a", 2), ("b", 2), ("a", 3)]
MORE_STEPS_THAN_ANY_RUN = 100


async def relay_all(database: Database, bus: Bus) -> None:
    async with database.engine.connect() as connection:
        while await relay_batch(connection, bus, limit=2):
            pass


async def consume_all(consumer: Consumer, bus: Bus, stopping: asyncio.Event) -> None:
    async with bus.subscribe(consumer.name, consumer.topics) as subscription:
        while await consumer.take_next(subscription, stopping):
            pass


def consumer_on(world: World, bus: Bus) -> Consumer:
    return Consumer(
        "ledger", world.keeper, bus, [ledger.TOPIC], {ledger.Deposited: ledger.on_deposited}
    )


async def stored(bus: Bus, topic: str) -> Sequence[Message]:
    async with bus.read_from(topic, None) as reader:
        return [received.message for received in await reader.poll(1000, 0.1)]


async def test_a_relay_killed_before_any_step_loses_nothing(world: World) -> None:
    already = 0
    for crash_at in range(1, MORE_STEPS_THAN_ANY_RUN):
        await ledger.deposit(world.sender, *PAIRS)
        stepper = Stepper(crash_at)
        killed = False
        try:
            async with stepper.watching(world.sender):
                await relay_all(world.sender, SteppedBus(world.bus, stepper))
        except Killed:
            killed = True
        await relay_all(world.sender, world.bus)

        messages = await stored_since(world.bus, already)
        already += len(messages)
        first_seen: dict[str, Message] = {}
        for message in messages:
            first_seen.setdefault(message.event_id, message)
        order: dict[str, list[int]] = {}
        for message in first_seen.values():
            event = ledger.Deposited.model_validate_json(message.value)
            order.setdefault(event.account, []).append(event.number)
        assert order == SENT, f"killed before step {crash_at}: {stepper.steps[-1]}"
        if not killed:
            assert crash_at > 10, "the run has too few steps to have been watched"
            return
    raise AssertionError("the relay never came to its end")


async def stored_since(bus: Bus, already: int) -> Sequence[Message]:
    messages: list[Message] = []
    async with bus.read_from(ledger.TOPIC, None) as reader:
        while batch := await reader.poll(1000, 0.1):
            messages += [received.message for received in batch]
    return messages[already:]


async def test_a_consumer_killed_before_any_step_does_everything_once(world: World) -> None:
    stopping = asyncio.Event()
    expected: dict[str, list[int]] = {}
    for crash_at in range(1, MORE_STEPS_THAN_ANY_RUN):
        numbered = [(account, 10 * crash_at + number) for account, number in PAIRS]
        await ledger.deposit(world.sender, *numbered)
        await relay_all(world.sender, world.bus)
        for account, number in numbered:
            expected.setdefault(account, []).append(number)

        stepper = Stepper(crash_at)
        stepped = SteppedBus(world.bus, stepper)
        killed = False
        try:
            async with stepper.watching(world.keeper):
                await consume_all(consumer_on(world, stepped), stepped, stopping)
        except Killed:
            killed = True
        await consume_all(consumer_on(world, world.bus), world.bus, stopping)

        assert await ledger.booked(world.keeper) == expected, (
            f"killed before step {crash_at}: {stepper.steps[-1]}"
        )
        if not killed:
            assert crash_at > 5, "the run has too few steps to have been watched"
            break
    else:
        raise AssertionError("the consumer never came to its end")

    # What the ledger tells goes through the same outbox: it, too, is told once for each deposit.
    await relay_all(world.keeper, world.bus)
    echoes = [
        ledger.Booked.model_validate_json(m.value) for m in await stored(world.bus, ledger.ECHOES)
    ]
    told: dict[str, list[int]] = {}
    for echo in echoes:
        told.setdefault(echo.account, []).append(echo.number)
    assert told == expected
