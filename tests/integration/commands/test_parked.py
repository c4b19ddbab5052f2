"""`waterdesk parked` as its caller sees it: on real databases, with the services' own handlers."""

import asyncio
import json
import os
import secrets
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest

from shared.bus import parking
from shared.clock import ManualClock
from shared.db import Database
from shared.events.event import Event, to_message
from tests.conftest import NOW
from tests.integration.reply.events import chased, received
from waterdesk.installation import SERVICES

Run = Callable[..., Awaitable[tuple[int | None, list[dict[str, object]], str]]]


@pytest.fixture
async def databases(postgres: str, migrated_template: Callable[[str], Awaitable[str]]) -> str:
    """A URL with {service} for three migrated databases of their own."""
    name = f"parked_{secrets.token_hex(4)}"
    connection = await asyncpg.connect(postgres.format("postgres"))
    try:
        for service in SERVICES:
            template = await migrated_template(service)
            await connection.execute(f'CREATE DATABASE "{name}_{service}" TEMPLATE "{template}"')
    finally:
        await connection.close()
    return postgres.format(f"{name}_{{service}}")


@pytest.fixture
def waterdesk_parked(databases: str, tmp_path: Path) -> Run:
    async def run(*arguments: str) -> tuple[int | None, list[dict[str, object]], str]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "waterdesk.cli", "parked", *arguments),
            env=os.environ
            | {
                "WATERDESK_HOME": str(tmp_path),
                "WATERDESK_DATABASE_URL": databases,
                "WATERDESK_BUS": "kafka",  # which need not be there
                "WATERDESK_SECRET": "x" * 32,
                "WATERDESK_PRIVACY_KEYS": "A" * 43 + "=",
                "WATERDESK_LOG_LEVEL": "ERROR",
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        lines = [json.loads(line) for line in out.splitlines()] if "--json" in arguments else []
        return process.returncode, lines, err.decode()

    return run


async def park(databases: str, service: str, event: Event, sequence: int, cause: str) -> None:
    message = to_message(
        event,
        event_id=f"{event.key}/{sequence}",
        source="/waterdesk/intake",
        time=NOW,
        traceparent="",
        sequence=sequence,
    )
    database = Database(databases.replace("{service}", service), service, ManualClock(NOW))
    try:
        async with database.work() as (session, _):
            await parking.park(session, service, [message], cause, NOW)
    finally:
        await database.close()


async def test_every_service_s_parked_events_are_listed_one_line_a_key(
    databases: str, waterdesk_parked: Run
) -> None:
    await park(databases, "reply", received("c1"), 1, "KeyError")
    await park(databases, "reply", chased("c1", times=1), 2, parking.BEHIND)
    await park(databases, "dispatch", received("c2"), 3, "ValueError")
    assert await waterdesk_parked("list", "--json") == (
        0,
        [
            {"service": "dispatch", "key": "c2", "events": 1, "cause": "ValueError"},
            {"service": "reply", "key": "c1", "events": 2, "cause": "KeyError"},
        ],
        "",
    )
    _, of_reply, _ = await waterdesk_parked("list", "--service", "reply", "--json")
    assert [line["key"] for line in of_reply] == ["c1"]


async def test_reply_s_events_are_released_by_cause(databases: str, waterdesk_parked: Run) -> None:
    await park(databases, "reply", chased("c1", times=1), 2, parking.BEHIND)
    await park(databases, "reply", received("c1"), 1, "KeyError")
    await park(databases, "reply", received("c2"), 3, "ValueError")
    status, left, _ = await waterdesk_parked("release", "--cause", "KeyError", "--json")
    assert (status, left) == (0, [])
    _, listed, _ = await waterdesk_parked("list", "--json")
    assert [line["key"] for line in listed] == ["c2"]


async def test_what_stays_parked_is_said_with_status_1(
    databases: str, waterdesk_parked: Run
) -> None:
    await park(databases, "reply", chased("c1", times=1), 2, "KeyError")
    status, left, _ = await waterdesk_parked("release", "--key", "c1", "--json")
    assert status == 1
    assert left == [{"service": "reply", "key": "c1", "events": 1, "cause": "waits for c1"}]


async def test_a_dropped_event_is_gone_and_the_rest_goes_on(
    databases: str, waterdesk_parked: Run
) -> None:
    await park(databases, "reply", chased("c1", times=1), 1, "KeyError")
    await park(databases, "reply", received("c1"), 2, parking.BEHIND)
    status, left, _ = await waterdesk_parked("drop", "--service", "reply", "--key", "c1", "--json")
    assert (status, left) == (0, [])
    status, _, error = await waterdesk_parked("drop", "--service", "reply", "--key", "c1")
    assert status == 2
    assert error == "waterdesk: Invalid value: nothing is parked in reply under c1\n"
