"""Look through the three databases, and again where something seems wrong.

The snapshots cannot be of one instant, and news takes a moment from one service to another. So they
are taken in the order in which news travels, and a finding counts only if every look has it.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import TypeVar

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.dispatch.models import ComplaintState as AtDispatchState
from services.dispatch.rules.work_order import State as WorkOrderState
from services.reply.models import ComplaintState as AtReplyState
from services.reply.models import ReplyState
from services.reply.rules.escalation import Standing
from shared.clock import Clock

from . import gathering, rules
from .facts import Complaint, Deadline
from .platforms import read_journal

_LOOK_FOR_SECONDS = 3.0
_PAUSE_SECONDS = 1.0
_MOST_LOOKS = 4

_ALWAYS_COUNTED = (
    "complaints",
    *(f"complaints_{state.value}" for state in AtDispatchState),
    *(f"complaints_{state.value}" for state in AtReplyState if state is not AtReplyState.OPEN),
    "unreadable_messages_waiting",
    *(f"work_orders_{state.value}" for state in WorkOrderState),
    *(f"deadlines_{standing.value}" for standing in Standing),
    "deadlines_due_since_last_sweep",
    *(f"replies_{state.value}" for state in ReplyState),
    "events_not_sent",
    "parked_seen",
    "parked_unseen",
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Books:
    """Where to look."""

    services: Mapping[str, AsyncEngine]
    """intake, dispatch and reply, in this order."""
    bus: AsyncEngine | None
    """The embedded bus's log; None: another bus."""
    journal: Path
    """What simulated platforms wrote, where there are any."""


@dataclass(slots=True)
class Look:
    findings: dict[str, set[str]] = field(default_factory=dict)
    """By the name of the rule: the ids that break it."""
    counts: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(_ALWAYS_COUNTED, 0)))

    def find(self, rule: str, *ids: str) -> None:
        self.findings.setdefault(rule, set()).update(ids)

    def judge(self, fact: T, of: Mapping[Callable[[T], bool], str], *ids: str) -> None:
        for broken in of:
            if broken(fact):
                self.find(broken.__name__, *ids)

    def confirmed_by(self, later: "Look") -> "Look":
        """What both have found; everything else is counted as it was later."""
        both = {
            rule: still
            for rule, ids in self.findings.items()
            if (still := ids & later.findings.get(rule, set()))
        }
        return Look(both, later.counts)


async def _one_pause() -> None:
    await asyncio.sleep(_PAUSE_SECONDS)


async def look_until_sure(
    books: Books, clock: Clock, pause: Callable[[], Awaitable[None]] = _one_pause
) -> Look:
    """Look; while anything is found, look again for some seconds, twice at least."""
    found = await look(books, clock.now())
    began = monotonic()
    for _ in range(_MOST_LOOKS - 1):
        if not found.findings:
            break
        await pause()
        found = found.confirmed_by(await look(books, clock.now()))
        if monotonic() - began >= _LOOK_FOR_SECONDS:
            break
    return found


async def look(books: Books, now: datetime) -> Look:
    """One look. Raises the databases' errors, and ValueError for a journal that is none."""
    seen = Look()
    async with _snapshots(books.services) as at:
        parked = {name: await _look_at_bus_tables(seen, name, at[name]) for name in at}
        async for complaint in gathering.complaints(
            at["intake"], at["dispatch"], at["reply"], parked
        ):
            seen.judge(complaint, rules.OF_COMPLAINTS, complaint.id)
            _count_complaint(seen.counts, complaint)
        async for message in gathering.messages_without_complaint(at["intake"]):
            seen.judge(message, rules.OF_MESSAGES, message.id)
            waits = not message.is_readable and not message.is_settled
            seen.counts["unreadable_messages_waiting"] += waits
        async for state, count in gathering.work_orders(at["dispatch"]):
            seen.counts[f"work_orders_{state}"] = count
        async for deadline in gathering.deadlines(at["reply"]):
            seen.judge(deadline, rules.OF_DEADLINES, deadline.id)
            _count_deadline(seen.counts, deadline, now)
        await _look_at_replies(seen, at["reply"], books.journal)
    if books.bus is not None:
        async with books.bus.connect() as bus:
            seen.counts["events_unheard"] = await gathering.unheard(bus)
    return seen


async def _look_at_bus_tables(seen: Look, service: str, at: AsyncConnection) -> set[str]:
    """Returns the keys that are parked."""
    keys = set()
    async for number, key in gathering.outbox(at):
        seen.find("event_not_sent", f"{service}:{number}:{key}")
        seen.counts["events_not_sent"] += 1
    async for number, key, is_seen in gathering.parked(at):
        keys.add(key)
        seen.counts["parked_seen" if is_seen else "parked_unseen"] += 1
        if not is_seen:
            seen.find("parked_unseen", f"{service}:{number}:{key}")
    return keys


async def _look_at_replies(seen: Look, at: AsyncConnection, journal: Path) -> None:
    # After the snapshot: what reply has a receipt for stands in the journal by now.
    witness = await asyncio.to_thread(read_journal, journal)
    async for reply in gathering.replies(at):
        seen.judge(reply, rules.OF_REPLIES, reply.id)
        seen.counts[f"replies_{reply.state}"] += 1
        if witness and (delivery := witness.delivery(reply)):
            seen.judge(delivery, rules.OF_DELIVERIES, *delivery.ids)
            seen.counts["replies_found_at_platform"] += delivery.stored
    for delivery in witness.to_persons() if witness else ():
        seen.judge(delivery, rules.OF_DELIVERIES, *delivery.ids)
        seen.counts["replies_found_at_platform"] += delivery.stored


def _count_complaint(counts: Counter[str], complaint: Complaint) -> None:
    counts["complaints"] += complaint.intake is not None
    if complaint.dispatch is not None:
        counts[f"complaints_{complaint.dispatch.state}"] += 1
    if complaint.reply is not None and complaint.reply.state != "open":
        counts[f"complaints_{complaint.reply.state}"] += 1


def _count_deadline(counts: Counter[str], deadline: Deadline, now: datetime) -> None:
    counts[f"deadlines_{deadline.standing}"] += 1
    counts["deadlines_due_since_last_sweep"] += rules.due_since_last_sweep(deadline, now)


@asynccontextmanager
async def _snapshots(
    services: Mapping[str, AsyncEngine],
) -> AsyncIterator[Mapping[str, AsyncConnection]]:
    """One unchanging view of each database, taken in the order of `services`."""
    async with AsyncExitStack() as stack:
        views = {}
        for name, engine in services.items():
            views[name] = await stack.enter_async_context(engine.connect())
            await views[name].execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            await views[name].execute(text("SELECT 1"))  # the view is taken with the first query
        yield views
