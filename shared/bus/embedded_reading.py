"""Reading the log in PostgreSQL: as a member of a group, or one stretch of it again."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import asyncpg
from pydantic_core import from_json

from shared.bus import embedded_sql as sql
from shared.bus.protocol import BusUnavailable, Message, Position, Received
from shared.connections import END_SILENT_SESSIONS, Limits

_LOOK_AGAIN_SECONDS = 1.0
_END_OF_LOG = 2**63 - 1


@contextmanager
def unavailable() -> Iterator[None]:
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


@dataclass(slots=True)
class Rereader:
    """Reads one stretch of a topic, outside any group."""

    _connection: Callable[[], AbstractAsyncContextManager[asyncpg.Connection]]
    _topic: str
    _topic_id: int
    _next: int
    _behind_last: int

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


class GroupMember:
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
            with suppress(BusUnavailable), unavailable():
                # Those who stand by look again at once.
                await session.execute(f"SELECT pg_advisory_unlock_all(); NOTIFY {sql.CHANNEL}")
                await session.close(timeout=5)
        finally:
            session.terminate()

    @contextmanager
    def _new_session_after_errors(self) -> Iterator[None]:
        try:
            with unavailable():
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
                await session.add_listener(sql.CHANNEL, self._on_notify)
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
