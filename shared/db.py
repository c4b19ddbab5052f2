"""One service's database: its engine, and the one transaction of each unit of work."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, TypeVar

from fastapi import Depends, Request
from pydantic_core import from_json
from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.ext.asyncio import AsyncSession as CoreAsyncSession
from sqlalchemy.orm import Session as CoreSession
from sqlmodel import Session as ModelSession
from sqlmodel.ext.asyncio.session import AsyncSession as ModelAsyncSession
from tenacity import (
    AsyncRetrying,
    retry_if_exception,
    stop_after_attempt,
    wait_random_exponential,
)

from shared.bus.outbox import Outbox
from shared.bus.transient_errors import is_conflict
from shared.clock import Clock
from shared.connections import DEFAULT_LIMITS, END_SILENT_SESSIONS, Limits

T = TypeVar("T")
_ATTEMPTS = 5
"""How often one command is run where it meets a deadlock each time."""


class _Session(ModelSession):
    execute = CoreSession.execute


class Session(ModelAsyncSession):
    """SQLModel's session: `exec` for models. SQLModel warns against `execute`; here it is plain
    SQLAlchemy, for the Core statements of the hot paths."""

    sync_session_class = _Session
    execute = CoreAsyncSession.execute


class Database:
    """`service` names the source of its events; `url` may leave out the driver."""

    def __init__(
        self, url: str, service: str, clock: Clock, *, limits: Limits = DEFAULT_LIMITS
    ) -> None:
        self.service = service
        self.clock = clock
        self.limits = limits
        self.engine = async_engine(url, limits)
        self._autocommit = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        """The same pool without transactions: no BEGIN and ROLLBACK around a mere query."""
        self.relay_wanted = asyncio.Event()
        """Set when a unit of work has left events in the outbox."""

    @asynccontextmanager
    async def work(self) -> AsyncIterator[tuple[Session, Outbox]]:
        """State and outbox commit together at the end, or not at all."""
        async with Session(self.engine, expire_on_commit=False) as session:
            outbox = Outbox(source=f"/waterdesk/{self.service}")
            yield session, outbox
            recorded = bool(outbox.events)
            await outbox.flush(session, self.clock.now())
            await session.commit()
        if recorded:
            self.relay_wanted.set()

    async def in_transaction(self, action: Callable[[Session, Outbox], Awaitable[T]]) -> T:
        """Run `action` in one unit of work; for commands over HTTP.

        Where PostgreSQL ends it for a deadlock or a serialization failure, it runs again from the
        beginning, five times at most; then the error is raised. So `action` changes nothing but
        what it does through its session and outbox.
        """
        async for attempt in AsyncRetrying(
            retry=retry_if_exception(is_conflict),
            stop=stop_after_attempt(_ATTEMPTS),
            wait=wait_random_exponential(multiplier=0.02, max=0.3),
            reraise=True,
        ):
            with attempt:
                async with self.work() as (session, outbox):
                    result = await action(session, outbox)
        return result

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Session]:
        """A session for queries."""
        async with Session(self._autocommit, expire_on_commit=False) as session:
            yield session

    def connect(self) -> AsyncConnection:
        """For `async with`: a connection whose statements commit each by itself."""
        return self._autocommit.connect()

    async def end_silent_sessions(self) -> int:
        """See END_SILENT_SESSIONS. Returns how many it ended, of whichever process."""
        async with self.connect() as connection:
            ended = await connection.exec_driver_sql(END_SILENT_SESSIONS, (self.limits.silence,))
            return int(ended.scalar_one())

    async def close(self) -> None:
        await self.engine.dispose()


def async_engine(url: str, limits: Limits = DEFAULT_LIMITS) -> AsyncEngine:
    """`url` may leave out the driver. Errors of its statements never hold their parameters, which
    may be personal."""
    engine = create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"),
        pool_size=limits.pool_size,
        max_overflow=limits.pool_overflow,
        pool_timeout=limits.pool_wait,
        pool_recycle=300,  # with it go plans that PostgreSQL has kept for tables that grew
        hide_parameters=True,
        json_deserializer=from_json,  # three times as fast as the json of Python
        connect_args={
            "timeout": limits.silence / 2,
            "command_timeout": limits.command_timeout,
            "server_settings": limits.server_settings(),
        },
    )
    event.listen(engine.sync_engine, "handle_error", _drop_a_silent_connection)
    return engine


def _drop_a_silent_connection(context: ExceptionContext) -> None:
    """The command timeout has passed without an answer: neither this connection nor the others of
    the pool are used again. Without this, the rollback waits on the same connection once more."""
    if isinstance(context.original_exception, TimeoutError):
        context.is_disconnect = True


async def database_of(request: Request) -> Database:
    """FastAPI dependency: the database of the service that answers this request."""
    database = request.app.state.database
    assert isinstance(database, Database)
    return database


DatabaseHere = Annotated[Database, Depends(database_of)]
"""For a route's parameter."""
