"""Events a second through the bus, one JSON line each: `python -m waterdesk.benchmarks.bus`.

Batches of 500. Then the time from the start of `publish` until a waiting reader has the event.
Without java and mvn, Kafka is left out.
"""

import asyncio
import json
import statistics
import sys
import time
from itertools import islice
from typing import Literal

from services.dispatch.county_file import read_county
from shared.bus.topics import COMPLAINTS
from waterdesk.benchmarks.sample_events import message_of, received_complaints
from waterdesk.benchmarks.temporary_installation import temporary_installation
from waterdesk.installation import Installation
from waterdesk.local_kafka.broker import missing_programs

BATCH = 500
SINGLE_EVENTS = 300


async def measure(installation: Installation, batch_count: int) -> dict[str, float]:
    await installation.migrate(())
    county = read_county()
    messages = map(message_of, received_complaints(county.code, county.villages))
    batches = [list(islice(messages, BATCH)) for _ in range(batch_count)]
    async with installation.open_bus() as bus:
        started = time.perf_counter()
        for batch in batches:
            await bus.publish(batch)
        published = time.perf_counter() - started
        async with bus.subscribe("benchmark", [COMPLAINTS]) as member:
            while not (first_batch := await member.poll(BATCH, 1.0)):
                pass
            left = to_read = batch_count * BATCH - len(first_batch)
            started = time.perf_counter()
            while left > 0:
                left -= len(await member.poll(BATCH, 1.0))
                await member.commit()
            read = time.perf_counter() - started
            delays: list[float] = []
            for message in islice(messages, SINGLE_EVENTS):
                arrival = asyncio.create_task(member.poll(1, 10.0))
                await asyncio.sleep(0.002)  # the reader is waiting
                started = time.perf_counter()
                await bus.publish([message])
                await arrival
                delays.append(time.perf_counter() - started)
    return {
        "published_per_s": round(batch_count * BATCH / published),
        "read_per_s": round(to_read / read),
        "p50_ms": round(1000 * statistics.median(delays), 2),
        "p99_ms": round(1000 * statistics.quantiles(delays, n=100)[98], 2),
    }


def main(count: int = 50_000) -> None:
    buses: list[Literal["embedded", "kafka"]] = ["embedded", "kafka"]
    if missing := missing_programs():
        print(f"kafka left out: no {', '.join(missing)}", file=sys.stderr)
        buses.remove("kafka")
    for bus in buses:
        with temporary_installation(bus) as installation:
            measured = asyncio.run(measure(installation, count // BATCH))
        print(json.dumps({"bus": bus, **measured}), flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
