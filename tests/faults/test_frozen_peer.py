"""A peer frozen by SIGSTOP keeps its connections open; the others must not wait for it for ever."""

import asyncio
import json
import secrets
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from shared.advisory_locks import AdvisoryLock
from shared.bus.embedded import EmbeddedBus
from shared.bus.kafka import KafkaBus
from shared.bus.protocol import Bus
from shared.bus.relay import relay_batch
from shared.clock import SystemClock
from shared.connections import DEFAULT_LIMITS
from shared.db import Database
from tests.integration.bus import ledger
from tests.integration.bus.driving import first_of_each, stored
from tests.journey.process_group import ROOT, comes_true
from tests.kafka.brokers import MockKafka

_SILENCE = 6.0
"""Seconds; less than is shipped."""
_STARTS_WITHIN = 30.0
_FREE_WITHIN = 30.0
"""Seconds after which a frozen peer must have lost its locks, whatever the settings."""


@dataclass
class World:
    bus: Bus
    database: Database
    peer: dict[str, Any]
    """What tests/faults/peer.py is started with."""

    @asynccontextmanager
    async def running(self, role: str, silence: float = _SILENCE) -> AsyncIterator[Process]:
        told = json.dumps(self.peer | {"role": role, "silence": silence})
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.faults.peer", told, cwd=ROOT
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    async def comes_true(self, query: str, within: float = _STARTS_WITHIN) -> None:
        async def is_true() -> bool:
            async with self.database.connect() as connection:
                return bool(await connection.scalar(text(query)))

        await comes_true(is_true, within)

    async def deposit(self, *pairs: tuple[str, int]) -> None:
        await ledger.deposit(self.database, *pairs)

    async def relay(self) -> None:
        async with self.database.connect() as connection:
            while await relay_batch(connection, self.bus):
                pass

    @asynccontextmanager
    async def deposits_are_locked(self) -> AsyncIterator[None]:
        """By a session of another program: the product ends none of those."""
        session = await asyncpg.connect(self.peer["database_url"])
        try:
            async with session.transaction():
                await session.execute("LOCK TABLE deposit IN EXCLUSIVE MODE")
                yield
        finally:
            await session.close()

    async def reach_the_bus(self, account: str, numbers: list[int], within: float) -> None:
        """Return when the topic holds these, in order; what was sent twice counts once."""

        async def arrived() -> bool:
            messages = first_of_each(await stored(self.bus, ledger.TOPIC))
            values = [json.loads(message.value) for message in messages]
            return [it["number"] for it in values if it["account"] == account] == numbers

        await comes_true(arrived, within)

    async def are_booked(self, account: str, numbers: list[int], within: float) -> None:
        async def booked() -> bool:
            return (await ledger.booked(self.database)).get(account) == numbers

        await comes_true(booked, within)


@pytest.fixture(params=["embedded", "mock_kafka"])
async def world(
    request: pytest.FixtureRequest,
    new_empty_database: Callable[[], Awaitable[str]],
    postgres: str,
) -> AsyncIterator[World]:
    bus: Bus
    if request.param == "embedded":
        address = await new_empty_database()
        bus = EmbeddedBus(address)
    else:
        kafka: MockKafka = request.getfixturevalue("mock_kafka")
        address = kafka.bootstrap
        for topic in (ledger.TOPIC, ledger.ECHOES):
            kafka.make_topic(topic)
        bus = KafkaBus(address)
    await bus.start()
    await bus.ensure_topics([ledger.TOPIC, ledger.ECHOES])
    url = await new_empty_database()
    database = Database(url, "ledger", SystemClock())
    await ledger.make_tables(database)
    yield World(
        bus,
        database,
        {"database_url": url, "bus_kind": request.param, "bus_address": address},
    )
    await database.close()
    await bus.close()


@pytest.fixture
def account() -> str:
    """One of its own for each test: all of them share the mock cluster's topics."""
    return secrets.token_hex(4)


_A_RELAY_HOLDS_THE_LOCK = f"""
SELECT count(*) FROM pg_locks
WHERE locktype = 'advisory' AND classid = {AdvisoryLock.RELAY:d} AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_THE_BATCH_WAITS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


async def _relay_is_taken_over(world: World, account: str, silence: float) -> None:
    async with world.running("relay", silence) as frozen:
        await world.comes_true(_A_RELAY_HOLDS_THE_LOCK)
        async with world.running("relay", silence) as other:
            frozen.send_signal(signal.SIGSTOP)
            await world.deposit((account, 1), (account, 2))
            await world.reach_the_bus(account, [1, 2], _FREE_WITHIN)
            frozen.send_signal(signal.SIGCONT)
            await world.deposit((account, 3))
            await world.reach_the_bus(account, [1, 2, 3], _FREE_WITHIN)
            assert (frozen.returncode, other.returncode) == (None, None)


async def test_a_frozen_relay_is_followed_by_another(world: World, account: str) -> None:
    await _relay_is_taken_over(world, account, _SILENCE)


@pytest.mark.parametrize("world", ["embedded"], indirect=True)
async def test_a_frozen_relay_is_followed_within_30_seconds_as_shipped(
    world: World, account: str
) -> None:
    await _relay_is_taken_over(world, account, DEFAULT_LIMITS.silence)


async def test_a_consumer_frozen_inside_a_batch_is_followed_by_another(
    world: World, account: str
) -> None:
    async with world.running("consumer") as frozen:
        async with world.deposits_are_locked():
            await world.deposit((account, 1), (account, 2))
            await world.relay()
            await world.comes_true(_THE_BATCH_WAITS)
            frozen.send_signal(signal.SIGSTOP)
        async with world.running("consumer") as other:
            await world.are_booked(account, [1, 2], _FREE_WITHIN)
            frozen.send_signal(signal.SIGCONT)
            await world.deposit((account, 3))
            await world.relay()
            await world.are_booked(account, [1, 2, 3], _FREE_WITHIN)
            assert (frozen.returncode, other.returncode) == (None, None)
