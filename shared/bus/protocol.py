"""The one small interface of the bus. Every implementation passes tests/contract/test_bus.py."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol


class BusUnavailable(Exception):
    """The bus cannot be reached now; nothing was lost, try again."""


class Message(NamedTuple):
    """One event on its way: CloudEvents 1.0 in binary mode."""

    topic: str
    key: str
    """The id of the complaint or work order it is about: messages of one key stay in order."""
    headers: Mapping[str, str]
    """`ce_id`, `ce_type`, `ce_source`, `ce_time`, `ce_sequence`, `ce_specversion`, `content-type`,
    `traceparent`."""
    value: bytes

    @property
    def event_id(self) -> str:
        return self.headers["ce_id"]


@dataclass(frozen=True, slots=True)
class Position:
    """Where a message stands in its topic."""

    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Received:
    """A message and where it was read."""

    message: Message
    position: Position


class Subscription(Protocol):
    """One member of a consumer group. Not safe for concurrent calls."""

    async def poll(self, max_messages: int, timeout: float) -> Sequence[Received]:
        """The next messages, in order per key; empty after `timeout` seconds without any.

        Polling again goes on behind what was returned, committed or not. Raises BusUnavailable.
        """
        ...

    async def commit(self) -> None:
        """Move the group's offset behind everything polled so far. Raises BusUnavailable.

        Where the partitions have meanwhile gone to another member this does nothing: that member
        reads the same messages again, and its inbox knows them.
        """
        ...


class Bus(Protocol):
    async def start(self) -> None: ...

    async def close(self) -> None: ...

    async def ensure_topics(self, topics: Sequence[str]) -> None:
        """Make the topics that are missing. Safe to call from every replica at once."""
        ...

    async def publish(self, messages: Sequence[Message]) -> None:
        """Returns when every message is durably stored, in the given order per key.

        Raises BusUnavailable: any part of them may have been stored, so publish the same again.
        """
        ...

    def subscribe(
        self, group: str, topics: Sequence[str]
    ) -> AbstractAsyncContextManager[Subscription]:
        """Join a consumer group; a new group starts at the oldest message."""
        ...

    def read_from(
        self, topic: str, since: datetime | None
    ) -> AbstractAsyncContextManager[Subscription]:
        """Read a topic again outside any group, from the first message stored at or after `since`
        (None: the oldest) up to what was the end when called; `poll` then stays empty and
        `commit` does nothing."""
        ...

    async def prune(self, retention: timedelta) -> int:
        """Forget some messages that were stored longer ago. Returns how many; call again while
        there were any. Zero where the broker does this by itself. Raises BusUnavailable."""
        ...
