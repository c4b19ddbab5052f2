"""The baseline: the rows and messages of a run stored and sent again, without any rules.

Every row that the run left in the three databases is inserted again by plain asyncpg, in batches of
one transaction each, into tables of the same form. Every message goes again through an outbox table
and the bus, by plain asyncpg and aiokafka. Nothing is decided, parsed or built, so the time is that
of storing and sending alone.
"""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from shared.bus.protocol import Bus, Message
from waterdesk.benchmarks.stored_batches import StoredBatches

BATCH = 500
_TOPIC = "waterdesk.raw"
_READERS = 2
"""Dispatch and reply each read every message."""


RowsByTable = dict[str, StoredBatches[tuple[Any, ...]]]


async def collect_rows(database_urls: Sequence[str]) -> dict[str, RowsByTable]:
    """All rows of all tables but the migrations' own and the outbox, whose rows are sent as
    messages. Makes an empty `raw_…` twin of each table."""
    collected: dict[str, RowsByTable] = {}
    for url in database_urls:
        connection = await asyncpg.connect(url)
        try:
            tables = await connection.fetch(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
                " AND tablename <> 'alembic_version' AND tablename NOT LIKE 'raw\\_copy\\_%'"
            )
            collected[url] = {}
            for (table,) in tables:
                await connection.execute(
                    f'CREATE TABLE "raw_copy_{table}" (LIKE "{table}" INCLUDING DEFAULTS'
                    " INCLUDING INDEXES)"
                )
                if table.startswith("outbox"):
                    continue
                rows = collected[url][table] = StoredBatches()
                async with connection.transaction():
                    found = await connection.cursor(f'SELECT * FROM "{table}"')  # noqa: S608
                    while batch := await found.fetch(BATCH):
                        rows.add([tuple(row) for row in batch])
        finally:
            await connection.close()
    return collected


async def store_rows(url: str, tables: RowsByTable) -> None:
    connection = await asyncpg.connect(url)
    try:
        for table, rows in tables.items():
            for batch in rows.batches():
                parameters = ", ".join(f"${number + 1}" for number in range(len(batch[0])))
                async with connection.transaction():
                    await connection.executemany(
                        f'INSERT INTO "raw_copy_{table}" VALUES ({parameters})',  # noqa: S608
                        batch,
                    )
    finally:
        await connection.close()


async def send_messages(
    outbox_url: str, bus: "BaselineBus", messages: StoredBatches[Message]
) -> None:
    """Insert into an outbox table, read and send: the statements of a relay, which keeps them."""
    connection = await asyncpg.connect(outbox_url)
    insert = (
        "INSERT INTO raw_copy_outbox (id, topic, key, headers, value, recorded_at)"
        " VALUES ($1, $2, $3, $4, $5, $6)"
    )
    now = datetime.now(UTC)
    try:
        start = 0
        for batch in messages.batches():
            async with connection.transaction():
                await connection.executemany(
                    insert,
                    [
                        (start + number, m.topic, m.key, "{}", m.value, now)
                        for number, m in enumerate(batch)
                    ],
                )
            await connection.fetch("SELECT * FROM raw_copy_outbox WHERE id >= $1", start)
            await bus.send(batch)
            start += len(batch)
    finally:
        await connection.close()


class BaselineBus(Protocol):
    """The least a bus must do. `send` returns when the batch is stored, `receive_all` when every
    reader has read `count` messages."""

    async def start(self) -> None: ...

    async def send(self, batch: Sequence[Message]) -> None: ...

    async def receive_all(self, count: int) -> None: ...

    async def close(self) -> None: ...


class BaselinePostgres:
    def __init__(self, url: str) -> None:
        self._url = url

    async def start(self) -> None:
        self._writer = await asyncpg.connect(self._url)
        await self._writer.execute(
            "CREATE TABLE raw_log (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
            " key text, headers text, value bytea)"
        )

    async def send(self, batch: Sequence[Message]) -> None:
        async with self._writer.transaction():
            await self._writer.executemany(
                "INSERT INTO raw_log (key, headers, value) VALUES ($1, '{}', $2)",
                [(message.key, message.value) for message in batch],
            )

    async def receive_all(self, count: int) -> None:
        async def read_all() -> None:
            reader = await asyncpg.connect(self._url)
            read = 0
            while read < count:
                rows = await reader.fetch(
                    "SELECT * FROM raw_log WHERE id > $1 ORDER BY id LIMIT $2", read, BATCH
                )
                read += len(rows)
                if not rows:
                    await asyncio.sleep(0.002)
            await reader.close()

        await asyncio.gather(*(read_all() for _ in range(_READERS)))

    async def close(self) -> None:
        await self._writer.close()


class BaselineKafka:
    def __init__(self, bootstrap: str, bus: Bus) -> None:
        self._bootstrap = bootstrap
        self._bus = bus

    async def start(self) -> None:
        self._topic = f"{_TOPIC}.{time.time_ns()}"
        await self._bus.ensure_topics([self._topic])
        self._producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap, acks="all", enable_idempotence=True, linger_ms=5
        )
        await self._producer.start()

    async def send(self, batch: Sequence[Message]) -> None:
        await asyncio.gather(
            *[
                await self._producer.send(self._topic, message.value, message.key.encode())
                for message in batch
            ]
        )

    async def receive_all(self, count: int) -> None:
        async def read_all() -> None:
            consumer = AIOKafkaConsumer(
                self._topic, bootstrap_servers=self._bootstrap, auto_offset_reset="earliest"
            )
            await consumer.start()
            read = 0
            while read < count:
                batches = await consumer.getmany(timeout_ms=500, max_records=BATCH)
                read += sum(map(len, batches.values()))
            await consumer.stop()

        await asyncio.gather(*(read_all() for _ in range(_READERS)))

    async def close(self) -> None:
        await self._producer.stop()


async def seconds_of(
    rows: dict[str, RowsByTable],
    messages: StoredBatches[Message],
    outbox_url: str,
    bus: BaselineBus,
) -> float:
    """Store and send everything, databases and bus in parallel; returns the seconds.

    `rows`: by database.
    """
    await bus.start()
    try:
        started = time.perf_counter()
        await asyncio.gather(
            *(store_rows(url, tables) for url, tables in rows.items()),
            send_messages(outbox_url, bus, messages),
            bus.receive_all(messages.count),
        )
        return time.perf_counter() - started
    finally:
        await bus.close()
