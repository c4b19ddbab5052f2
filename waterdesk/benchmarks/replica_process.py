"""One replica of `replicas`, in a process of its own: handles batches of events until told to stop.

Arguments: service, database URL, number of the replica. Writes {"ready"} when its events are made,
starts at a line on standard input, and writes {"events_per_second"} after `SECONDS`.
"""

import json
import sys
import time
from collections.abc import Sequence
from itertools import islice

import uvloop

from services.dispatch.county_file import read_county
from shared.bus.protocol import Position, Received
from shared.bus.topics import COMPLAINTS
from shared.clock import SystemClock
from shared.garbage import collect_less_often
from shared.logging import configure_logging
from shared.settings import CommonSettings
from waterdesk import composition
from waterdesk.benchmarks.sample_events import message_of, received_complaints
from waterdesk.installation import open_installation

SECONDS = 6.0
BATCH = 200
_MAX_BATCHES = 80
_NUMBERS_PER_REPLICA = 10_000_000


def _batches(replica: int) -> list[Sequence[Received]]:
    county = read_county()
    events = received_complaints(county.code, county.villages, first=replica * _NUMBERS_PER_REPLICA)
    position = Position(COMPLAINTS, partition=0, offset=0)
    return [
        [Received(message_of(event), position) for event in islice(events, BATCH)]
        for _ in range(_MAX_BATCHES)
    ]


async def _handle(service_name: str, replica: int) -> None:
    with open_installation(CommonSettings()) as installation:
        bus = installation.new_bus()
        service = composition.build(service_name, installation, bus, SystemClock())
        assert service.consumer is not None
        batches = _batches(replica)
        await service.consumer.handle(batches.pop())  # opens connections and fills caches
        print(json.dumps({"ready": True}), flush=True)
        sys.stdin.readline()
        started = time.perf_counter()
        handled = 0
        while batches and time.perf_counter() - started < SECONDS:
            await service.consumer.handle(batches.pop())
            handled += BATCH
        seconds = time.perf_counter() - started
        print(json.dumps({"events_per_second": handled / seconds}), flush=True)
        await service.close()


def main(service: str, replica: str) -> None:
    configure_logging("ERROR")
    collect_less_often()
    uvloop.run(_handle(service, int(replica)))


if __name__ == "__main__":
    main(*sys.argv[1:])
