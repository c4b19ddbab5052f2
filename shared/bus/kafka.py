"""The bus on Apache Kafka, by aiokafka.

An idempotent producer with acks=all keeps one key in order within itself. It retries for ever, so
`publish` sets the limit; after any failure the producer is thrown away with everything it still
holds: what the caller publishes again goes out in order behind what was stored.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from shared.bus.kafka_reading import Member, Rereader, away, seek, stop
from shared.bus.limits import LARGEST_MESSAGE, check_messages, check_topic
from shared.bus.protocol import BusUnavailable, Message, Subscription

_HEARTBEATS_PER_SESSION = 10
_MAX_POLL_INTERVAL_MS = 15 * 60 * 1000
"""A member may hold one batch this long, say while its database is away."""

_BATCH_BYTES = 256 * 1024
"""Of one partition: what the relay publishes at once mostly goes out in one request."""

_FETCH_BYTES = 8 * 1024 * 1024
"""Of one broker, ahead of what is polled: bounds the memory of a member that lags."""

_REREADER_WAIT_MS = 20

_TOPIC_CONFIG = {
    "retention.ms": "-1",
    "retention.bytes": "-1",
    # `read_from` means when the broker stored it, not when the sender made it.
    "message.timestamp.type": "LogAppendTime",
}


class KafkaBus:
    """`bootstrap` is "host:port,…". No call takes much longer than `timeout` seconds.

    `partitions` and `replication` are for topics that `ensure_topics` makes; `session_timeout`
    (seconds) is how long a member may be silent before the others take over its partitions.
    """

    def __init__(
        self,
        bootstrap: str,
        client_id: str = "waterdesk",
        *,
        partitions: int = 6,
        replication: int = 1,
        timeout: float = 20.0,
        session_timeout: float = 10.0,
    ) -> None:
        self._timeout = timeout
        self._session_timeout = session_timeout
        self._partitions = partitions
        self._replication = replication
        self._connection: dict[str, Any] = {
            "bootstrap_servers": bootstrap,
            "client_id": client_id,
            "request_timeout_ms": int(timeout * 1000),
        }
        self._producer: AIOKafkaProducer | None = None
        self._producer_lock = asyncio.Lock()

    async def start(self) -> None:
        with away():
            async with asyncio.timeout(self._timeout):
                await self._ready_producer()

    async def close(self) -> None:
        """Whatever `publish` has not returned from by now is abandoned."""
        if self._producer is not None:
            await self._drop_producer(self._producer)

    async def ensure_topics(self, topics: Sequence[str]) -> None:
        for topic in topics:
            check_topic(topic)
        admin = AIOKafkaAdminClient(**self._connection)
        try:
            with away():
                async with asyncio.timeout(self._timeout):
                    await admin.start()
                    missing = set(topics) - set(await admin.list_topics())
                    if missing:
                        await self._make_topics(admin, sorted(missing))
        finally:
            await admin.close()

    async def publish(self, messages: Sequence[Message]) -> None:
        """Raises ValueError (see limits) before storing anything."""
        check_messages(messages)
        stored: list[asyncio.Future[object]] = []
        producer = None
        try:
            with away():
                async with asyncio.timeout(self._timeout):
                    producer = await self._ready_producer()
                    for message in messages:
                        stored.append(await _send(producer, message))  # noqa: PERF401
                    await asyncio.gather(*stored)
        except (BusUnavailable, ValueError):
            for future in stored:
                future.cancel()
            if producer is not None:
                await self._drop_producer(producer)
            raise

    @asynccontextmanager
    async def subscribe(self, group: str, topics: Sequence[str]) -> AsyncIterator[Subscription]:
        member = Member(
            self._timeout,
            frozenset(topics),
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            session_timeout_ms=int(self._session_timeout * 1000),
            heartbeat_interval_ms=int(self._session_timeout * 1000 / _HEARTBEATS_PER_SESSION),
            max_poll_interval_ms=_MAX_POLL_INTERVAL_MS,
            fetch_max_bytes=_FETCH_BYTES,
            **self._connection,
        )
        try:
            yield member
        finally:
            await member.leave()

    @asynccontextmanager
    async def read_from(self, topic: str, since: datetime | None) -> AsyncIterator[Subscription]:
        """`poll` waits, longer than its timeout if need be, until there is a message or the end."""
        check_topic(topic)
        consumer = AIOKafkaConsumer(
            topic,
            isolation_level="read_committed",
            # It fetches on the connection that also answers where the topic ends.
            fetch_max_wait_ms=_REREADER_WAIT_MS,
            fetch_max_bytes=_FETCH_BYTES,
            **self._connection,
        )
        try:
            with away():
                async with asyncio.timeout(self._timeout):
                    await consumer.start()
                    ends = await seek(consumer, since)
            yield Rereader(consumer, ends, self._timeout)
        finally:
            await stop(consumer, self._timeout)

    async def _ready_producer(self) -> AIOKafkaProducer:
        async with self._producer_lock:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    acks="all",
                    enable_idempotence=True,
                    linger_ms=0,  # `publish` hands over many at once: batches fill without waiting
                    max_batch_size=_BATCH_BYTES,
                    max_request_size=2 * LARGEST_MESSAGE,
                    **self._connection,
                )
                try:
                    await producer.start()
                except BaseException:
                    await producer.stop()
                    raise
                self._producer = producer
            return self._producer

    async def _drop_producer(self, producer: AIOKafkaProducer) -> None:
        """What its public `stop` does, but for waiting until all that is left has been sent."""
        is_current = self._producer is producer
        if is_current:  # else another `publish` that failed with it is at it
            self._producer = None
            producer._closed = True
            await producer._sender.close()  # waits for requests that are on their way
            await producer.client.close()

    async def _make_topics(self, admin: AIOKafkaAdminClient, topics: Sequence[str]) -> None:
        if (await admin.describe_cluster())["controller_id"] < 0:
            raise BusUnavailable("Kafka has no controller at the moment")
        response = await admin.create_topics(
            [
                NewTopic(topic, self._partitions, self._replication, topic_configs=_TOPIC_CONFIG)
                for topic in topics
            ]
        )
        for topic, code, *_ in response.topic_errors:
            error = for_code(code)
            if code and error is not TopicAlreadyExistsError:
                raise error(topic)


async def _send(producer: AIOKafkaProducer, message: Message) -> asyncio.Future[object]:
    sent: asyncio.Future[object] = await producer.send(
        message.topic,
        message.value,
        key=message.key.encode(),
        headers=[(name, text.encode()) for name, text in message.headers.items()],
    )
    return sent
