"""From the bus to the handlers: every event's effects happen once, in order for each key.

A batch is one transaction. If it fails for a reason that no event is to blame for (see must_wait),
the same batch is tried again until it works. Else its events are tried one by one; one that cannot
be handled is parked, with all that follows of its key, and the others go on.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.bus import parking
from shared.bus.backoff import Backoff, wait_for, wait_out
from shared.bus.batching import grouped_by_handler
from shared.bus.inbox import enter_new
from shared.bus.outbox import Outbox
from shared.bus.protocol import Bus, Message, Received, Subscription
from shared.bus.transient_errors import NotYetKnown, is_transient, must_wait
from shared.db import Database
from shared.events import catalogue
from shared.events.event import Envelope, Event, from_message
from shared.progress import Progress
from shared.telemetry import continue_trace

Handler = Callable[[AsyncSession, Outbox, Sequence[Envelope[Any]], datetime], Awaitable[None]]
"""Gets all events of its types in a group, in order for each key, and `now`. Never commits."""

_BATCH = 500
_POLL_SECONDS = 0.5
_RETRY_WAITING_SECONDS = 30.0
"""How often events that wait for another are tried, besides when that one has been handled: two
replicas that handle the two at the same moment do not see what the other does."""
_WAITING_AT_ONCE = 50
_LONGEST_NAME = 500
"""Characters of an event's id and key that still fit the indexes; a stranger may send longer."""
_MOST_UNKNOWN_TYPES = 100
_KNOWN_TYPES = frozenset(event_class.type for event_class in catalogue.ALL)

log = structlog.get_logger(__name__)


class Consumer:
    """One service's consumer. `name` is the consumer group and the inbox's name."""

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
        self.unknown_types: Counter[str] = Counter()
        """How many messages of each type this code knows nothing of were passed over."""
        self._handlers = handlers
        self._classes = {event_class.type: event_class for event_class in handlers}
        self._retry_waiting_at = 0.0

    async def run(self, stopping: asyncio.Event) -> None:
        """Consume until `stopping`; no error ends it: `progress` tells why it stands still."""
        backoff = Backoff()
        while not stopping.is_set():
            try:
                async with self.bus.subscribe(self.name, self.topics) as subscription:
                    while not stopping.is_set():
                        await self.poll_once(subscription, stopping)
                        self.progress.succeeded()
                        backoff.reset()
                        if monotonic() >= self._retry_waiting_at:
                            await self.retry_waiting()
            except Exception as error:  # noqa: BLE001 - reported and waited out
                await self._wait_out(error, stopping, backoff)

    async def poll_once(self, subscription: Subscription, stopping: asyncio.Event) -> int:
        """Poll and handle what came; the offset moves only after the commit. Returns how many."""
        received = await subscription.poll(_BATCH, _POLL_SECONDS)
        backoff = Backoff()
        while received and not stopping.is_set():
            try:
                await self.handle(received)
            except Exception as error:  # noqa: BLE001 - reported and waited out
                await self._wait_out(error, stopping, backoff)
            else:
                await subscription.commit()
                return len(received)
        return 0

    async def _wait_out(self, error: Exception, stopping: asyncio.Event, backoff: Backoff) -> None:
        if is_transient(error):
            self.progress.failed(error)
            await wait_out(error, stopping, backoff, log, "consumer_waits", consumer=self.name)
        else:
            self.progress.stopped(error)
            await wait_for(stopping, backoff.next_delay())

    async def handle(self, received: Sequence[Received]) -> None:
        """Handle these events once. Raises only what no event is to blame for (see must_wait)."""
        messages = [item.message for item in received if self._is_for_us(item.message)]
        if not messages:
            return
        try:
            waiting = await self._in_one_transaction(messages)
        except Exception as error:
            if must_wait(error):
                raise
            waiting = set()
            for message in messages:
                waiting |= await self._alone(message)
        await self._release_all(waiting)

    def _is_for_us(self, message: Message) -> bool:
        event_type = message.headers.get("ce_type", "")
        if event_type not in self._classes:
            if event_type not in _KNOWN_TYPES:
                self._note_unknown(event_type)
            return False
        names = (message.headers.get("ce_id", ""), message.key)
        text = "".join((message.key, *message.headers, *message.headers.values()))
        if all(0 < len(name) <= _LONGEST_NAME for name in names) and "\0" not in text:
            return True
        self._note_unknown(event_type)  # PostgreSQL could not even park it
        return False

    def _note_unknown(self, event_type: str) -> None:
        """Logged once a type, as the sender may be newer than we are; counted each time."""
        if event_type not in self.unknown_types:
            if len(self.unknown_types) == _MOST_UNKNOWN_TYPES:
                event_type = "others"
            log.warning("unknown_event_type", consumer=self.name, type=event_type[:_LONGEST_NAME])
        self.unknown_types[event_type] += 1

    async def _in_one_transaction(self, messages: Sequence[Message]) -> set[str]:
        """Returns the keys whose parked events wait for one of these."""
        now = self._database.clock.now()
        async with self._database.work() as (session, outbox):
            new = await enter_new(
                session, self.name, [message.event_id for message in messages], now
            )
            fresh: dict[str, Message] = {}
            for message in messages:
                if message.event_id in new:
                    fresh.setdefault(message.event_id, message)
            if not fresh:
                return set()
            # Only after the inbox: what another replica has parked meanwhile is visible by now.
            parked = await parking.parked_concerning(session, self.name, fresh.values())
            behind = [message for message in fresh.values() if parked.is_behind(message)]
            if behind:
                await parking.park(session, self.name, behind, parking.BEHIND, now)
            free = [message for message in fresh.values() if not parked.is_behind(message)]
            await self._call_handlers(session, outbox, free, now)
            return set(parked.waiting_keys) if free else set()

    async def _call_handlers(
        self,
        session: AsyncSession,
        outbox: Outbox,
        messages: Sequence[Message],
        now: datetime,
    ) -> None:
        if not messages:
            return
        envelopes: list[Envelope[Event]] = [
            from_message(message, self._classes[message.headers["ce_type"]]) for message in messages
        ]
        # For what follows from none of these events in particular; else see Outbox.add.
        continue_trace(envelopes[0].traceparent)
        outbox.follow({envelope.data.key: envelope.traceparent for envelope in envelopes})
        for handle, events in grouped_by_handler(envelopes, self._handlers):
            await handle(session, outbox, events, now)

    async def _alone(self, message: Message) -> set[str]:
        try:
            return await self._in_one_transaction([message])
        except Exception as error:
            if must_wait(error):
                raise
            self._log_parked("event_parked", message, error)
            cause, waits_for = parking.cause_of(error)
            now = self._database.clock.now()
            async with self._database.work() as (session, _):
                if await enter_new(session, self.name, [message.event_id], now):
                    await parking.park(
                        session, self.name, [message], cause, now, waits_for=waits_for
                    )
            return set()

    def _log_parked(self, event: str, message: Message, error: Exception) -> None:
        noted = {"consumer": self.name, "event_id": message.event_id, "key": message.key}
        if isinstance(error, NotYetKnown):
            log.info("event_waits", waits_for=error.key, **noted)
        else:
            log.error(event, exc_info=error, **noted)

    async def release(self, key: str) -> int:
        """Try a key's parked events again, each in a transaction of its own, in order of sequence;
        then what waits for them. Returns how many were handled.

        The first of a topic that fails again stays parked, with the rest of that topic. Raises only
        what no event is to blame for.
        """
        return await self._release_all({key})

    async def _release_all(self, keys: Collection[str]) -> int:
        released = 0
        to_try = sorted(keys)
        while to_try:
            key = to_try.pop()
            handled, waiting = await self._release_key(key)
            released += handled
            to_try += sorted(waiting - set(to_try))
        return released

    async def _release_key(self, key: str) -> tuple[int, set[str]]:
        """Returns how many were handled, and the keys whose parked events wait for them."""
        handled = 0
        waiting: set[str] = set()
        failed: dict[str, Exception] = {}
        while True:
            first = None
            try:
                async with self._database.work() as (session, outbox):
                    await parking.lock_parked_key(session, self.name, key)
                    line = await parking.first_of_each_topic(session, self.name, key)
                    first = next((one for one in line if one.message.topic not in failed), None)
                    if first is None:
                        return handled, waiting
                    await parking.forget_parked(session, first.id)
                    now = self._database.clock.now()
                    await self._call_handlers(session, outbox, [first.message], now)
                    parked = await parking.parked_concerning(session, self.name, [first.message])
            except Exception as error:
                if first is None or must_wait(error):
                    raise
                self._log_parked("event_fails_again", first.message, error)
                failed[first.message.topic] = error
                now = self._database.clock.now()
                async with self._database.work() as (session, _):
                    await parking.failed_again(session, first.id, error, now)
            else:
                handled += 1
                failed = {
                    topic: error
                    for topic, error in failed.items()
                    if not isinstance(error, NotYetKnown)  # else it may be known by now
                }
                waiting |= parked.waiting_keys - {key}

    async def retry_waiting(self) -> None:
        """Try parked events that wait for another one, those tried longest ago first."""
        self._retry_waiting_at = monotonic() + _RETRY_WAITING_SECONDS
        tried_before = self._database.clock.now() - timedelta(seconds=_RETRY_WAITING_SECONDS / 2)
        async with self._database.reading() as session:
            keys = await parking.waiting_keys(
                session, self.name, tried_before, limit=_WAITING_AT_ONCE
            )
        await self._release_all(keys)

    async def drop(self, key: str) -> int:
        """Give up a key's first parked event, by a person's decision, and go on with the rest.

        Returns how many of the rest were handled. Raises LookupError where nothing is parked, else
        only what no event is to blame for.
        """
        async with self._database.work() as (session, _):
            await parking.lock_parked_key(session, self.name, key)
            line = await parking.first_of_each_topic(session, self.name, key)
            if not line:
                raise LookupError(key)
            await parking.forget_parked(session, line[0].id)
        log.warning(
            "parked_event_dropped",
            consumer=self.name,
            key=key,
            event_id=line[0].message.event_id,
        )
        return await self.release(key)
