"""Events recorded in the business transaction: they leave if, and only if, it commits."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from zlib import crc32

from sqlalchemy import ARRAY, Integer, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.advisory_locks import AdvisoryLock
from shared.bulk_insert import bulk_insert
from shared.bus.limits import check_messages
from shared.bus.tables import outbox as outbox_table
from shared.events.event import Event, to_message
from shared.ids import new_ids
from shared.telemetry import current_traceparent

_STRIPES = 1024
_HOLD_KEYS = select(
    func.pg_advisory_xact_lock(
        AdvisoryLock.OUTBOX_KEY, func.unnest(bindparam("stripes", type_=ARRAY(Integer)))
    )
)


class Outbox:
    """The events of one unit of work. `flush` belongs to the entry point, before its commit."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._added: list[tuple[Event, str | None]] = []
        self._traceparents: Mapping[str, str] = {}

    def follow(self, traceparents: Mapping[str, str]) -> None:
        """What this unit of work handles: key of each consumed event → its traceparent."""
        self._traceparents = traceparents

    def add(self, event: Event, *, caused_by: str | None = None) -> None:
        """`caused_by`: the key of the consumed event this one follows from; None: its own key.
        The new event goes on with that event's trace."""
        self._added.append((event, caused_by))

    @property
    def events(self) -> Sequence[Event]:
        return tuple(event for event, _ in self._added)

    async def flush(self, session: AsyncSession, now: datetime) -> None:
        """Write everything added so far into the transaction of `session`.

        The relay sends in the order of ids, and ids are given before the commit. So whoever writes
        an event of a key holds that key's lock until it commits: for one key, the order of ids is
        the order of commits. (Keys share 1,024 locks; taking them sorted rules out deadlock.)

        Raises ValueError for an event no bus would take: it must not commit and then never leave.
        """
        if not self._added:
            return
        stripes = sorted({crc32(event.key.encode()) % _STRIPES for event, _ in self._added})
        await session.execute(_HOLD_KEYS, {"stripes": stripes})
        current = current_traceparent()
        messages = [
            to_message(
                event,
                event_id=event_id,
                source=self._source,
                time=now,
                traceparent=self._traceparents.get(caused_by or event.key) or current,
            )
            for (event, caused_by), event_id in zip(
                self._added, new_ids("", now, len(self._added)), strict=True
            )
        ]
        check_messages(messages)
        await bulk_insert(
            session,
            outbox_table,
            [
                {
                    "topic": message.topic,
                    "key": message.key,
                    "headers": dict(message.headers),
                    "value": message.value,
                    "recorded_at": now,
                }
                for message in messages
            ],
        )
        self._added.clear()
