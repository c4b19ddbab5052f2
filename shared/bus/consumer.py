"""From the bus to the handlers: every event's effects happen once, in order for each key.

A batch is one transaction. If it fails for a reason that passes, it is tried again until it works;
else its events are tried one by one, and one that cannot work is parked with all that follows of
its key, so that the others go on.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.bus import parking
from shared.bus.backoff import Backoff, wait_out
from shared.bus.batching import grouped_by_handler
from shared.bus.inbox import first_heard
from shared.bus.outbox import Outbox
from shared.bus.protocol import Bus, Message, Received, Subscription
from shared.bus.transient_errors import is_transient
from shared.db import Database
from shared.events.event import Envelope, Event, from_message
from shared.progress import Progress
from shared.telemetry import continue_trace

Handler = Callable[[AsyncSession, Outbox, Sequence[Envelope[Any]], datetime], Awaitable[None]]
"""Gets all events of its types in a wave, in order for each key, and `now`. Never commits."""

_BATCH = 500
_POLL_SECONDS = 0.5

log = structlog.get_logger(__name__)


class Consumer:
    """One service's ear. `name` is the consumer group and the inbox's name."""

    def __init__(
        self,
        name: str,
        database: Database,
        bus: Bus,
        topics: Sequence[str],
        handlers: Mapping[type[Event], Handler],
    ) -> None:
        self.name = name
        self.topics = topics
        self._database = database
        self.bus = bus
        self.progress = Progress("consumer")
        self._handlers = handlers
        self._classes = {event_class.type: event_class for event_class in handlers}

    async def run(self, stopping: asyncio.Event) -> None:
        """Consume until `stopping`. A bus or database that is away is waited for."""
        backoff = Backoff()
        while not stopping.is_set():
            try:
                async with self.bus.subscribe(self.name, self.topics) as subscription:
                    while not stopping.is_set():
                        await self.take_next(subscription, stopping)
                        self.progress.succeeded()
                        backoff.reset()
            except Exception as error:
                if not is_transient(error):
                    raise
                await wait_out(error, stopping, backoff, log, "consumer_waits", consumer=self.name)

    async def take_next(self, subscription: Subscription, stopping: asyncio.Event) -> int:
        """Poll once and do what came, moving the offset only after the commit. Returns how many."""
        received = await subscription.poll(_BATCH, _POLL_SECONDS)
        if not received:
            return 0
        backoff = Backoff()
        while not stopping.is_set():
            try:
                await self.take(received)
            except Exception as error:
                if not is_transient(error):
                    raise
                await wait_out(error, stopping, backoff, log, "consumer_waits", consumer=self.name)
            else:
                await subscription.commit()
                return len(received)
        return 0

    async def take(self, received: Sequence[Received]) -> None:
        """Do what these events ask for, once. Raises only what passes by itself."""
        messages = [item.message for item in received if self._is_for_us(item.message)]
        if not messages:
            return
        try:
            await self._in_one_transaction(messages)
        except Exception as error:
            if is_transient(error):
                raise
            for message in messages:
                await self._alone(message)

    def _is_for_us(self, message: Message) -> bool:
        return message.headers.get("ce_type") in self._classes and "ce_id" in message.headers

    async def _in_one_transaction(self, messages: Sequence[Message]) -> None:
        now = self._database.clock.now()
        async with self._database.work() as (session, outbox):
            unheard = await first_heard(
                session, self.name, [message.event_id for message in messages], now
            )
            fresh: dict[str, Message] = {}
            for message in messages:
                if message.event_id in unheard:
                    fresh.setdefault(message.event_id, message)
            if not fresh:
                return
            # Only after the inbox: what another replica has parked meanwhile is visible by now.
            blocked = await parking.blocked_keys(
                session, self.name, {message.key for message in fresh.values()}
            )
            behind = [message for message in fresh.values() if message.key in blocked]
            if behind:
                await parking.park(session, self.name, behind, parking.BEHIND, now)
            workable = [message for message in fresh.values() if message.key not in blocked]
            await self._handle(session, outbox, workable, now)

    async def _handle(
        self,
        session: AsyncSession,
        outbox: Outbox,
        messages: Sequence[Message],
        now: datetime,
    ) -> None:
        if messages:
            # Effects of a batch share one transaction and so one trace: its first event's.
            continue_trace(messages[0].headers.get("traceparent"))
        heard: list[Envelope[Event]] = [
            from_message(message, self._classes[message.headers["ce_type"]]) for message in messages
        ]
        for handle, events in grouped_by_handler(heard, self._handlers):
            await handle(session, outbox, events, now)

    async def _alone(self, message: Message) -> None:
        try:
            await self._in_one_transaction([message])
        except Exception as error:
            if is_transient(error):
                raise
            log.exception(
                "event_parked", consumer=self.name, event_id=message.event_id, key=message.key
            )
            now = self._database.clock.now()
            async with self._database.work() as (session, _):
                if await first_heard(session, self.name, [message.event_id], now):
                    await parking.park(session, self.name, [message], type(error).__name__, now)

    async def release(self, key: str) -> int:
        """Try a key's parked events again, in order, each in its own transaction.

        Returns how many worked; stops at the first that fails again, which stays parked with the
        rest. Raises what passes by itself.
        """
        released = 0
        while True:
            parked_id = None
            try:
                async with self._database.work() as (session, outbox):
                    await parking.lock_parked_key(session, self.name, key)
                    first = await parking.first_parked(session, self.name, key)
                    if first is None:
                        return released
                    parked_id, message = first
                    await parking.forget_parked(session, parked_id)
                    now = self._database.clock.now()
                    await self._handle(session, outbox, [message], now)
            except Exception as error:
                if parked_id is None or is_transient(error):
                    raise
                log.exception("event_fails_again", consumer=self.name, key=key)
                async with self._database.work() as (session, _):
                    await parking.failed_again(session, parked_id, type(error).__name__)
                return released
            released += 1

    async def drop(self, key: str) -> bool:
        """Give up a key's first parked event, by a person's decision. False: nothing is parked."""
        async with self._database.work() as (session, _):
            await parking.lock_parked_key(session, self.name, key)
            first = await parking.first_parked(session, self.name, key)
            if first is None:
                return False
            await parking.forget_parked(session, first[0])
            log.warning(
                "parked_event_dropped", consumer=self.name, key=key, event_id=first[1].event_id
            )
            return True
