"""The three brokers of the bus's contract, behind one protocol."""

import asyncio
import os
import secrets
import signal
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import asyncpg
from aiokafka.client import AIOKafkaClient, ConnectionGroup, CoordinationType
from aiokafka.protocol.group import LeaveGroupRequest

from shared.bus.embedded import EmbeddedBus
from shared.bus.kafka import KafkaBus
from shared.bus.protocol import Bus, Subscription
from shared.embedded_postgres import embedded_postgres
from shared.migrations import make_database
from tests.kafka.brokers import MockKafka
from waterdesk.local_kafka.broker import LocalBroker

SESSION_SECONDS = 5.0
"""How long Kafka waits for a silent member."""
_KAFKA_SECONDS = 15.0


class Broker(Protocol):
    kind: str
    address: str

    async def new_topic(self) -> str: ...

    async def expel(self, member: Subscription, group: str) -> None:
        """Take the member's partitions away behind its back."""
        ...


class BrokerThatDies(Broker, Protocol):
    def kill(self) -> None: ...

    def restart(self) -> None: ...


def connect(kind: str, address: str, timeout: float = _KAFKA_SECONDS) -> Bus:
    if kind == "embedded":
        return EmbeddedBus(address)
    return KafkaBus(address, timeout=timeout, session_timeout=SESSION_SECONDS, partitions=4)


def _new_name() -> str:
    return f"test.{secrets.token_hex(6)}"


async def _made_by_bus(broker: Broker) -> str:
    topic = _new_name()
    bus = connect(broker.kind, broker.address)
    await bus.start()
    try:
        await bus.ensure_topics([topic])
    finally:
        await bus.close()
    return topic


class EmbeddedBroker:
    kind = "embedded"

    def __init__(self, server: str) -> None:
        self.address = server.format(f"bus_{secrets.token_hex(6)}")

    async def new_topic(self) -> str:
        await make_database(self.address)
        return await _made_by_bus(self)

    async def expel(self, member: Any, group: str) -> None:
        """End its session, as a network fault or an administrator would."""
        session, ended = member._session, asyncio.Event()
        session.add_termination_listener(lambda _session: ended.set())
        connection = await asyncpg.connect(self.address)
        try:
            await connection.execute("SELECT pg_terminate_backend($1)", session.get_server_pid())
        finally:
            await connection.close()
        async with asyncio.timeout(10):
            await ended.wait()


class MortalEmbeddedBroker(EmbeddedBroker):
    """Its own PostgreSQL, with the settings of real life."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._servers = ExitStack()
        super().__init__(self._servers.enter_context(embedded_postgres(data)))

    def kill(self) -> None:
        postmaster = int((self._data / "postmaster.pid").read_text().splitlines()[0])
        os.kill(postmaster, signal.SIGKILL)

    def restart(self) -> None:
        self._servers.close()
        self._servers.enter_context(embedded_postgres(self._data))

    def close(self) -> None:
        self._servers.close()


class _KafkaBroker:
    def __init__(self, address: str) -> None:
        self.address = address

    async def expel(self, member: Any, group: str) -> None:
        """Leave the group in its name, as the coordinator does without heartbeats."""
        client = AIOKafkaClient(bootstrap_servers=self.address)
        await client.bootstrap()
        try:
            coordinator = await client.coordinator_lookup(CoordinationType.GROUP, group)
            member_id = member._consumer._coordinator.member_id
            request = LeaveGroupRequest(group, member_id)
            answer = await client.send(coordinator, request, group=ConnectionGroup.COORDINATION)
            assert answer.error_code == 0
        finally:
            await client.close()


class MockBroker(_KafkaBroker):
    kind = "mock_kafka"

    def __init__(self, cluster: MockKafka) -> None:
        super().__init__(cluster.bootstrap)
        self._cluster = cluster

    async def new_topic(self) -> str:
        topic = _new_name()
        self._cluster.make_topic(topic)
        return topic


class ApacheBroker(_KafkaBroker):
    kind = "apache_kafka"

    def __init__(self, broker: LocalBroker) -> None:
        super().__init__(broker.bootstrap)
        self._broker = broker

    async def new_topic(self) -> str:
        return await _made_by_bus(self)

    def kill(self) -> None:
        self._broker.kill()

    def restart(self) -> None:
        self._broker.start()
