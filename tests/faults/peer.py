"""A process that relays or consumes the test ledger's events, to be frozen by a test.

Its one argument is JSON: role ("relay" or "consumer"), database, bus kind, bus address, silence.
"""

import asyncio
import json
import sys

from shared.bus.consumer import Consumer
from shared.bus.embedded import EmbeddedBus
from shared.bus.kafka import KafkaBus
from shared.bus.protocol import Bus
from shared.bus.relay import run_relay
from shared.clock import SystemClock
from shared.connections import Limits
from shared.db import Database
from shared.periodic import run_periodically
from shared.progress import Progress
from tests.integration.bus import ledger


async def _work(
    role: str, database_url: str, bus_kind: str, bus_address: str, silence: float
) -> None:
    limits = Limits(silence=silence, statement=silence)
    database = Database(database_url, role, SystemClock(), limits=limits)
    bus: Bus = (
        EmbeddedBus(bus_address, limits)
        if bus_kind == "embedded"
        else KafkaBus(bus_address, timeout=silence, session_timeout=silence / 2)
    )
    await bus.start()
    stopping = asyncio.Event()
    consumer = Consumer(
        "ledger", database, bus, [ledger.TOPIC], {ledger.Deposited: ledger.on_deposited}
    )
    work = (
        run_relay(database, bus, stopping, Progress("relay"))
        if role == "relay"
        else consumer.run(stopping)
    )
    peers = Progress("frozen peers")
    await asyncio.gather(
        work, run_periodically(database.end_silent_sessions, silence / 10, stopping, peers)
    )


if __name__ == "__main__":
    asyncio.run(_work(**json.loads(sys.argv[1])))
