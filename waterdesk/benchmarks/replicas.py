"""What replicas add when the database is far away: `waterdesk bench replicas`.

One and three replicas of dispatch and of reply, each a process that handles batches of events of
its own keys, as the consumer of one partition does. A round trip to PostgreSQL takes 20 ms longer.
"""

import asyncio
from collections.abc import Mapping

from shared.clock import SystemClock
from waterdesk import composition
from waterdesk.benchmarks.pipeline import load_county_with_unlimited_crews
from waterdesk.benchmarks.processes import environment_of, report_of, running
from waterdesk.benchmarks.slow_connection import slow_database
from waterdesk.installation import Installation

SERVICES = ("dispatch", "reply")
REPLICAS = (1, 3)
ROUND_TRIP_SECONDS = 0.02


async def measure(installation: Installation, service: str) -> dict[str, object]:
    """Events a second of all replicas together, for each number of REPLICAS.

    Needs a migrated database. Raises ProcessFailedError.
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
        environment = environment_of(installation) | {
            "WATERDESK_DATABASE_URL": slow_url,
            "WATERDESK_BUS_URL": slow_url.replace("{service}", "bus"),
        }
        for count in REPLICAS:
            replicas = range(first, first + count)  # each has events of its own
            first += count
            rates.append(await _events_per_second(service, replicas, environment))
    return {
        "service": service,
        "replicas": REPLICAS,
        "per_second": [round(rate) for rate in rates],
        "speedup": round(rates[-1] / rates[0], 2),
    }


async def _events_per_second(
    service: str, replicas: range, environment: Mapping[str, str]
) -> float:
    arguments = [(service, str(number)) for number in replicas]
    async with running("waterdesk.benchmarks.replica_process", arguments, environment) as processes:
        await asyncio.gather(*map(report_of, processes))  # all are ready
        for process in processes:
            assert process.stdin is not None
            process.stdin.write(b"start\n")
        reports = await asyncio.gather(*map(report_of, processes))
    return float(sum(report["events_per_second"] for report in reports))
