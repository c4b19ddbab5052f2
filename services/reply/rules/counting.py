"""The deadlines of one ticket: for each stage when it is due, and when to warn of it.

Every ticket gets its deadlines, whatever it says: a date that cannot be is not counted from, a
limit that cannot be is not used, and beyond the calendar's years the plain clock counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from .calendar import Due, OutsideCalendar, WorkCalendar
from .deadlines import (
    Occasion,
    Policy,
    Stage,
    TicketFacts,
    policy_for,
    policy_for_rework,
)
from .escalation import DeadlineState, Standing
from .ladder import Climb, TimeToAct
from .limits import Interval, due_by_policy, due_of, time_of
from .rounds import FIRST_ROUND
from .time_limits import MAX_DAYS, Duration, Limit, Unreadable, read_limit

PRINTED = "printed"
LONGEST_PRINTED = timedelta(days=MAX_DAYS)
"""A printed day further away than this is a slip of the pen."""
PRINTED_LIMIT_STAGES = frozenset({Stage.RESOLVE, Stage.REPLY})
"""What the limit printed on a ticket limits: the ticket is to be resolved and answered by then."""
_LAST_FIRST = tuple(stage for stage in reversed(Stage) if stage is not Stage.CALL_BACK)
"""The call-back starts when the answer is delivered: see `count_call_back`."""


class LimitIgnored(StrEnum):
    """Why a printed limit that can be read is not used. The value is a message key."""

    NOT_AFTER_SENDING = "limit_not_after_sending"
    TOO_FAR = "limit_too_far"


class CountedDeadline(NamedTuple):
    """One stage of one ticket."""

    stage: Stage
    due_at: datetime
    time: TimeToAct
    ladder: str
    """The id of its ladder."""
    warn_at: datetime
    """When the first step of the ladder comes."""
    provisional: bool
    """A year was counted through whose holidays are not known: due_at may move."""
    source: str
    """PRINTED or the policy's id."""
    extensions_allowed: int
    unverified: bool = False
    """No source, or another city's only, stands behind the policy. A printed limit needs none."""
    round: int = FIRST_ROUND
    step: int = 0
    """It is at no step of its ladder yet."""
    limit_unreadable: Unreadable | LimitIgnored | None = None
    """Set where something is printed that could not be used: a person should look."""
    paused_since: datetime | None = None
    """None, as for the next: what is counted is not paused yet."""
    paused_for: str | None = None
    limit: Limit | None = None
    """What it was counted by, from `counts_from` on."""
    counts_from: datetime | None = None
    shortened_by: Occasion | None = None
    """Whose limit counts instead of the stage's own."""

    @property
    def next_at(self) -> datetime | None:
        """When the sweep looks at it first."""
        return DeadlineState(Standing.OPEN, self.warn_at, self.due_at).next_at


def is_limit_unreadable(deadlines: Sequence[CountedDeadline]) -> bool:
    return any(deadline.limit_unreadable is not None for deadline in deadlines)


Stopped = Mapping[Stage, Sequence[Interval]]
"""When the clock of a stage stood still (pauses.py); only stages that the policy lets pause."""
_NEVER: Stopped = {}


def count_deadlines(
    ticket: TicketFacts,
    policies: Sequence[Policy],
    calendar: WorkCalendar,
    stopped: Stopped = _NEVER,
) -> tuple[CountedDeadline, ...]:
    """Every deadline of this ticket's first round, in the order of the stages.

    A printed limit replaces the policy's for resolve and reply. A chase shortens where the policy
    says so. No stage is due after a later one: where its own limit ends later, the later stage's
    counts for it as well.
    """
    return _count(ticket, policy_for(ticket, policies), calendar, stopped)


def count_rework(
    ticket: TicketFacts,
    number: int,
    started_at: datetime,
    policies: Sequence[Policy],
    calendar: WorkCalendar,
    stopped: Stopped = _NEVER,
) -> tuple[CountedDeadline, ...]:
    """The deadlines of a later round: the same limits, counted anew from `started_at`.

    A printed length of time counts anew as well; a printed day only where it is still to come.
    """
    anew = in_round(ticket, started_at)
    policy = policy_for_rework(anew, policies)
    return tuple(
        deadline._replace(round=number)
        for deadline in _count(anew, policy, calendar, stopped)
        if deadline.stage in policy.rework_stages
    )


def in_round(ticket: TicketFacts, started_at: datetime) -> TicketFacts:
    """As if it had been sent when the round started."""
    return replace(ticket, sent_at=started_at, received_at=started_at)


def count_call_back(
    policy: Policy, number: int, delivered_at: datetime, calendar: WorkCalendar
) -> CountedDeadline | None:
    """The call-back (回访) after the answer that says it is solved; None where the policy has none.

    It starts when reply and resolve are over, so it can never be due before a stage that is still
    open, whatever the limits of those were.
    """
    limit = dict(policy.stages).get(Stage.CALL_BACK)
    if limit is None or (number > FIRST_ROUND and Stage.CALL_BACK not in policy.rework_stages):
        return None
    due = due_by_policy(limit, delivered_at, calendar)
    time, first_step = _steps(policy, limit, delivered_at, due.at, due.at, calendar)
    return CountedDeadline(
        stage=Stage.CALL_BACK,
        due_at=due.at,
        time=time,
        ladder=policy.ladder.id,
        warn_at=first_step,
        provisional=due.provisional,
        source=policy.id,
        extensions_allowed=policy.extensions_allowed,
        unverified=policy.unverified,
        round=number,
        limit=limit,
        counts_from=delivered_at,
    )


def _steps(
    policy: Policy,
    limit: Limit,
    starts_at: datetime,
    due_at: datetime,
    without_pauses: datetime,
    calendar: WorkCalendar,
) -> tuple[TimeToAct, datetime]:
    """The time that the steps of its ladder are shares of, and when the first one comes."""
    by_the_clock = policy.ladder.by_the_clock
    time = time_of(limit, starts_at, without_pauses, calendar, by_the_clock=by_the_clock)
    return time, Climb(policy.ladder, calendar).next_at(0, due_at, time)


class _Counted(NamedTuple):
    limit: Limit
    starts_at: datetime
    due: Due
    without_pauses: datetime
    is_printed: bool = False
    shortened_by: Occasion | None = None


def _count(
    ticket: TicketFacts, policy: Policy, calendar: WorkCalendar, stopped: Stopped
) -> tuple[CountedDeadline, ...]:
    limits = dict(policy.stages)
    starts_at = ticket.starts_at
    limit_printed, unreadable = _printed(ticket.printed_limit, starts_at, calendar)
    due_by: dict[tuple[Duration, Sequence[Interval]], Due] = {}  # stages often share a limit
    steps: dict[_Counted, tuple[TimeToAct, datetime]] = {}
    made = []
    later: _Counted | None = None
    for stage in _LAST_FIRST:
        within = limits.get(stage)
        still = stopped.get(stage, ())
        counted: _Counted
        if limit_printed is not None and stage in PRINTED_LIMIT_STAGES:
            if not (policy.pauses and policy.pauses.printed):
                still = ()
            plain = due_of(limit_printed, starts_at, calendar)
            due = due_of(limit_printed, starts_at, calendar, still) if still else plain
            counted = _Counted(limit_printed, starts_at, due, plain.at, is_printed=True)
        elif within is not None:
            for stops in {(), still}:
                if (within, stops) not in due_by:
                    due_by[within, stops] = due_by_policy(within, starts_at, calendar, stops)
            counted = _Counted(within, starts_at, due_by[within, still], due_by[within, ()].at)
        else:
            continue
        if policy.shortenings:
            counted = _shortened(counted, stage, ticket, policy, calendar, still)
        if later is not None and later.due.at <= counted.due.at:
            counted = later
        later = counted
        limit, counts_from, due, plain_due = counted[:4]
        if counted not in steps:
            steps[counted] = _steps(policy, limit, counts_from, due.at, plain_due, calendar)
        time, first_step = steps[counted]
        made.append(
            CountedDeadline(
                stage=stage,
                due_at=due.at,
                time=time,
                ladder=policy.ladder.id,
                warn_at=first_step,
                provisional=due.provisional,
                source=PRINTED if counted.is_printed else policy.id,
                extensions_allowed=policy.extensions_allowed,
                unverified=policy.unverified and not counted.is_printed,
                limit_unreadable=unreadable,
                limit=limit,
                counts_from=counts_from,
                shortened_by=counted.shortened_by,
            )
        )
    made.reverse()
    return tuple(made)


def _shortened(
    counted: _Counted,
    stage: Stage,
    ticket: TicketFacts,
    policy: Policy,
    calendar: WorkCalendar,
    still: Sequence[Interval],
) -> _Counted:
    """By the chase or the supervision that makes it due soonest, if any does: none lengthens it."""
    happened = {Occasion.CHASE: ticket.chased_at, Occasion.SUPERVISE: ticket.supervised_at}
    for occasion, of_stage, within in policy.shortenings:
        at = happened[occasion]
        if of_stage is stage and at is not None:
            due = due_by_policy(within, at, calendar, still)
            if due.at < counted.due.at:
                plain = due_by_policy(within, at, calendar)
                counted = _Counted(within, at, due, plain.at, shortened_by=occasion)
    return counted


def _printed(
    text: str | None, starts_at: datetime, calendar: WorkCalendar
) -> tuple[Limit | None, Unreadable | LimitIgnored | None]:
    """The printed limit, or why what is printed is not used; neither where nothing is printed."""
    if text is None or not text.strip():
        return None, None
    limit = read_limit(text)
    if isinstance(limit, Unreadable):
        return None, limit
    try:
        due = due_of(limit, starts_at, calendar)
    except OutsideCalendar:
        return None, LimitIgnored.TOO_FAR
    if due.at <= starts_at:
        return None, LimitIgnored.NOT_AFTER_SENDING
    if due.at - starts_at > LONGEST_PRINTED:
        return None, LimitIgnored.TOO_FAR
    return limit, None
