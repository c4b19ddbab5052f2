"""Messages a second through the bus, one JSON line each: `python -m waterdesk.benchmarks.bus`.

Batches of 500, bodies of 300 bytes, 50 keys. Then the time from the start of `publish` until a
waiting reader has the message. Without java and mvn, Kafka is left out.
"""

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from shared.bus.embedded import EmbeddedBus
from shared.bus.kafka import KafkaBus
from shared.bus.protocol import Bus, Message
from shared.embedded_postgres import embedded_postgres
from shared.migrations import make_database
from waterdesk.local_kafka.broker import local_broker, missing_programs

TOPIC = "benchmark"
BATCH = 500
KEYS = 50
BODY = b"x" * 300
SINGLE_MESSAGES = 300


def messages(numbers: range) -> list[Message]:
    return [
        Message(
            TOPIC,
            f"key-{number % KEYS}",
            {
                "ce_id": f"00000000-0000-7000-8000-{number:012d}",
                "ce_type": "waterdesk.complaint.received",
                "ce_source": "/waterdesk/intake",
                "ce_time": "2026-11-23T09:15:00Z",
                "ce_specversion": "1.0",
                "content-type": "application/json",
            },
            BODY,
        )
        for number in numbers
    ]


async def measure(bus: Bus, count: int) -> dict[str, float]:
    await bus.start()
    await bus.ensure_topics([TOPIC])
    batches = [messages(range(first, first + BATCH)) for first in range(0, count, BATCH)]
    started = time.perf_counter()
    for batch in batches:
        await bus.publish(batch)
    published = time.perf_counter() - started
    async with bus.subscribe("benchmark", [TOPIC]) as member:
        while not (first_batch := await member.poll(BATCH, 1.0)):
            pass
        left = len(batches) * BATCH - len(first_batch)
        started = time.perf_counter()
        reading = left
        while left > 0:
            left -= len(await member.poll(BATCH, 1.0))
            await member.commit()
        read = time.perf_counter() - started
        delays: list[float] = []
        for message in messages(range(SINGLE_MESSAGES)):
            arrival = asyncio.create_task(member.poll(1, 10.0))
            await asyncio.sleep(0.002)  # the reader is waiting
            started = time.perf_counter()
            await bus.publish([message])
            await arrival
            delays.append(time.perf_counter() - started)
    await bus.close()
    return {
        "published_per_s": round(len(batches) * BATCH / published),
        "read_per_s": round(reading / read),
        "p50_ms": round(1000 * statistics.median(delays), 2),
        "p99_ms": round(1000 * statistics.quantiles(delays, n=100)[98], 2),
    }


def report(name: str, bus: Bus, count: int) -> None:
    print(json.dumps({"bus": name, **asyncio.run(measure(bus, count))}), flush=True)


def main(arguments: Sequence[str]) -> None:
    count = int(arguments[0]) if arguments else 50_000
    with tempfile.TemporaryDirectory() as folder:
        with embedded_postgres(Path(folder) / "postgres") as server:
            url = server.format("waterdesk_bus")
            asyncio.run(make_database(url))
            report("embedded", EmbeddedBus(url), count)
        if missing := missing_programs():
            print(f"kafka left out: no {', '.join(missing)}", file=sys.stderr)
            return
        with local_broker(Path(folder) / "kafka") as broker:
            report("kafka", KafkaBus(broker.bootstrap), count)


if __name__ == "__main__":
    main(sys.argv[1:])
