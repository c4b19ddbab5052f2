"""The bus on Apache Kafka, by aiokafka.

An idempotent producer with acks=all keeps one key in order within itself. It retries for ever, so
`publish` sets the limit. What it still holds after a failure stays with it: nothing else is sent
before the brokers have answered for that, so what the caller publishes again comes in order behind
it.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from shared.bus.kafka_reading import Member, Rereader, seek, stop, unavailable
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

_CLOSE_SECONDS = 2.0

_DAY_MS = 86_400_000
DEFAULT_RETENTION = timedelta(days=400)


def topic_config(replication: int, retention: timedelta) -> dict[str, str]:
    """Settings of a topic that is made.

    `min.insync.replicas`: with three replicas or more, acks=all waits for two copies, so that one
    broker may be lost without an event, or without a stop. With fewer there is a choice between the
    two, and it is for going on: 1. Source: https://kafka.apache.org/documentation/#topicconfigs
    """
    return {
        "min.insync.replicas": "2" if replication >= 3 else "1",
        "retention.ms": str(retention // timedelta(milliseconds=1)),
        "retention.bytes": "-1",
        # Brokers forget by whole segments: of a day, so that they keep hardly more than asked for.
        "segment.ms": str(_DAY_MS),
        # `read_from` means when the broker stored it, not when the sender made it.
        "message.timestamp.type": "LogAppendTime",
    }


class KafkaBus:
    """`bootstrap` is "host:port,…". No call takes much longer than `timeout` seconds.

    `partitions`, `replication` and `retention` are for topics that `ensure_topics` makes; one that
    is there already stays as it is. `session_timeout` (seconds) is how long a member may be silent
    before the others take over its partitions.
    """

    def __init__(
        self,
        bootstrap: str,
        *,
        partitions: int = 6,
        replication: int = 1,
        retention: timedelta = DEFAULT_RETENTION,
        timeout: float = 20.0,
        session_timeout: float = 10.0,
    ) -> None:
        self._timeout = timeout
        self._session_timeout = session_timeout
        self._partitions = partitions
        self._replication = replication
        self._topic_config = topic_config(replication, retention)
        self._connection: dict[str, Any] = {
            "bootstrap_servers": bootstrap,
            "client_id": "waterdesk",
            # Before ours: cut short by ours while it connects, aiokafka leaves the socket open.
            "request_timeout_ms": int(timeout * 800),
        }
        self._producer: AIOKafkaProducer | None = None
        self._producer_lock = asyncio.Lock()
        self._unanswered: list[asyncio.Future[object]] = []
        """What a publish that failed has handed to the producer."""

    async def start(self) -> None:
        with unavailable():
            async with asyncio.timeout(self._timeout):
                await self._ready_producer()

    async def close(self) -> None:
        """Whatever `publish` has not returned from by now is abandoned."""
        await self._stop_producer()

    async def ensure_topics(self, topics: Sequence[str]) -> None:
        for topic in topics:
            check_topic(topic)
        admin = AIOKafkaAdminClient(**self._connection)
        try:
            with unavailable():
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
        if not messages:
            return
        handed_over: list[asyncio.Future[object]] = []
        try:
            with unavailable():
                async with asyncio.timeout(self._timeout):
                    await self._answered()
                    producer = await self._ready_producer()
                    for message in messages:
                        handed_over.append(await _send(producer, message))  # noqa: PERF401
                    # Not gather: cut short, that would cancel what the producer goes on to send.
                    await asyncio.wait(handed_over)
                for future in handed_over:
                    future.result()
        except BaseException:
            for future in handed_over:
                future.add_done_callback(_retrieve)
            self._unanswered += handed_over
            raise

    async def _answered(self) -> None:
        """Wait until the brokers have answered for what failed before. A producer of which they
        refused any is replaced: after some errors it sends nothing any more."""
        while unanswered := self._unanswered[:]:
            await asyncio.wait(unanswered)
            del self._unanswered[: len(unanswered)]
            if any(future.cancelled() or future.exception() for future in unanswered):
                self._unanswered.clear()
                await self._stop_producer()

    async def _stop_producer(self) -> None:
        """Stop it, but do not wait long for brokers that do not answer."""
        producer, self._producer = self._producer, None
        if producer is None:
            return
        stopping = asyncio.create_task(producer.stop())
        await asyncio.wait([stopping], timeout=_CLOSE_SECONDS)
        if not stopping.done():
            stopping.cancel()
            await producer.client.close()

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
            with unavailable():
                async with asyncio.timeout(self._timeout):
                    await consumer.start()
                    ends = await seek(consumer, since)
            yield Rereader(consumer, ends, self._timeout)
        finally:
            await stop(consumer, self._timeout)

    async def prune(self, retention: timedelta) -> int:  # noqa: ARG002
        """The brokers forget by themselves, see `retention.ms`."""
        return 0

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

    async def _make_topics(self, admin: AIOKafkaAdminClient, topics: Sequence[str]) -> None:
        if (await admin.describe_cluster())["controller_id"] < 0:
            raise BusUnavailable("Kafka has no controller at the moment")
        response = await admin.create_topics(
            [
                NewTopic(
                    topic, self._partitions, self._replication, topic_configs=self._topic_config
                )
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


def _retrieve(future: asyncio.Future[object]) -> None:
    """An error that nobody waits for any more; unseen, asyncio would complain of it."""
    if not future.cancelled():
        future.exception()
