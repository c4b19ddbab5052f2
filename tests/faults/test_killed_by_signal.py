"""SIGKILL, for real, at every step of a relay and of a consumer."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from shared.bus.embedded import EmbeddedBus
from shared.clock import SystemClock
from shared.connections import Limits
from shared.db import Database
from tests.integration.bus import ledger
from tests.integration.bus.driving import first_of_each, relay_all, stored

PAIRS = [("a", 1), ("b", 1), ("a", 2), ("b", 2), ("a", 3)]
MORE_STEPS_THAN_ANY_RUN = 100

Kill = Callable[[str, str, str, int], Awaitable[str]]


@pytest.fixture
async def kill() -> AsyncIterator[Kill]:
    """`await kill(role, database_url, bus_url, step)`: "killed", or "exit 0" at its own end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.faults.victim",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    stdin, stdout = process.stdin, process.stdout

    async def run(role: str, database: str, bus: str, kill_at: int) -> str:
        task = {"role": role, "database": database, "bus": bus, "kill_at": kill_at}
        stdin.write(json.dumps(task).encode() + b"\n")
        await stdin.drain()
        ended: str = json.loads(await stdout.readline())["ended"]
        return ended

    yield run
    stdin.close()
    await process.wait()


async def test_sigkill_at_every_step_loses_nothing_and_repeats_nothing(
    kill: Kill, new_empty_database: Callable[[], Awaitable[str]]
) -> None:
    bus_url, sender_url, keeper_url = [await new_empty_database() for _ in range(3)]
    bus = EmbeddedBus(bus_url)
    await bus.start()
    await bus.ensure_topics([ledger.TOPIC, ledger.ECHOES])
    clock = SystemClock()
    sender = Database(sender_url, "sender", clock, limits=Limits(pool_size=2))
    keeper = Database(keeper_url, "keeper", clock, limits=Limits(pool_size=2))
    try:
        await ledger.make_tables(sender)
        await ledger.make_tables(keeper)
        expected: dict[str, list[int]] = {}
        alive: set[str] = set()
        kills = 0
        for kill_at in range(1, MORE_STEPS_THAN_ANY_RUN):
            numbered = [(account, 10 * kill_at + number) for account, number in PAIRS]
            await ledger.deposit(sender, *numbered)
            for account, number in numbered:
                expected.setdefault(account, []).append(number)
            for role, url in (("sender", sender_url), ("keeper", keeper_url)):
                ended = await kill(role, url, bus_url, kill_at)
                assert ended in ("killed", "exit 0")
                if ended == "killed":
                    kills += 1
                    assert await kill(role, url, bus_url, 0) == "exit 0"
                else:
                    alive.add(role)
            assert await ledger.booked(keeper) == expected, f"killed at step {kill_at}"
            if alive == {"sender", "keeper"}:
                break
        else:
            raise AssertionError("never came to its end")
        assert kills > 15
        await relay_all(keeper, bus)
        echoes = first_of_each(await stored(bus, ledger.ECHOES))
        assert len(echoes) == sum(len(numbers) for numbers in expected.values())
    finally:
        await sender.close()
        await keeper.close()
        await bus.close()
