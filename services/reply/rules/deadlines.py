"""What is deadlined for one order: for each stage when it is due, and when to warn of it.

There is no nationwide limit. The limit printed on the order wins; else the policy in force on the
day the order was sent [domain.md: each city prints its own]. Policies are data: see
services/reply/policies/deadline_policies.yaml.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from .calendar import SHANGHAI, Due, WorkCalendar
from .time_limits import Limit, Term, Unit, Unreadable, read_limit

ANY = "any"
PRINTED = "printed"
WARNED_AT_THE_LATEST_AFTER = 0.5
"""A warning never comes before this share of the time is over: a two-hour limit under a policy
that warns four hours ahead would otherwise raise the alarm the moment it starts."""


class NoPolicyInForce(LookupError):
    """No policy covers an order of this day. The policy file is checked to hold one for all."""


class Stage(StrEnum):
    """签收, 首次联系, 办结, 回复."""

    ACCEPT = "accept"
    FIRST_CONTACT = "first_contact"
    RESOLVE = "resolve"
    REPLY = "reply"


_IN_ORDER = tuple(Stage)
PRINTED_LIMIT_STAGES = frozenset({Stage.RESOLVE, Stage.REPLY})
"""What the limit printed on an order limits: the order is to be finished and answered by then."""


class LimitIgnored(StrEnum):
    """Why a printed limit that can be read is not used. The value is a message key."""

    NOT_AFTER_SENDING = "limit_not_after_sending"


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What deadlines depend on. `sent_at` is when the platform sent it, or sent it back."""

    county: str
    platform: str
    kind: str
    urgency: str
    sent_at: datetime
    printed_limit: str | None


@dataclass(frozen=True, slots=True)
class StageTerm:
    within: Term
    warn_before: timedelta


@dataclass(frozen=True, slots=True)
class Policy:
    """Deadlines of one sort of order. Each of the four scopes is a code or ANY."""

    id: str
    county: str
    platform: str
    kind: str
    urgency: str
    in_force_from: date
    in_force_to: date | None
    """The last day of force."""
    stages: tuple[tuple[Stage, StageTerm], ...]
    extensions_allowed: int
    printed_warn_before: timedelta
    """For a printed limit on a stage that this policy sets no term for."""
    unverified: bool

    def covers(self, order: OrderFacts, sent_on: date) -> bool:
        return (
            self.in_force_from <= sent_on
            and (self.in_force_to is None or sent_on <= self.in_force_to)
            and self.county in (ANY, order.county)
            and self.platform in (ANY, order.platform)
            and self.kind in (ANY, order.kind)
            and self.urgency in (ANY, order.urgency)
        )

    @property
    def precision(self) -> tuple[bool, bool, bool, bool]:
        """A policy that names the urgency beats one that names the county, and so on."""
        return (
            self.urgency != ANY,
            self.county != ANY,
            self.platform != ANY,
            self.kind != ANY,
        )


@dataclass(frozen=True, slots=True)
class CountedDeadline:
    """One stage of one order, with all that is needed to count it again."""

    stage: Stage
    sent_at: datetime
    limit: Limit
    warn_before: timedelta
    due_at: datetime
    warn_at: datetime
    provisional: bool
    """An unpublished year was counted through: due_at may move when its calendar comes out."""
    source: str
    """PRINTED or the policy's id."""
    policy_id: str
    extensions_allowed: int
    limit_unreadable: Unreadable | LimitIgnored | None = None
    """Set where something is printed that could not be used: a person should look."""


def policy_for(order: OrderFacts, policies: Sequence[Policy]) -> Policy:
    """The most precise policy in force on the Shanghai day the order was sent.

    Raises NoPolicyInForce.
    """
    sent_on = order.sent_at.astimezone(SHANGHAI).date()
    covering = [policy for policy in policies if policy.covers(order, sent_on)]
    if not covering:
        raise NoPolicyInForce(f"no deadline policy is in force on {sent_on.isoformat()}")
    return max(covering, key=lambda policy: policy.precision)


def count_deadlines(
    order: OrderFacts, policies: Sequence[Policy], calendar: WorkCalendar
) -> tuple[CountedDeadline, ...]:
    """Every deadline this order makes, in the order of the stages. Raises NoPolicyInForce.

    A printed limit replaces the terms of resolve and reply, and no other stage is due after it.
    """
    policy = policy_for(order, policies)
    terms = dict(policy.stages)
    printed, unreadable = _printed(order, calendar)
    made = []
    for stage in _IN_ORDER:
        term = terms.get(stage)
        counted = _counted(stage, term.within if term else None, printed, order.sent_at, calendar)
        if counted is None:
            continue
        warn_before = term.warn_before if term else policy.printed_warn_before
        limit, due = counted
        made.append(
            CountedDeadline(
                stage=stage,
                sent_at=order.sent_at,
                limit=limit,
                warn_before=warn_before,
                due_at=due.at,
                warn_at=warn_at(limit, order.sent_at, due.at, warn_before, calendar),
                provisional=due.provisional,
                source=PRINTED if counted is printed else policy.id,
                policy_id=policy.id,
                extensions_allowed=policy.extensions_allowed,
                limit_unreadable=unreadable,
            )
        )
    return tuple(made)


def recompute(deadline: CountedDeadline, calendar: WorkCalendar) -> CountedDeadline:
    """The same deadline counted on another calendar, for when a year is published.

    Count every open deadline again, not the provisional ones alone: the notice for a year has
    moved the last days of the year before (2018-12-29 became a workday by the notice for 2019).
    """
    due = due_of(deadline.limit, deadline.sent_at, calendar)
    warn = warn_at(deadline.limit, deadline.sent_at, due.at, deadline.warn_before, calendar)
    return replace(deadline, due_at=due.at, warn_at=warn, provisional=due.provisional)


def due_of(limit: Limit, sent_at: datetime, calendar: WorkCalendar) -> Due:
    """When this limit ends for an order sent then. Raises OutsideCalendar."""
    if isinstance(limit, datetime):
        return Due(limit, provisional=False)
    if isinstance(limit, date):
        return Due(calendar.end_of_day(limit), provisional=False)
    match limit.unit:
        case Unit.WORKING_DAY:
            return calendar.add_working_days(sent_at, limit.amount)
        case Unit.DAY:
            return calendar.add_days(sent_at, limit.amount)
        case Unit.WORKING_MINUTE:
            return calendar.add_working_minutes(sent_at, limit.amount)
        case Unit.MINUTE:
            return calendar.add_minutes(sent_at, limit.amount)


def warn_at(
    limit: Limit,
    sent_at: datetime,
    due_at: datetime,
    warn_before: timedelta,
    calendar: WorkCalendar,
) -> datetime:
    """When to warn: between sending and due, in office hours wherever there are any to act in.

    A step due in office hours, or by the end of a day, is warned `warn_before` of *office time*
    ahead. So nothing rings at night or on a holiday, and a holiday in between neither eats the
    time to act nor moves the warning before the sending. A step due at night by the clock, or with
    no office hour before it at all, is warned by the clock.
    """
    available = due_at - sent_at
    if available <= timedelta(0):
        return due_at
    if _is_due_by_day(limit) or calendar.is_office_time(due_at):
        office_time = calendar.office_time_between(sent_at, due_at)
        lead = min(warn_before, office_time * WARNED_AT_THE_LATEST_AFTER)
        if lead >= timedelta(seconds=1):
            return calendar.office_time_before(due_at, lead)
    return due_at - min(warn_before, available * WARNED_AT_THE_LATEST_AFTER)


_Counted = tuple[Limit, Due]


def _printed(
    order: OrderFacts, calendar: WorkCalendar
) -> tuple[_Counted | None, Unreadable | LimitIgnored | None]:
    if order.printed_limit is None or not order.printed_limit.strip():
        return None, None
    limit = read_limit(order.printed_limit)
    if isinstance(limit, Unreadable):
        return None, limit
    due = due_of(limit, order.sent_at, calendar)
    if due.at <= order.sent_at:
        return None, LimitIgnored.NOT_AFTER_SENDING
    return (limit, due), None


def _counted(
    stage: Stage,
    by_policy: Term | None,
    printed: _Counted | None,
    sent_at: datetime,
    calendar: WorkCalendar,
) -> _Counted | None:
    """The limit that counts for this stage, and when it ends."""
    if printed is not None and stage in PRINTED_LIMIT_STAGES:
        return printed
    if by_policy is None:
        return None
    due = due_of(by_policy, sent_at, calendar)
    return (by_policy, due) if printed is None or due.at < printed[1].at else printed


def _is_due_by_day(limit: Limit) -> bool:
    if isinstance(limit, Term):
        return limit.unit in (Unit.DAY, Unit.WORKING_DAY, Unit.WORKING_MINUTE)
    return not isinstance(limit, datetime)
