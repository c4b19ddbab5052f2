"""The bus on Apache Kafka, by aiokafka.

An idempotent producer with acks=all keeps one key in order within itself. It retries for ever, so
`publish` sets the limit; after any failure the producer is thrown away with everything it still
holds: what the caller publishes again goes out in order behind what was stored.

A member of a group commits by hand what it has polled. When the group is rebalanced, all of its
positions are void: it reads on from the committed offsets of whatever it is given.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import (
    CommitFailedError,
    IllegalStateError,
    InvalidTopicError,
    KafkaError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    TopicAlreadyExistsError,
    for_code,
)

from shared.bus.limits import LARGEST_MESSAGE, check_messages, check_topic
from shared.bus.protocol import BusAway, Message, Position, Received, Subscription

# It writes an error for every retry and rebalance; what concerns us comes as an exception.
logging.getLogger("aiokafka").setLevel(logging.CRITICAL)

_HEARTBEATS_PER_SESSION = 10
_MAX_POLL_INTERVAL_MS = 15 * 60 * 1000
"""A member may hold one batch this long, say while its database is away."""
_SILENCE_SECONDS = 10.0
"""aiokafka waits for a broker without a word; after this long without messages we ask it."""

_TOPIC_CONFIG = {
    "retention.ms": "-1",
    "retention.bytes": "-1",
    # `read_from` means when the broker stored it, not when the sender made it.
    "message.timestamp.type": "LogAppendTime",
}


@contextmanager
def _away() -> Iterator[None]:
    """Turn Kafka's errors into BusAway, or into ValueError where no later try can help."""
    try:
        yield
    except (MessageSizeTooLargeError, RecordListTooLargeError, InvalidTopicError) as error:
        raise ValueError(f"Kafka refuses this for good: {error!r}") from error
    except (KafkaError, OSError) as error:  # OSError covers TimeoutError
        raise BusAway(f"Kafka: {error!r}") from error


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
        with _away():
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
            with _away():
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
            with _away():
                async with asyncio.timeout(self._timeout):
                    producer = await self._ready_producer()
                    for message in messages:
                        stored.append(await _send(producer, message))  # noqa: PERF401
                    await asyncio.gather(*stored)
        except (BusAway, ValueError):
            for future in stored:
                future.cancel()
            if producer is not None:
                await self._drop_producer(producer)
            raise

    @asynccontextmanager
    async def subscribe(self, group: str, topics: Sequence[str]) -> AsyncIterator[Subscription]:
        member = _Member(
            self._timeout,
            frozenset(topics),
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            session_timeout_ms=int(self._session_timeout * 1000),
            heartbeat_interval_ms=int(self._session_timeout * 1000 / _HEARTBEATS_PER_SESSION),
            max_poll_interval_ms=_MAX_POLL_INTERVAL_MS,
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
        consumer = AIOKafkaConsumer(topic, isolation_level="read_committed", **self._connection)
        try:
            with _away():
                async with asyncio.timeout(self._timeout):
                    await consumer.start()
                    ends = await _seek(consumer, since)
            yield _Rereader(consumer, ends, self._timeout)
        finally:
            await _stop(consumer, self._timeout)

    async def _ready_producer(self) -> AIOKafkaProducer:
        async with self._producer_lock:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    acks="all",
                    enable_idempotence=True,
                    linger_ms=0,  # `publish` hands over many at once: batches fill without waiting
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
        """Stop without sending what is left: its public `stop` would wait until all is sent."""
        if self._producer is producer:
            self._producer = None
        await producer._sender.close()  # waits for requests that are on their way
        producer._message_accumulator.fail_all(KafkaError("abandoned"))
        await producer.stop()

    async def _make_topics(self, admin: AIOKafkaAdminClient, topics: Sequence[str]) -> None:
        if (await admin.describe_cluster())["controller_id"] < 0:
            raise BusAway("Kafka has no controller at the moment")
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


async def _stop(consumer: AIOKafkaConsumer, timeout: float) -> None:
    """Stop and leave the group as far as that is possible; never raises.

    A consumer whose broker is away lets the cancellation of its own fetches escape from `stop`,
    with its connections still open: so that runs as a task, and the connections are closed here.
    """
    stopping = asyncio.create_task(consumer.stop())
    await asyncio.wait([stopping], timeout=timeout)
    if not stopping.done():
        stopping.cancel()
    elif not stopping.cancelled():
        stopping.exception()  # seen
    await consumer._client.close()


def _received(record: Any) -> Received:
    """Whoever wrote it: a message of a stranger may lack key and value, or hold no UTF-8."""
    return Received(
        Message(
            record.topic,
            (record.key or b"").decode(errors="replace"),
            {name: (raw or b"").decode(errors="replace") for name, raw in record.headers},
            record.value or b"",
        ),
        Position(record.topic, record.partition, record.offset),
    )


async def _seek(consumer: AIOKafkaConsumer, since: datetime | None) -> dict[TopicPartition, int]:
    """Move every partition to its first message at or after `since`; return where each ends."""
    partitions = list(consumer.assignment())
    ends: dict[TopicPartition, int] = await consumer.end_offsets(partitions)
    if since is None:
        firsts = await consumer.beginning_offsets(partitions)
    else:
        # Kafka knows milliseconds: rounded down, so that none stored within this one is missed.
        since_ms = int(since.timestamp() * 1000)
        found = await consumer.offsets_for_times(dict.fromkeys(partitions, since_ms))
        firsts = {tp: ends[tp] if at is None else at.offset for tp, at in found.items()}
    for partition, first in firsts.items():
        consumer.seek(partition, first)
    return ends


class _Rereader:
    """Reads a topic up to `ends`, outside any group."""

    def __init__(
        self, consumer: AIOKafkaConsumer, ends: dict[TopicPartition, int], patience: float
    ) -> None:
        self._consumer = consumer
        self._ends = ends
        self._patience = patience

    async def poll(self, max_messages: int, timeout: float) -> Sequence[Received]:
        with _away():
            async with asyncio.timeout(max(timeout, self._patience)):
                while unfinished := await self._unfinished():
                    batches = await self._consumer.getmany(
                        *unfinished, timeout_ms=200, max_records=max_messages
                    )
                    received = [
                        _received(record)
                        for partition, records in batches.items()
                        for record in records
                        if record.offset < self._ends[partition]
                    ]
                    if received:
                        return received
        return []

    async def commit(self) -> None:
        return

    async def _unfinished(self) -> list[TopicPartition]:
        return [tp for tp, end in self._ends.items() if await self._consumer.position(tp) < end]


class _Member(ConsumerRebalanceListener):  # type: ignore[misc]
    """One member of a group; it joins when first polled, and again after an error."""

    def __init__(self, timeout: float, topics: frozenset[str], **options: Any) -> None:
        self._timeout = timeout
        self._topics = topics
        self._options = options
        self._consumer: AIOKafkaConsumer | None = None
        self._polled: dict[TopicPartition, int] = {}
        """The offset behind what was polled and not yet committed."""
        self._last_heard = 0.0

    async def poll(self, max_messages: int, timeout: float) -> Sequence[Received]:
        batches = {}
        try:
            with _away():
                consumer = await self._joined()
                with suppress(TimeoutError):
                    # While the group rebalances, `getmany` alone would wait without a limit. It has
                    # no await between taking records and returning them: cut short, it took none.
                    async with asyncio.timeout(timeout):
                        batches = await consumer.getmany(
                            timeout_ms=int(timeout * 1000), max_records=max_messages
                        )
                await self._ask_after_silence(consumer, heard=bool(batches))
        except BusAway:
            await self.leave()
            raise
        for partition, records in batches.items():
            self._polled[partition] = records[-1].offset + 1
        return [_received(record) for records in batches.values() for record in records]

    async def commit(self) -> None:
        if self._consumer is None or not self._polled:
            return
        offsets = dict(self._polled)
        with _away(), suppress(CommitFailedError, IllegalStateError):  # these: no longer ours
            async with asyncio.timeout(self._timeout):
                await self._consumer.commit(offsets)
        for partition in offsets:
            self._polled.pop(partition, None)

    async def leave(self) -> None:
        consumer, self._consumer = self._consumer, None
        self._polled.clear()
        if consumer is not None:
            await _stop(consumer, self._timeout)

    def on_partitions_revoked(self, revoked: object) -> None:  # noqa: ARG002
        self._polled.clear()

    def on_partitions_assigned(self, assigned: object) -> None:
        """Reading goes on from the committed offsets by itself."""

    async def _joined(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            consumer = AIOKafkaConsumer(**self._options)
            try:
                async with asyncio.timeout(self._timeout):
                    await consumer.start()
                    self._expect(await consumer.topics())
                consumer.subscribe(list(self._topics), listener=self)
            except BaseException:
                await _stop(consumer, self._timeout)
                raise
            self._consumer = consumer
            self._last_heard = time.monotonic()
        return self._consumer

    async def _ask_after_silence(self, consumer: AIOKafkaConsumer, *, heard: bool) -> None:
        if not heard:
            if time.monotonic() < self._last_heard + _SILENCE_SECONDS:
                return
            async with asyncio.timeout(self._timeout):
                await consumer.topics()
        self._last_heard = time.monotonic()

    def _expect(self, present: set[str]) -> None:
        if missing := self._topics - present:
            raise BusAway(f"not made yet: {', '.join(sorted(missing))}")
