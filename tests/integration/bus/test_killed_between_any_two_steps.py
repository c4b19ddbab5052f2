"""Killed between any two steps, relay and consumer lose nothing and do nothing twice."""

from collections.abc import Sequence

from shared.bus.consumer import Consumer
from shared.bus.protocol import Bus, Message
from tests.integration.bus import ledger
from tests.integration.bus.conftest import World
from tests.integration.bus.driving import consume_all, first_of_each, relay_all, stored
from tests.integration.bus.stepping import Killed, SteppedBus, Stepper

SENT = {"a": [1, 2, 3], "b": [1, 2]}
PAIRS = [("a", 1), ("b", 1), ("a", 2), ("b", 2), ("a", 3)]
MORE_STEPS_THAN_ANY_RUN = 100


def order_of(messages: Sequence[Message]) -> dict[str, list[int]]:
    order: dict[str, list[int]] = {}
    for message in messages:
        event = ledger.Deposited.model_validate_json(message.value)
        order.setdefault(event.account, []).append(event.number)
    return order


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

        messages = await stored(world.bus, ledger.TOPIC)
        assert order_of(first_of_each(messages[already:])) == SENT, (
            f"killed before step {crash_at}: {stepper.steps[-1]}"
        )
        already = len(messages)
        if not killed:
            assert crash_at > 10, "the run has too few steps to have been watched"
            return
    raise AssertionError("the relay never came to its end")


async def test_a_consumer_killed_before_any_step_does_everything_once(world: World) -> None:
    def consumer_on(bus: Bus) -> Consumer:
        return Consumer(
            "ledger", world.keeper, bus, [ledger.TOPIC], {ledger.Deposited: ledger.on_deposited}
        )

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
                await consume_all(consumer_on(stepped), stepped)
        except Killed:
            killed = True
        await consume_all(consumer_on(world.bus), world.bus)

        assert await ledger.booked(world.keeper) == expected, (
            f"killed before step {crash_at}: {stepper.steps[-1]}"
        )
        if not killed:
            assert crash_at > 5, "the run has too few steps to have been watched"
            break
    else:
        raise AssertionError("the consumer never came to its end")

    # The ledger's own events go through the same outbox: one for each deposit.
    await relay_all(world.keeper, world.bus)
    assert order_of(await stored(world.bus, ledger.ECHOES)) == expected
