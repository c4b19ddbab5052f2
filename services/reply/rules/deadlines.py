"""The deadlines of one ticket: for each stage when it is due, and when to warn of it.

There is no nationwide limit: each city's 12345 regulation sets its own (for example 济南市12345市民
服务热线条例, articles 24-27). The limit printed on the ticket wins; else the policy in force on the
day the ticket was sent. Policies are data: services/reply/policies/deadline_policies.yaml.

Every ticket gets its deadlines, whatever it says: a date that cannot be is not counted from, a
limit that cannot be is not used, and beyond the calendar's years the plain clock counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from .calendar import SHANGHAI, Due, OutsideCalendar, WorkCalendar
from .escalation import DeadlineState, Standing
from .ladder import Climb, Ladder, TimeToAct
from .limits import due_by_policy, due_of, time_of
from .rounds import FIRST_ROUND
from .time_limits import MAX_DAYS, Duration, Limit, Unreadable, read_limit

ANY = "any"
PRINTED = "printed"
REWORK = "rework"
"""The kind of the policy rows that later rounds are counted by, where there are any."""
LONGEST_PRINTED = timedelta(days=MAX_DAYS)
"""A printed day further away than this is a slip of the pen."""
EARLIEST_SENT_AT = datetime(2000, 1, 1, tzinfo=UTC)
LATEST_SENT_AHEAD = timedelta(days=1)
"""A platform's clock may run ahead of ours, but not by more than this."""


class Stage(StrEnum):
    """签收, 首次联系, 到场, 办结, 回复: a ticket has those that its policy names."""

    ACCEPT = "accept"
    FIRST_CONTACT = "first_contact"
    ON_SITE = "on_site"
    RESOLVE = "resolve"
    REPLY = "reply"


_LAST_FIRST = tuple(reversed(Stage))
REWORK_STAGES = frozenset({Stage.FIRST_CONTACT, Stage.ON_SITE, Stage.RESOLVE, Stage.REPLY})
"""What a later round counts where its policy does not say. Whoever starts a round accepts it."""
PRINTED_LIMIT_STAGES = frozenset({Stage.RESOLVE, Stage.REPLY})
"""What the limit printed on a ticket limits: the ticket is to be resolved and answered by then."""


class LimitIgnored(StrEnum):
    """Why a printed limit that can be read is not used. The value is a message key."""

    NOT_AFTER_SENDING = "limit_not_after_sending"
    TOO_FAR = "limit_too_far"


@dataclass(frozen=True, slots=True)
class TicketFacts:
    """What deadlines depend on. `sent_at` is when the platform sent it, as the platform says."""

    county: str
    platform: str
    kind: str
    urgency: str
    sent_at: datetime
    received_at: datetime
    printed_limit: str | None

    @property
    def starts_at(self) -> datetime:
        return counted_from(self.sent_at, self.received_at)


def counted_from(sent_at: datetime, received_at: datetime) -> datetime:
    """The instant that deadlines count from: the sending, or the receipt where the sending cannot
    have been then (before 2000, or more than a day after we received it)."""
    is_possible = sent_at >= EARLIEST_SENT_AT and sent_at - received_at <= LATEST_SENT_AHEAD
    return sent_at if is_possible else received_at


@dataclass(frozen=True, slots=True)
class Policy:
    """Deadlines of one sort of ticket. Each of the four scopes is a code or ANY."""

    id: str
    county: str
    platform: str
    kind: str
    urgency: str
    in_force_from: date
    in_force_to: date | None
    """The last day of force."""
    stages: tuple[tuple[Stage, Duration], ...]
    ladder: Ladder
    extensions_allowed: int
    unverified: bool
    rework_stages: frozenset[Stage] = REWORK_STAGES
    """Those of its stages that a later round counts anew."""
    interim_meets_reply: bool = False
    """Whether an interim reply ends the stage reply."""

    def covers(self, ticket: TicketFacts) -> bool:
        return (
            self.county in (ANY, ticket.county)
            and self.platform in (ANY, ticket.platform)
            and self.kind in (ANY, ticket.kind)
            and self.urgency in (ANY, ticket.urgency)
        )

    def is_in_force_on(self, day: date) -> bool:
        return self.in_force_from <= day and (self.in_force_to is None or day <= self.in_force_to)

    @property
    def precision(self) -> tuple[bool, bool, bool, bool]:
        """A policy that names the urgency beats one that names the county, and so on."""
        return (
            self.urgency != ANY,
            self.county != ANY,
            self.platform != ANY,
            self.kind != ANY,
        )


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

    @property
    def next_at(self) -> datetime | None:
        """When the sweep looks at it first."""
        return DeadlineState(Standing.OPEN, self.warn_at, self.due_at).next_at


def is_limit_unreadable(deadlines: Sequence[CountedDeadline]) -> bool:
    return any(deadline.limit_unreadable is not None for deadline in deadlines)


def policy_for(ticket: TicketFacts, policies: Sequence[Policy]) -> Policy:
    """The most precise policy in force on the Shanghai day that deadlines count from.

    A ticket older than every policy is counted by the first one. `policies` hold one that covers
    every ticket (policy_file.py sees to it).
    """
    day = _day_in_shanghai(ticket.starts_at)
    covering = [policy for policy in policies if policy.covers(ticket)]
    in_force = [policy for policy in covering if policy.is_in_force_on(day)]
    if not in_force:
        return min(covering, key=lambda policy: policy.in_force_from)
    return max(in_force, key=lambda policy: policy.precision)


def policy_for_rework(ticket: TicketFacts, policies: Sequence[Policy]) -> Policy:
    """The most precise row of kind REWORK in force, or else the policy of the ticket itself."""
    day = _day_in_shanghai(ticket.starts_at)
    rework = replace(ticket, kind=REWORK)
    named = [
        policy
        for policy in policies
        if policy.kind == REWORK and policy.covers(rework) and policy.is_in_force_on(day)
    ]
    if named:
        return max(named, key=lambda policy: policy.precision)
    return policy_for(ticket, policies)


def count_deadlines(
    ticket: TicketFacts, policies: Sequence[Policy], calendar: WorkCalendar
) -> tuple[CountedDeadline, ...]:
    """Every deadline of this ticket's first round, in the order of the stages.

    A printed limit replaces the policy's for resolve and reply. No stage is due after a later one:
    where its own limit ends later, the later stage's counts for it as well.
    """
    return _count(ticket, policy_for(ticket, policies), calendar)


def count_rework(
    ticket: TicketFacts,
    number: int,
    started_at: datetime,
    policies: Sequence[Policy],
    calendar: WorkCalendar,
) -> tuple[CountedDeadline, ...]:
    """The deadlines of a later round: the same limits, counted anew from `started_at`.

    A printed length of time counts anew as well; a printed day only where it is still to come.
    """
    anew = replace(ticket, sent_at=started_at, received_at=started_at)
    policy = policy_for_rework(anew, policies)
    counted = _count(anew, policy, calendar)
    return tuple(
        deadline._replace(round=number)
        for deadline in counted
        if deadline.stage in policy.rework_stages
    )


def _count(
    ticket: TicketFacts, policy: Policy, calendar: WorkCalendar
) -> tuple[CountedDeadline, ...]:
    limits = dict(policy.stages)
    starts_at = ticket.starts_at
    printed, unreadable = _printed(ticket.printed_limit, starts_at, calendar)
    due_by: dict[Duration, Due] = {}  # stages often share a limit
    climb = Climb(policy.ladder, calendar)
    times: dict[_Counted, tuple[TimeToAct, datetime]] = {}
    made = []
    later: _Counted | None = None
    for stage in _LAST_FIRST:
        by_policy = limits.get(stage)
        counted: _Counted
        if printed is not None and stage in PRINTED_LIMIT_STAGES:
            counted = printed
        elif by_policy is not None:
            if by_policy not in due_by:
                due_by[by_policy] = due_by_policy(by_policy, starts_at, calendar)
            counted = (by_policy, due_by[by_policy])
        else:
            continue
        if later is not None and later[1].at <= counted[1].at:
            counted = later
        later = counted
        limit, due = counted
        if counted not in times:
            by_the_clock = policy.ladder.by_the_clock
            time = time_of(limit, starts_at, due.at, calendar, by_the_clock=by_the_clock)
            times[counted] = time, climb.next_at(0, due.at, time)
        time, warn_at = times[counted]
        made.append(
            CountedDeadline(
                stage=stage,
                due_at=due.at,
                time=time,
                ladder=policy.ladder.id,
                warn_at=warn_at,
                provisional=due.provisional,
                source=PRINTED if counted is printed else policy.id,
                extensions_allowed=policy.extensions_allowed,
                unverified=policy.unverified and counted is not printed,
                limit_unreadable=unreadable,
            )
        )
    made.reverse()
    return tuple(made)


_Counted = tuple[Limit, Due]


def _printed(
    text: str | None, starts_at: datetime, calendar: WorkCalendar
) -> tuple[_Counted | None, Unreadable | LimitIgnored | None]:
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
    return (limit, due), None


def _day_in_shanghai(at: datetime) -> date:
    try:
        return at.astimezone(SHANGHAI).date()
    except OverflowError:
        return at.date()
