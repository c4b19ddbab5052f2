"""A Kafka broker that is frozen: its connections stay open and silent."""

import signal
from collections.abc import Awaitable, Callable

import pytest

from shared.bus.kafka import KafkaBus
from shared.db import Database
from tests.faults.running import running
from waterdesk.local_kafka.broker import LocalBroker

_NOTICED_WITHIN = 60.0


@pytest.mark.kafka
async def test_it_is_noticed_though_there_is_nothing_to_send_and_again_when_it_answers(
    apache_kafka: LocalBroker, new_database: Callable[[str], Awaitable[Database]]
) -> None:
    database = await new_database("reply")
    bus = KafkaBus(apache_kafka.bootstrap, timeout=5)
    broker = apache_kafka._process
    assert broker is not None
    async with running(database, bus) as service:
        await service.errors(bus=None, relay=None)
        broker.send_signal(signal.SIGSTOP)
        try:
            await service.errors(_NOTICED_WITHIN, bus="BusUnavailable")
        finally:
            broker.send_signal(signal.SIGCONT)
        await service.errors(_NOTICED_WITHIN, bus=None)
    await bus.close()
