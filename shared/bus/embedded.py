"""The bus as a log in PostgreSQL: one process or many, no broker to run.

**Order.** In PostgreSQL a row with a lower number may become visible after one with a higher:
numbers are drawn when a transaction writes, rows appear when it commits. A reader that remembers
"seen up to 7" would then skip a 6 that commits late. So an append first draws its offsets from the
topic's own row, which stays locked until the commit: appends to one topic wait for each other,
offsets have no gaps, and their order *is* the commit order.

**Membership.** A topic is one partition (0). Of a group's members one owns it and the others stand
by, by an advisory lock on the owner's session. When that session ends, for whatever reason, the
server frees the lock at once; those who stand by end a session that has said nothing for too long
(shared/connections.py). Offsets are committed on the very session that holds the lock, so one who
has lost the partition cannot move them any more.

**Waking.** Every append sends NOTIFY; a reader that waits looks again then, and once a second.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta

import asyncpg
from pydantic_core import to_json

from shared.bus import embedded_sql as sql
from shared.bus.embedded_reading import GroupMember, Rereader, unavailable
from shared.bus.limits import check_messages, check_topic
from shared.bus.protocol import BusUnavailable, Message, Subscription
from shared.connections import DEFAULT_LIMITS, Limits

_CLOSE_SECONDS = 5.0
_PRUNE_AT_ONCE = 1000
"""Messages of each topic."""


async def _no_reset(_connection: object) -> None:
    """Nothing here leaves state in a session, so a reset (a round trip) is not needed."""


class EmbeddedBus:
    """`url` is an asyncpg URL of an existing database, which the bus has to itself."""

    def __init__(self, url: str, limits: Limits = DEFAULT_LIMITS) -> None:
        self._url = url.replace("postgresql+asyncpg:", "postgresql:", 1)
        self._limits = limits
        self._pool: asyncpg.Pool | None = None

    async def start(self) -> None:
        """Connect and make the tables that are missing. Raises BusUnavailable."""
        with unavailable():
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self._url,
                    min_size=0,
                    max_size=4,
                    timeout=self._limits.silence / 2,
                    command_timeout=self._limits.command_timeout,
                    # "Stored" means on the disk.
                    server_settings=self._limits.server_settings() | {"synchronous_commit": "on"},
                    reset=_no_reset,
                )
            async with self._connection() as connection, connection.transaction():
                await connection.execute(sql.SCHEMA)

    async def close(self) -> None:
        if self._pool is not None:
            pool, self._pool = self._pool, None
            try:
                with suppress(BusUnavailable), unavailable():
                    async with asyncio.timeout(_CLOSE_SECONDS):
                        await pool.close()
            finally:
                pool.terminate()

    async def ensure_topics(self, topics: Sequence[str]) -> None:
        for topic in topics:
            check_topic(topic)
        async with self._connection() as connection:
            await connection.execute(
                "INSERT INTO bus_topic (name) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING",
                sorted(set(topics)),
            )

    async def publish(self, messages: Sequence[Message]) -> None:
        """One statement per topic. Raises ValueError (see limits) before storing anything."""
        check_messages(messages)
        by_topic: dict[str, list[Message]] = defaultdict(list)
        for message in messages:
            by_topic[message.topic].append(message)
        for topic, of_topic in by_topic.items():
            async with self._connection() as connection:
                known = await connection.fetch(
                    sql.APPEND,
                    topic,
                    [message.key for message in of_topic],
                    [to_json(dict(message.headers)).decode() for message in of_topic],
                    [message.value for message in of_topic],
                )
            if not known:
                raise BusUnavailable(f"the topic {topic} has not been made")

    @asynccontextmanager
    async def subscribe(self, group: str, topics: Sequence[str]) -> AsyncIterator[Subscription]:
        member = GroupMember(self._url, group, topics, self._limits)
        try:
            yield member
        finally:
            await member.leave()

    @asynccontextmanager
    async def read_from(self, topic: str, since: datetime | None) -> AsyncIterator[Subscription]:
        async with self._connection() as connection:
            row = await connection.fetchrow(sql.STRETCH, topic, since)
        if row is None:
            raise BusUnavailable(f"the topic {topic} has not been made")
        yield Rereader(self._connection, topic, row["id"], row["first"], row["behind_last"])

    async def prune(self, retention: timedelta) -> int:
        async with self._connection() as connection:
            pruned: int = await connection.fetchval(sql.PRUNE, retention, _PRUNE_AT_ONCE)
        return pruned

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[asyncpg.Connection]:
        """Raises BusUnavailable for errors of the server inside of it."""
        if self._pool is None:
            raise BusUnavailable("the bus is not started")
        with unavailable():
            async with self._pool.acquire(timeout=self._limits.pool_wait) as connection:
                try:
                    yield connection
                except TimeoutError:
                    connection.terminate()  # else the pool waits for its answer once more
                    raise
