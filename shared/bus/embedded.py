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
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

import asyncpg
from pydantic_core import from_json, to_json

from shared.bus import embedded_sql as sql
from shared.bus.limits import check_messages, check_topic
from shared.bus.protocol import BusUnavailable, Message, Position, Received, Subscription
from shared.connections import DEFAULT_LIMITS, END_SILENT_SESSIONS, Limits

_CHANNEL = "waterdesk_bus"
_LOOK_AGAIN_SECONDS = 1.0
_CLOSE_SECONDS = 5.0
_PRUNE_AT_ONCE = 1000
"""Messages of each topic."""

_END_OF_LOG = 2**63 - 1


async def _no_reset(_connection: object) -> None:
    """Nothing here leaves state in a session, so a reset (a round trip) is not needed."""


@contextmanager
def _unavailable() -> Iterator[None]:
    """Raise a transient error of the server as BusUnavailable."""
    try:
        yield
    except asyncpg.DataError:
        raise  # an InterfaceError too, but not one of the connection
    except (
        OSError,
        asyncpg.PostgresConnectionError,
        asyncpg.OperatorInterventionError,
        asyncpg.InsufficientResourcesError,
        asyncpg.PostgresSystemError,
        asyncpg.InterfaceError,
        # What the first use of a session gives whose server was killed.
        asyncpg.InternalClientError,
    ) as error:
        raise BusUnavailable(f"the bus's PostgreSQL: {type(error).__name__}: {error}") from error


def _received(topic: str, row: Any) -> Received:
    position, key, headers, value = row
    return Received(
        Message(topic, key, from_json(headers), value),
        Position(topic, partition=0, offset=position),
    )


class EmbeddedBus:
    """`url` is an asyncpg URL of an existing database, which the bus has to itself."""

    def __init__(self, url: str, limits: Limits = DEFAULT_LIMITS) -> None:
        self._url = url.replace("postgresql+asyncpg:", "postgresql:", 1)
        self._limits = limits
        self._pool: asyncpg.Pool | None = None

    async def start(self) -> None:
        """Connect and make the tables that are missing. Raises BusUnavailable."""
        with _unavailable():
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
                with suppress(BusUnavailable), _unavailable():
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
        member = _Member(self._url, group, topics, self._limits)
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
        yield _Rereader(self._connection, topic, row["id"], row["first"], row["behind_last"])

    async def prune(self, retention: timedelta) -> int:
        async with self._connection() as connection:
            pruned: int = await connection.fetchval(sql.PRUNE, retention, _PRUNE_AT_ONCE)
        return pruned

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[asyncpg.Connection]:
        """Raises BusUnavailable for errors of the server inside of it."""
        if self._pool is None:
            raise BusUnavailable("the bus is not started")
        with _unavailable():
            async with self._pool.acquire(timeout=self._limits.pool_wait) as connection:
                try:
                    yield connection
                except TimeoutError:
                    connection.terminate()  # else the pool waits for its answer once more
                    raise


class _Rereader:
    """Reads one stretch of a topic, outside any group."""

    def __init__(
        self,
        connection: Callable[[], AbstractAsyncContextManager[asyncpg.Connection]],
        topic: str,
        topic_id: int,
        first: int,
        behind_last: int,
    ) -> None:
        self._connection = connection
        self._topic = topic
        self._topic_id = topic_id
        self._next = first
        self._behind_last = behind_last

    async def poll(self, max_messages: int, timeout: float) -> Sequence[Received]:  # noqa: ARG002
        async with self._connection() as connection:
            rows = await connection.fetch(
                sql.READ, self._topic_id, self._next, self._behind_last, max_messages
            )
        if rows:
            self._next = rows[-1]["position"] + 1
        return [_received(self._topic, row) for row in rows]

    async def commit(self) -> None:
        return


class _Owned:
    """A topic whose lock this member's session holds."""

    def __init__(self, group_row: int, topic_id: int, topic: str, next_offset: int) -> None:
        self.group_row = group_row
        self.topic_id = topic_id
        self.topic = topic
        self.next_offset = next_offset
        self.committed = next_offset


class _Member:
    """One member of a group, on a session of its own (None: not connected)."""

    def __init__(self, url: str, group: str, topics: Sequence[str], limits: Limits) -> None:
        self._url = url
        self._limits = limits
        self._group = group
        self._topics = frozenset(topics)
        self._session: asyncpg.Connection | None = None
        self._owned: deque[_Owned] = deque()
        self._look_again = asyncio.Event()

    async def poll(self, max_messages: int, timeout: float) -> Sequence[Received]:
        clock = asyncio.get_running_loop()
        deadline = clock.time() + timeout
        while True:
            self._look_again.clear()
            with self._new_session_after_errors():
                received = await self._read(max_messages)
            wait = min(deadline - clock.time(), _LOOK_AGAIN_SECONDS)
            if received or wait <= 0:
                return received
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._look_again.wait()

    async def commit(self) -> None:
        if self._session is None or self._session.is_closed():
            return  # the locks went with the session
        moved = [owned for owned in self._owned if owned.next_offset > owned.committed]
        if not moved:
            return
        with self._new_session_after_errors():
            await self._session.execute(
                sql.COMMIT,
                [owned.group_row for owned in moved],
                [owned.next_offset for owned in moved],
            )
        for owned in moved:
            owned.committed = owned.next_offset

    async def leave(self) -> None:
        session, self._session = self._session, None
        if session is None or session.is_closed():
            return
        try:
            with suppress(BusUnavailable), _unavailable():
                # Those who stand by look again at once.
                await session.execute(f"SELECT pg_advisory_unlock_all(); NOTIFY {_CHANNEL}")
                await session.close(timeout=5)
        finally:
            session.terminate()

    @contextmanager
    def _new_session_after_errors(self) -> Iterator[None]:
        try:
            with _unavailable():
                yield
        except BusUnavailable:
            if self._session is not None:
                self._session.terminate()
            self._session = None
            raise

    async def _read(self, max_messages: int) -> list[Received]:
        session = await self._connected()
        if len(self._owned) < len(self._topics):
            await self._own_free_topics(session)
        self._owned.rotate(-1)  # no topic waits behind a busier one for ever
        read: list[tuple[_Owned, list[Any]]] = []
        room = max_messages
        for owned in self._owned:
            if room > 0:
                rows = await session.fetch(
                    sql.READ, owned.topic_id, owned.next_offset, _END_OF_LOG, room
                )
                read.append((owned, rows))
                room -= len(rows)
        # Only now, all at once: a read that is cancelled half way has not moved on.
        for owned, rows in read:
            if rows:  # not their number: the log may have been pruned since the last commit
                owned.next_offset = rows[-1]["position"] + 1
        return [_received(owned.topic, row) for owned, rows in read for row in rows]

    async def _connected(self) -> asyncpg.Connection:
        if self._session is None or self._session.is_closed():
            self._owned.clear()
            session = await asyncpg.connect(
                self._url,
                timeout=self._limits.silence / 2,
                command_timeout=self._limits.command_timeout,
                server_settings=self._limits.server_settings(),
            )
            try:
                await session.add_listener(_CHANNEL, self._on_notify)
            except BaseException:
                session.terminate()
                raise
            session.add_termination_listener(lambda _session: self._look_again.set())
            self._session = session
        return self._session

    def _on_notify(self, _session: object, _pid: int, _channel: str, topic: str) -> None:
        if not topic or topic in self._topics:
            self._look_again.set()

    async def _own_free_topics(self, session: asyncpg.Connection) -> None:
        free = sorted(self._topics - {owned.topic for owned in self._owned})
        await session.execute(sql.JOIN, self._group, free)
        for row in await session.fetch(sql.OWN, self._group, free):
            if row["mine"]:
                # Read only now: the owner before us may have committed until we had the lock.
                next_offset = await session.fetchval(
                    "SELECT next_offset FROM bus_group WHERE id = $1", row["id"]
                )
                self._owned.append(_Owned(row["id"], row["topic_id"], row["topic"], next_offset))
        if len(self._owned) < len(self._topics):
            await session.execute(END_SILENT_SESSIONS, self._limits.silence)
