"""Crash a piece of work between any two of its steps.

A step is a statement to a database, a commit, or a call to the bus. `Stepper` counts them and, at
the one asked for, ends the work as a killed process would: nothing after it runs.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from sqlalchemy import event

from shared.bus.protocol import Bus, Message, Received, Subscription
from shared.db import Database


class Killed(BaseException):
    """Not an Exception: no handler in the product may catch it, as none can catch SIGKILL."""


class Stepper:
    """`crash_at`: the number of the step before which to crash (1 is the first); 0 never."""

    def __init__(self, crash_at: int) -> None:
        self._crash_at = crash_at
        self.steps: list[str] = []

    def step(self, name: str) -> None:
        self.steps.append(name)
        if len(self.steps) == self._crash_at:
            raise Killed(name)

    @asynccontextmanager
    async def watching(self, *databases: Database) -> AsyncIterator["Stepper"]:
        """Count every statement and commit of these databases."""

        def on_statement(_c: object, _cursor: object, statement: str, *_: object) -> None:
            self.step(" ".join(statement.split())[:60])

        def on_commit(_connection: object) -> None:
            self.step("COMMIT")

        engines = [database.engine.sync_engine for database in databases]
        for engine in engines:
            event.listen(engine, "before_cursor_execute", on_statement)
            event.listen(engine, "commit", on_commit)
        try:
            yield self
        finally:
            for engine in engines:
                event.remove(engine, "before_cursor_execute", on_statement)
                event.remove(engine, "commit", on_commit)


class SteppedBus:
    """A bus whose calls are steps: before each, and after each (its answer was lost)."""

    def __init__(self, bus: Bus, stepper: Stepper) -> None:
        self._bus = bus
        self._stepper = stepper

    async def start(self) -> None:
        await self._bus.start()

    async def close(self) -> None:
        await self._bus.close()

    async def ensure_topics(self, topics: Sequence[str]) -> None:
        await self._bus.ensure_topics(topics)

    async def publish(self, messages: Sequence[Message]) -> None:
        self._stepper.step("before publish")
        await self._bus.publish(messages)
        self._stepper.step("after publish")

    @asynccontextmanager
    async def subscribe(self, group: str, topics: Sequence[str]) -> AsyncIterator[Subscription]:
        async with self._bus.subscribe(group, topics) as subscription:
            yield _SteppedSubscription(subscription, self._stepper)

    async def prune(self, retention: timedelta) -> int:
        return await self._bus.prune(retention)

    @asynccontextmanager
    async def read_from(self, topic: str, since: datetime | None) -> AsyncIterator[Subscription]:
        async with self._bus.read_from(topic, since) as subscription:
            yield subscription


class _SteppedSubscription:
    def __init__(self, subscription: Subscription, stepper: Stepper) -> None:
        self._subscription = subscription
        self._stepper = stepper

    async def poll(self, max_messages: int, timeout: float) -> Sequence[Received]:
        received = await self._subscription.poll(max_messages, timeout)
        if received:
            self._stepper.step("after poll")
        return received

    async def commit(self) -> None:
        self._stepper.step("before offset commit")
        await self._subscription.commit()
        self._stepper.step("after offset commit")
