"""From the outbox to the bus: in order, at least once, one relay per service at a time."""

import asyncio
from typing import Any

import structlog
from sqlalchemy import BigInteger, Row, any_, bindparam, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.advisory_locks import AdvisoryLock
from shared.bus.backoff import Backoff, wait_for, wait_out
from shared.bus.protocol import Bus, Message
from shared.bus.tables import outbox, outbox_unsent
from shared.bus.transient_errors import is_transient
from shared.db import Database
from shared.events.event import sequence_header
from shared.progress import Progress
from shared.sql import any_of

_BATCH = 1000
_LOOK_EVERY_SECONDS = 0.25
"""How soon a relay sees what another replica left in the outbox (its own wakes it at once)."""
_STAND_BY_SECONDS = 1.0
"""How often a replica that does not relay tries to take over."""
_unsent = (
    select(outbox_unsent.c.id)
    .order_by(outbox_unsent.c.id)
    .limit(bindparam("limit"))
    .scalar_subquery()
)
# An array and not a join: a plan that merges the two tables would read all that was ever sent.
_OLDEST_UNSENT = (
    select(outbox.c.id, outbox.c.topic, outbox.c.key, outbox.c.headers, outbox.c.value)
    .where(outbox.c.id == any_(func.array(_unsent)))
    .order_by(outbox.c.id)
)
_SENT = delete(outbox_unsent).where(outbox_unsent.c.id == any_of("sent", BigInteger))

log = structlog.get_logger(__name__)


async def relay_batch(connection: AsyncConnection, bus: Bus, limit: int = _BATCH) -> int:
    """Send the oldest events and note that they are sent. Returns how many.

    `connection`: see Database.connect. Killed before they are noted, the same events are sent
    again; every inbox knows them. Raises BusUnavailable and the database's errors; nothing is lost
    by either.
    """
    rows = (await connection.execute(_OLDEST_UNSENT, {"limit": limit})).all()
    if not rows:
        return 0
    await bus.publish([message_of(row) for row in rows])
    await connection.execute(_SENT, {"sent": [row.id for row in rows]})
    return len(rows)


def message_of(row: Row[Any]) -> Message:
    """A row of the outbox as it travels: its id is the event's sequence."""
    return Message(row.topic, row.key, {**row.headers, **sequence_header(row.id)}, row.value)


async def run_relay(
    database: Database, bus: Bus, stopping: asyncio.Event, progress: Progress
) -> None:
    """Relay until `stopping`; no error ends it. One replica holds the lock and the others stand by:
    a killed relay is followed within a second, a frozen one when its session has been ended (see
    shared/connections.py). When it wakes it may send its batch once more; every inbox knows it."""
    backoff = Backoff()
    while not stopping.is_set():
        try:
            async with database.connect() as connection:
                await _relay_while_locked(connection, database, bus, stopping, backoff, progress)
        except Exception as error:  # noqa: BLE001 - reported and waited out
            if is_transient(error):
                progress.failed(error)
            else:
                progress.stopped(error)
            await wait_out(error, stopping, backoff, log, "relay_waits", service=database.service)


async def _relay_while_locked(
    connection: AsyncConnection,
    database: Database,
    bus: Bus,
    stopping: asyncio.Event,
    backoff: Backoff,
    progress: Progress,
) -> None:
    lock = select(func.pg_try_advisory_lock(AdvisoryLock.RELAY, 0))
    while not (await connection.execute(lock)).scalar_one():
        if await wait_for(stopping, _STAND_BY_SECONDS):
            return
        progress.succeeded()  # another replica relays
    try:
        while not stopping.is_set():
            database.relay_wanted.clear()
            sent = await relay_batch(connection, bus)
            progress.succeeded()
            backoff.reset()
            if sent < _BATCH:  # what has come meanwhile has set relay_wanted again
                await wait_for(database.relay_wanted, _LOOK_EVERY_SECONDS)
    finally:
        # A pooled connection outlives this function: without this the lock would outlive it too.
        await connection.invalidate()
