"""What the deadlines of a ticket depend on: its stages, its facts, and the policy it is counted by.

There is no nationwide limit: each city's 12345 regulation sets its own (for example 济南市12345市民
服务热线条例, articles 24-27). The limit printed on the ticket wins; else the policy in force on the
day the ticket was sent. Policies are data: services/reply/policies/deadline_policies.yaml.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from .calendar import SHANGHAI
from .ladder import Ladder
from .time_limits import Duration

ANY = "any"
REWORK = "rework"
"""The kind of the policy rows that later rounds are counted by, where there are any."""
EARLIEST_SENT_AT = datetime(2000, 1, 1, tzinfo=UTC)
LATEST_SENT_AHEAD = timedelta(days=1)
"""A platform's clock may run ahead of ours, but not by more than this."""


class Stage(StrEnum):
    """签收, 首次联系, 到场, 办结, 回复, 回访: a ticket has those that its policy names."""

    ACCEPT = "accept"
    FIRST_CONTACT = "first_contact"
    ON_SITE = "on_site"
    RESOLVE = "resolve"
    REPLY = "reply"
    CALL_BACK = "call_back"
    """Counts from the delivery of the answer that says it is solved."""


REWORK_STAGES = frozenset(Stage) - {Stage.ACCEPT}
"""What a later round counts where its policy does not say. Whoever starts a round accepts it."""


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
    chased_at: datetime | None = None
    """The first time since the round started, as for the next."""
    supervised_at: datetime | None = None

    @property
    def starts_at(self) -> datetime:
        return counted_from(self.sent_at, self.received_at)


def counted_from(sent_at: datetime, received_at: datetime) -> datetime:
    """The instant that deadlines count from: the sending, or the receipt where the sending cannot
    have been then (before 2000, or more than a day after we received it)."""
    is_possible = sent_at >= EARLIEST_SENT_AT and sent_at - received_at <= LATEST_SENT_AHEAD
    return sent_at if is_possible else received_at


class Occasion(StrEnum):
    """催办, 督办: what may shorten a limit."""

    CHASE = "chase"
    SUPERVISE = "supervise"


class Shortening(NamedTuple):
    """From the occasion on, the stage is due within this, unless it is due sooner anyway."""

    occasion: Occasion
    stage: Stage
    within: Duration


PAUSABLE = frozenset({Stage.RESOLVE, Stage.REPLY})
"""Accepting, speaking to the resident and driving there need neither parts nor power."""


class PauseRules(NamedTuple):
    """Which clocks may be stopped, and for how long at most."""

    stages: frozenset[Stage]
    longest: Duration
    """All pauses of a round together, on this clock."""
    printed: bool
    """Whether a limit that the platform has printed stands still as well. Else only the platform
    can move it: it is asked for an extension."""


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
    shortenings: tuple[Shortening, ...] = ()
    pauses: PauseRules | None = None
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


def _day_in_shanghai(at: datetime) -> date:
    try:
        return at.astimezone(SHANGHAI).date()
    except OverflowError:
        return at.date()
