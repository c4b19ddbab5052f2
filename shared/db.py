"""One service's database: its engine, and the one transaction of each unit of work."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Request
from pydantic_core import from_json
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.ext.asyncio import AsyncSession as CoreAsyncSession
from sqlalchemy.orm import Session as CoreSession
from sqlmodel import Session as ModelSession
from sqlmodel.ext.asyncio.session import AsyncSession as ModelAsyncSession

from shared.bus.outbox import Outbox
from shared.clock import Clock
from shared.plans import BY_INDEX


class _Session(ModelSession):
    execute = CoreSession.execute


class Session(ModelAsyncSession):
    """SQLModel's session: `exec` for models. SQLModel warns against `execute`; here it is plain
    SQLAlchemy, for the Core statements of the hot paths."""

    sync_session_class = _Session
    execute = CoreAsyncSession.execute


class Database:
    """`service` names the speaker of its events; `url` may leave out the driver."""

    def __init__(self, url: str, service: str, clock: Clock, *, pool_size: int = 8) -> None:
        self.service = service
        self.clock = clock
        self.engine = async_engine(url, pool_size=pool_size)
        self._each_by_itself = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        """The same connections without transactions: no BEGIN and ROLLBACK around a mere look."""
        self.relay_wanted = asyncio.Event()
        """Set when a unit of work has left events in the outbox."""

    @asynccontextmanager
    async def work(self) -> AsyncIterator[tuple[Session, Outbox]]:
        """State and outbox commit together at the end, or not at all."""
        async with Session(self.engine, expire_on_commit=False) as session:
            outbox = Outbox(source=f"/waterdesk/{self.service}")
            yield session, outbox
            spoke = bool(outbox.events)
            await outbox.flush(session, self.clock.now())
            await session.commit()
        if spoke:
            self.relay_wanted.set()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Session]:
        """A session that only looks."""
        async with Session(self._each_by_itself, expire_on_commit=False) as session:
            yield session

    def connect(self) -> AsyncConnection:
        """For `async with`: a connection whose statements commit each by itself."""
        return self._each_by_itself.connect()

    async def close(self) -> None:
        await self.engine.dispose()


def async_engine(url: str, *, pool_size: int = 8) -> AsyncEngine:
    return create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=False,
        pool_recycle=1800,
        json_deserializer=from_json,  # three times as fast as the json of Python
        connect_args={"server_settings": {"timezone": "UTC", "jit": "off", **BY_INDEX}},
    )


async def database_of(request: Request) -> Database:
    """FastAPI dependency: the database of the service that answers this request."""
    database = request.app.state.database
    assert isinstance(database, Database)
    return database
