"""A sender and a ledger, each with its own database, and the embedded bus between them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest

from shared.bus.consumer import Consumer
from shared.bus.embedded import EmbeddedBus
from shared.clock import ManualClock
from shared.connections import Limits
from shared.db import Database
from tests.integration.bus import ledger


@dataclass
class World:
    bus: EmbeddedBus
    sender: Database
    keeper: Database
    consumer: Consumer


@pytest.fixture
async def world(
    new_empty_database: Callable[[], Awaitable[str]], clock: ManualClock
) -> AsyncIterator[World]:
    bus_url, sender_url, keeper_url = [await new_empty_database() for _ in range(3)]
    bus = EmbeddedBus(bus_url)
    await bus.start()
    await bus.ensure_topics([ledger.TOPIC, ledger.ECHOES])
    sender = Database(sender_url, "sender", clock, limits=Limits(pool_size=4))
    keeper = Database(keeper_url, "keeper", clock, limits=Limits(pool_size=4))
    for database in (sender, keeper):
        await ledger.make_tables(database)
    consumer = Consumer(
        "ledger", keeper, bus, [ledger.TOPIC], {ledger.Deposited: ledger.on_deposited}
    )
    yield World(bus, sender, keeper, consumer)
    await sender.close()
    await keeper.close()
    await bus.close()
