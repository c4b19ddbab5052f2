"""Inbox, sent events and log are pruned; what is kept can be read and sent again."""

from datetime import timedelta

from sqlalchemy import Table, func, select, text

from shared.bus.republish import republish
from shared.bus.retention import prune
from shared.bus.tables import inbox, outbox, outbox_unsent
from shared.clock import ManualClock, SystemClock
from shared.db import Database
from tests.integration.bus import ledger
from tests.integration.bus.conftest import World
from tests.integration.bus.driving import consume_all, first_of_each, relay_all, stored
from tests.integration.bus.messages import received

KEPT = timedelta(days=400)


async def rows_in(database: Database, table: Table) -> int:
    async with database.reading() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


async def execute(database: Database, statement: str) -> None:
    async with database.engine.begin() as connection:
        await connection.execute(text(statement))


async def prune_all(world: World, database: Database) -> int:
    pruned = 0
    while step := await prune(database, world.bus, KEPT):
        pruned += step
    return pruned


async def test_what_was_handled_long_ago_is_forgotten_in_small_steps(
    world: World, clock: ManualClock
) -> None:
    await world.consumer.handle([received("a", number) for number in range(1, 2501)])
    clock.advance(KEPT + timedelta(days=1))
    await world.consumer.handle([received("b", 1)])
    assert await prune_all(world, world.keeper) == 0, "the log may keep them a little longer"
    clock.advance(timedelta(days=2))
    assert await prune(world.keeper, world.bus, KEPT) == 1000
    assert await prune_all(world, world.keeper) == 1500
    assert await rows_in(world.keeper, inbox) == 1


async def test_an_event_that_comes_again_is_remembered_anew(
    world: World, clock: ManualClock
) -> None:
    await world.consumer.handle([received("a", 1)])
    clock.advance(KEPT - timedelta(days=1))
    await world.consumer.handle([received("a", 1)])  # it was sent again, and is kept again
    clock.advance(KEPT)
    await prune_all(world, world.keeper)
    await world.consumer.handle([received("a", 1)])
    assert await ledger.booked(world.keeper) == {"a": [1]}


async def test_sent_events_and_the_log_are_pruned_and_what_is_younger_stays(world: World) -> None:
    await ledger.deposit(world.sender, ("a", 1), ("a", 2))
    await relay_all(world.sender, world.bus)
    bus_database = Database(world.bus._url, "bus", world.sender.clock)
    long_ago = "now() - interval '401 days'"
    try:
        await execute(world.sender, f"UPDATE outbox SET recorded_at = {long_ago} WHERE id = 1")
        await execute(bus_database, f"UPDATE bus_log SET stored_at = {long_ago} WHERE position = 0")
    finally:
        await bus_database.close()
    world.sender.clock = SystemClock()
    await prune_all(world, world.sender)
    assert await rows_in(world.sender, outbox) == 1
    messages = await stored(world.bus, ledger.TOPIC)
    assert [ledger.Deposited.model_validate_json(one.value).number for one in messages] == [2]
    await ledger.deposit(world.sender, ("a", 3))
    await relay_all(world.sender, world.bus)
    await consume_all(world.consumer, world.bus)
    await consume_all(world.consumer, world.bus)
    assert await ledger.booked(world.keeper) == {"a": [2, 3]}, "a group reads on behind the gap"


async def test_sent_events_are_kept_and_can_be_sent_again(world: World) -> None:
    numbers = list(range(1, 8))
    await ledger.deposit(world.sender, *(("a", number) for number in numbers))
    await relay_all(world.sender, world.bus)
    await consume_all(world.consumer, world.bus)
    assert await rows_in(world.sender, outbox_unsent) == 0
    before = await stored(world.bus, ledger.TOPIC)

    # The broker loses all it had.
    bus_database = Database(world.bus._url, "bus", world.sender.clock)
    try:
        await execute(bus_database, "TRUNCATE bus_log, bus_group RESTART IDENTITY")
    finally:
        await bus_database.close()
    since = world.sender.clock.now()
    async with world.sender.connect() as connection:
        assert await republish(connection, world.bus, since) == len(numbers)
        assert await republish(connection, world.bus, since + timedelta(hours=1)) == 0
    again = await stored(world.bus, ledger.TOPIC)
    assert again == first_of_each(again) == before, "the same events, with the same sequence"
    await consume_all(world.consumer, world.bus)
    assert await ledger.booked(world.keeper) == {"a": numbers}
