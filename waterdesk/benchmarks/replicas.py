"""What replicas add when the database is far away: `waterdesk bench replicas`.

One and three replicas of dispatch and of reply, each a process that handles batches of events of
its own keys, as the consumer of one partition does. A round trip to PostgreSQL takes 20 ms longer.
"""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping, Sequence

from shared.clock import SystemClock
from shared.privacy.vault import new_key
from waterdesk import composition
from waterdesk.benchmarks.pipeline import load_county_with_unlimited_crews
from waterdesk.benchmarks.slow_connection import slow_database
from waterdesk.installation import Installation

SERVICES = ("dispatch", "reply")
REPLICAS = (1, 3)
ROUND_TRIP_SECONDS = 0.02


class ReplicaFailedError(Exception):
    """A replica's process ended early; its standard error says why."""


async def measure(installation: Installation, service: str) -> dict[str, object]:
    """Events a second of all replicas together, for each number of REPLICAS.

    Needs a migrated database. Raises ReplicaFailedError.
    """
    if service == "dispatch":
        database = composition.open_database(installation, service, SystemClock())
        await load_county_with_unlimited_crews(database)
        await database.close()
    rates = []
    first = 0
    async with slow_database(
        installation.database_url("{service}"), ROUND_TRIP_SECONDS / 2
    ) as slow_url:
        environment = os.environ | {
            "WATERDESK_DATABASE_URL": slow_url,
            "WATERDESK_BUS_URL": slow_url.replace("{service}", "bus"),
            "WATERDESK_SECRET": installation.secret,
            "WATERDESK_PRIVACY_KEYS": new_key(),  # neither service decrypts anything
        }
        for count in REPLICAS:
            replicas = range(first, first + count)  # each has events of its own
            first += count
            rates.append(await _run([await _start(service, n, environment) for n in replicas]))
    return {
        "service": service,
        "replicas": REPLICAS,
        "per_second": [round(rate) for rate in rates],
        "speedup": round(rates[-1] / rates[0], 2),
    }


async def _start(service: str, number: int, environment: Mapping[str, str]) -> Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "waterdesk.benchmarks.replica_process", service, str(number)),
        stdin=PIPE,
        stdout=PIPE,
        env=environment,
    )


async def _run(processes: Sequence[Process]) -> float:
    try:
        await asyncio.gather(*map(_read, processes))  # all are ready
        for process in processes:
            assert process.stdin is not None
            process.stdin.write(b"start\n")
        lines = await asyncio.gather(*map(_read, processes))
        return sum(line["events_per_second"] for line in lines)
    finally:
        for process in processes:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def _read(process: Process) -> dict[str, float]:
    assert process.stdout is not None
    if not (line := await process.stdout.readline()):
        raise ReplicaFailedError(f"status {await process.wait()}")
    result: dict[str, float] = json.loads(line)
    return result
