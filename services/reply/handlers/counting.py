"""A complaint's deadlines, as the rules count them and as the table keeps them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from services.reply.models import Deadline
from services.reply.rulebook import Rulebook
from services.reply.rules.deadlines import CountedDeadline, OrderFacts, Stage, count_deadlines
from services.reply.rules.escalation import WAITING, Standing, Watched, is_past
from shared.bus.outbox import Outbox
from shared.events.replies import DeadlineMet, DeadlineMissed, DeadlinesSet, SetDeadline

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
) -> tuple[CountedDeadline, ...]:
    """What is deadlined for one complaint. Raises NoPolicyInForce, OutsideCalendar."""
    order = OrderFacts(
        county=county,
        platform=platform,
        kind=category,
        urgency="urgent" if urgent else "ordinary",
        sent_at=sent_at,
        printed_limit=time_limit,
    )
    return count_deadlines(order, rulebook.policies, rulebook.calendars.of(county))


def limit_unreadable(deadlines: Sequence[CountedDeadline]) -> bool:
    return any(deadline.limit_unreadable is not None for deadline in deadlines)


def deadline_row(complaint_id: str, county: str, deadline: CountedDeadline) -> dict[str, Any]:
    """A new row of the table, every column of it: Core fills in no defaults."""
    return {
        "complaint_id": complaint_id,
        "stage": deadline.stage.value,
        "county": county,
        "due_at": deadline.due_at,
        "warn_at": deadline.warn_at,
        "provisional": deadline.provisional,
        "source": deadline.source,
        "standing": Standing.OPEN.value,
        "next_at": deadline.warn_at,
        "warned_at": None,
        "met_at": None,
        "missed_recorded_at": None,
        "warn_before_seconds": int(deadline.warn_before.total_seconds()),
        "extensions_allowed": deadline.extensions_allowed,
        "extensions_granted": 0,
        "extension_asked_until": None,
        "extension_asked_at": None,
        "extension_reason": None,
    }


def deadlines_set_event(
    complaint_id: str, county: str, deadlines: Sequence[CountedDeadline]
) -> DeadlinesSet:
    return DeadlinesSet(
        complaint_id=complaint_id,
        county=county,
        deadlines=tuple(
            SetDeadline(
                stage=deadline.stage.value,
                due_at=deadline.due_at,
                warn_at=deadline.warn_at,
                provisional=deadline.provisional,
                source=deadline.source,
            )
            for deadline in deadlines
        ),
        limit_unreadable=limit_unreadable(deadlines),
    )


def deadlines_set_again(
    complaint_id: str, county: str, rows: Sequence[Deadline], *, unreadable: bool
) -> DeadlinesSet:
    """The deadlines as they stand after a change: all of them, with what stayed as it was."""
    in_order = sorted(rows, key=lambda row: list(Stage).index(Stage(row.stage)))
    return DeadlinesSet(
        complaint_id=complaint_id,
        county=county,
        deadlines=tuple(
            SetDeadline(
                stage=Stage(row.stage).value,
                due_at=row.due_at,
                warn_at=row.warn_at,
                provisional=row.provisional,
                source=row.source,
            )
            for row in in_order
        ),
        limit_unreadable=unreadable,
    )


def watched(row: Deadline) -> Watched:
    return Watched(Standing(row.standing), row.warn_at, row.due_at, row.met_at)


def look_again_at(deadline: Watched) -> datetime | None:
    """When the sweep has to do something about it next; None: it has ended."""
    if deadline.standing not in WAITING:
        return None
    # Whole seconds count: in the very second it is due, it is in time.
    return deadline.warn_at if deadline.standing is Standing.OPEN else deadline.due_at + _ONE_SECOND


def become(row: Deadline, after: Watched, outbox: Outbox, now: datetime) -> None:
    """Write what a rule made of the deadline, and tell how it ended where that is news."""
    before = watched(row)
    if (after.due_at, after.warn_at) != (before.due_at, before.warn_at):
        row.due_at, row.warn_at = after.due_at, after.warn_at
    row.met_at = after.met_at
    row.standing = after.standing.value
    row.next_at = look_again_at(after)
    stage = Stage(row.stage).value
    if after.standing is Standing.MET and row.missed_recorded_at is not None:
        row.missed_recorded_at = None
    if after.standing is Standing.MISSED and row.missed_recorded_at is None:
        row.missed_recorded_at = now
        outbox.add(
            DeadlineMissed(
                complaint_id=row.complaint_id,
                county=row.county,
                stage=stage,
                due_at=row.due_at,
                recorded_at=now,
            )
        )
    ended_otherwise = (after.met_at, after.standing) != (before.met_at, before.standing)
    if after.met_at is not None and ended_otherwise:
        outbox.add(
            DeadlineMet(
                complaint_id=row.complaint_id,
                county=row.county,
                stage=stage,
                due_at=row.due_at,
                met_at=after.met_at,
                late=is_past(row.due_at, after.met_at),
            )
        )
