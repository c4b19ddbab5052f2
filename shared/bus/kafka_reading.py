"""Reading from Kafka: a group's member, and a re-reader outside any group.

A member commits by hand what it has polled. When the group is rebalanced, all of its positions are
void: it reads on from the committed offsets of whatever it is given.
"""

import asyncio
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import (
    CommitFailedError,
    IllegalStateError,
    InvalidTopicError,
    KafkaError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
)

from shared.bus.protocol import BusUnavailable, Message, Position, Received

# It logs an error for every retry and rebalance; those that matter here are raised.
logging.getLogger("aiokafka").setLevel(logging.CRITICAL)

_SILENCE_SECONDS = 10.0
"""aiokafka waits for a silent broker; after this long without messages it is asked something."""


@contextmanager
def unavailable() -> Iterator[None]:
    """Raise Kafka's errors as BusUnavailable, or as ValueError where no later try can help."""
    try:
        yield
    except (MessageSizeTooLargeError, RecordListTooLargeError, InvalidTopicError) as error:
        raise ValueError(f"Kafka refuses this for good: {error!r}") from error
    except (KafkaError, OSError) as error:  # OSError covers TimeoutError
        raise BusUnavailable(f"Kafka: {error!r}") from error


async def stop(consumer: AIOKafkaConsumer, timeout: float) -> None:
    """Stop and leave the group as far as that is possible; never raises.

    A consumer whose broker is unavailable lets the cancellation of its own fetches escape from
    `stop`, so that runs as a task. Connections that are still open then end when they are idle.
    """
    stopping = asyncio.create_task(consumer.stop())
    await asyncio.wait([stopping], timeout=timeout)
    if not stopping.done():
        stopping.cancel()
    elif not stopping.cancelled():
        stopping.exception()  # retrieved


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


async def seek(consumer: AIOKafkaConsumer, since: datetime | None) -> dict[TopicPartition, int]:
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


@dataclass(frozen=True, slots=True)
class Rereader:
    """Reads a topic up to its `_ends`, outside any group; `_patience` in seconds."""

    _consumer: AIOKafkaConsumer
    _ends: Mapping[TopicPartition, int]
    _patience: float

    async def poll(self, max_messages: int, timeout: float) -> Sequence[Received]:
        with unavailable():
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


class Member(ConsumerRebalanceListener):  # type: ignore[misc]
    """One member of a group; it joins when first polled, and again after an error."""

    def __init__(self, timeout: float, topics: frozenset[str], **options: Any) -> None:
        self._timeout = timeout
        self._topics = topics
        self._options = options
        self._consumer: AIOKafkaConsumer | None = None
        self._polled: dict[TopicPartition, int] = {}
        """The offset behind what was polled and not yet committed."""
        self._last_answer_at = 0.0

    async def poll(self, max_messages: int, timeout: float) -> Sequence[Received]:
        batches = {}
        try:
            with unavailable():
                consumer = await self._joined()
                with suppress(TimeoutError):
                    # While the group rebalances, `getmany` alone would wait without a limit. It
                    # does not await between removing records and returning them, so that one cut
                    # short has removed none.
                    async with asyncio.timeout(timeout):
                        batches = await consumer.getmany(
                            timeout_ms=int(timeout * 1000), max_records=max_messages
                        )
                await self._ask_after_silence(consumer, got_messages=bool(batches))
        except BusUnavailable:
            await self.leave()
            raise
        for partition, records in batches.items():
            self._polled[partition] = records[-1].offset + 1
        return [_received(record) for records in batches.values() for record in records]

    async def commit(self) -> None:
        if self._consumer is None or not self._polled:
            return
        offsets = dict(self._polled)
        with unavailable(), suppress(CommitFailedError, IllegalStateError):  # these: no longer ours
            async with asyncio.timeout(self._timeout):
                await self._consumer.commit(offsets)
        for partition in offsets:
            self._polled.pop(partition, None)

    async def leave(self) -> None:
        consumer, self._consumer = self._consumer, None
        self._polled.clear()
        if consumer is not None:
            await stop(consumer, self._timeout)

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
                await stop(consumer, self._timeout)
                raise
            self._consumer = consumer
            self._last_answer_at = time.monotonic()
        return self._consumer

    async def _ask_after_silence(self, consumer: AIOKafkaConsumer, *, got_messages: bool) -> None:
        if not got_messages:
            if time.monotonic() < self._last_answer_at + _SILENCE_SECONDS:
                return
            async with asyncio.timeout(self._timeout):
                await consumer.topics()
        self._last_answer_at = time.monotonic()

    def _expect(self, present: set[str]) -> None:
        if missing := self._topics - present:
            raise BusUnavailable(f"not made yet: {', '.join(sorted(missing))}")
