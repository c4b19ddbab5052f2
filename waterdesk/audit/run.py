"""Run the audit over the three databases, and again while it has findings.

The three snapshots cannot be of one instant, and events take a moment between services. So the
snapshots are taken in the order in which events travel, and a finding counts only if every pass has
it.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
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

from . import queries, rules
from .records import Complaint, Deadline, RawMessage, Reply
from .simulator_journal import read_journal

_REPEAT_FOR_SECONDS = 3.0
_PAUSE_SECONDS = 1.0
_MAX_PASSES = 4

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
class AuditSources:
    """What the audit reads."""

    services: Mapping[str, AsyncEngine]
    """intake, dispatch and reply, in this order."""
    bus: AsyncEngine | None
    """The embedded bus's log; None: another bus."""
    journal: Path
    """The simulators' journal; may be missing."""
    privacy_keys: Sequence[str]
    """Fingerprints of the keys that open residents' data."""


@dataclass(slots=True)
class AuditResult:
    findings: dict[str, set[str]] = field(default_factory=dict)
    """By rule name: the ids that break it."""
    counts: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(_ALWAYS_COUNTED, 0)))

    def find(self, rule: str, *ids: str) -> None:
        self.findings.setdefault(rule, set()).update(ids)

    def check(self, record: T, rules: Mapping[Callable[[T], bool], str], *ids: str) -> None:
        for is_broken in rules:
            if is_broken(record):
                self.find(is_broken.__name__, *ids)

    def confirmed_by(self, later: "AuditResult") -> "AuditResult":
        """The findings of both passes, with the later counts."""
        both = {
            rule: still
            for rule, ids in self.findings.items()
            if (still := ids & later.findings.get(rule, set()))
        }
        return AuditResult(both, later.counts)


async def _one_pause() -> None:
    await asyncio.sleep(_PAUSE_SECONDS)


async def audit(
    sources: AuditSources, clock: Clock, pause: Callable[[], Awaitable[None]] = _one_pause
) -> AuditResult:
    """Repeat the pass while there are findings: at least twice, at most a few seconds."""
    found = await audit_pass(sources, clock.now())
    began = monotonic()
    for _ in range(_MAX_PASSES - 1):
        if not found.findings:
            break
        await pause()
        found = found.confirmed_by(await audit_pass(sources, clock.now()))
        if monotonic() - began >= _REPEAT_FOR_SECONDS:
            break
    return found


async def audit_pass(sources: AuditSources, now: datetime) -> AuditResult:
    """One pass. Raises the databases' errors, and JournalDamaged."""
    result = AuditResult()
    async with _snapshots(sources.services) as at:
        parked = {name: await _audit_bus_tables(result, name, at[name]) for name in at}
        async for complaint in queries.complaints(
            at["intake"], at["dispatch"], at["reply"], parked
        ):
            result.check(complaint, rules.OF_COMPLAINTS, complaint.id)
            _count_complaint(result.counts, complaint)
        async for message in queries.records(
            at["intake"], queries.MESSAGES_WITHOUT_COMPLAINT, RawMessage
        ):
            result.check(message, rules.OF_MESSAGES, message.id)
            waits = not message.is_readable and not message.is_handled
            result.counts["unreadable_messages_waiting"] += waits
        async for (name,) in queries.rows(
            at["intake"], queries.VALUES_WITHOUT_KEY, fingerprints=list(sources.privacy_keys)
        ):
            result.find("sealed_without_key", name)
        for service, rule, query in (
            ("reply", "answered_without_call_back", queries.DELIVERED_WITHOUT_CALL_BACK),
            ("dispatch", "not_solved_without_decision", queries.NOT_SOLVED_WITHOUT_DECISION),
        ):
            async for (answer,) in queries.rows(at[service], query):
                result.find(rule, answer)
        async for state, count in queries.rows(at["dispatch"], queries.WORK_ORDERS_BY_STATE):
            result.counts[f"work_orders_{state}"] = count
        async for deadline in queries.records(at["reply"], queries.DEADLINES, Deadline):
            result.check(deadline, rules.OF_DEADLINES, deadline.id)
            _count_deadline(result.counts, deadline, now)
        await _audit_replies(result, at["reply"], sources.journal)
    if sources.bus is not None:
        async with sources.bus.connect() as bus:
            result.counts["events_unread"] = await queries.unread(bus)
    return result


async def _audit_bus_tables(result: AuditResult, service: str, at: AsyncConnection) -> set[str]:
    """Returns the parked keys."""
    keys = set()
    async for number, key in queries.rows(at, queries.UNSENT):
        result.find("event_not_sent", f"{service}:{number}:{key}")
        result.counts["events_not_sent"] += 1
    async for number, key, is_seen in queries.rows(at, queries.PARKED):
        keys.add(key)
        result.counts["parked_seen" if is_seen else "parked_unseen"] += 1
        if not is_seen:
            result.find("parked_unseen", f"{service}:{number}:{key}")
    return keys


async def _audit_replies(result: AuditResult, at: AsyncConnection, journal: Path) -> None:
    # After the snapshot: the journal has every reply with a receipt by now.
    deliveries = await asyncio.to_thread(read_journal, journal)
    async for reply in queries.records(at, queries.REPLIES, Reply):
        result.check(reply, rules.OF_REPLIES, reply.id)
        result.counts[f"replies_{reply.state}"] += 1
        if deliveries and (delivery := deliveries.delivery(reply)):
            result.check(delivery, rules.OF_DELIVERIES, *delivery.ids)
            result.counts["replies_found_at_platform"] += delivery.stored
    for delivery in deliveries.to_persons() if deliveries else ():
        result.check(delivery, rules.OF_DELIVERIES, *delivery.ids)
        result.counts["replies_found_at_platform"] += delivery.stored


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
    """One snapshot of each database, taken in the order of `services`."""
    async with AsyncExitStack() as stack:
        snapshots = {}
        for name, engine in services.items():
            snapshots[name] = await stack.enter_async_context(engine.connect())
            await snapshots[name].execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            await snapshots[name].execute(text("SELECT 1"))  # the first query takes the snapshot
        yield snapshots
