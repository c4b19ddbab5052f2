"""A complaint's promises, as the rules count them and as the table keeps them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from services.reply.models import Promise
from services.reply.rulebook import Rulebook
from services.reply.rules import deadlines
from services.reply.rules.escalation import WAITING, Standing, Watched, is_past
from shared.bus.outbox import Outbox
from shared.events.replies import ArmedPromise, PromiseKept, PromiseMissed, PromisesArmed

_ONE_SECOND = timedelta(seconds=1)


def counted(
    rulebook: Rulebook,
    *,
    county: str,
    platform: str,
    category: str,
    urgent: bool,
    sent_at: datetime,
    time_limit: str | None,
) -> tuple[deadlines.Promise, ...]:
    """What is promised for one complaint. Raises NoPolicyInForce, OutsideCalendar."""
    order = deadlines.OrderFacts(
        county=county,
        platform=platform,
        kind=category,
        urgency="urgent" if urgent else "ordinary",
        sent_at=sent_at,
        printed_limit=time_limit,
    )
    return deadlines.promises(order, rulebook.policies, rulebook.calendars.of(county))


def limit_unreadable(promises: Sequence[deadlines.Promise]) -> bool:
    return any(promise.limit_unreadable is not None for promise in promises)


def promise_row(complaint_id: str, county: str, promise: deadlines.Promise) -> dict[str, Any]:
    """A new row of the table, every column of it: Core fills in no defaults."""
    return {
        "complaint_id": complaint_id,
        "stage": promise.stage.value,
        "county": county,
        "due_at": promise.due_at,
        "warn_at": promise.warn_at,
        "provisional": promise.provisional,
        "source": promise.source,
        "standing": Standing.OPEN.value,
        "next_at": promise.warn_at,
        "warned_at": None,
        "kept_at": None,
        "missed_recorded_at": None,
        "warn_before_seconds": int(promise.warn_before.total_seconds()),
        "extensions_allowed": promise.extensions_allowed,
        "extensions_granted": 0,
        "extension_asked_until": None,
        "extension_asked_at": None,
        "extension_reason": None,
    }


def armed_event(
    complaint_id: str, county: str, promises: Sequence[deadlines.Promise]
) -> PromisesArmed:
    return PromisesArmed(
        complaint_id=complaint_id,
        county=county,
        promises=tuple(
            ArmedPromise(
                stage=promise.stage.value,
                due_at=promise.due_at,
                warn_at=promise.warn_at,
                provisional=promise.provisional,
                source=promise.source,
            )
            for promise in promises
        ),
        limit_unreadable=limit_unreadable(promises),
    )


def armed_again(
    complaint_id: str, county: str, rows: Sequence[Promise], *, unreadable: bool
) -> PromisesArmed:
    """The promises as they stand after a change: all of them, with what stayed as it was."""
    in_order = sorted(rows, key=lambda row: list(deadlines.Stage).index(deadlines.Stage(row.stage)))
    return PromisesArmed(
        complaint_id=complaint_id,
        county=county,
        promises=tuple(
            ArmedPromise(
                stage=deadlines.Stage(row.stage).value,
                due_at=row.due_at,
                warn_at=row.warn_at,
                provisional=row.provisional,
                source=row.source,
            )
            for row in in_order
        ),
        limit_unreadable=unreadable,
    )


def watched(row: Promise) -> Watched:
    return Watched(Standing(row.standing), row.warn_at, row.due_at, row.kept_at)


def look_again_at(promise: Watched) -> datetime | None:
    """When the sweep has to do something about it next; None: it has ended."""
    if promise.standing not in WAITING:
        return None
    # Whole seconds count: in the very second it is due, it is in time.
    return promise.warn_at if promise.standing is Standing.OPEN else promise.due_at + _ONE_SECOND


def become(row: Promise, after: Watched, outbox: Outbox, now: datetime) -> None:
    """Write what a rule made of the promise, and tell how it ended where that is news."""
    before = watched(row)
    if (after.due_at, after.warn_at) != (before.due_at, before.warn_at):
        row.due_at, row.warn_at = after.due_at, after.warn_at
    row.kept_at = after.kept_at
    row.standing = after.standing.value
    row.next_at = look_again_at(after)
    stage = deadlines.Stage(row.stage).value
    if after.standing is Standing.MET and row.missed_recorded_at is not None:
        row.missed_recorded_at = None
    if after.standing is Standing.MISSED and row.missed_recorded_at is None:
        row.missed_recorded_at = now
        outbox.add(
            PromiseMissed(
                complaint_id=row.complaint_id,
                county=row.county,
                stage=stage,
                due_at=row.due_at,
                recorded_at=now,
            )
        )
    ended_otherwise = (after.kept_at, after.standing) != (before.kept_at, before.standing)
    if after.kept_at is not None and ended_otherwise:
        outbox.add(
            PromiseKept(
                complaint_id=row.complaint_id,
                county=row.county,
                stage=stage,
                due_at=row.due_at,
                kept_at=after.kept_at,
                late=is_past(row.due_at, after.kept_at),
            )
        )
