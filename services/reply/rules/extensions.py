"""When may a platform be asked for more time?

Source: the 12345 regulations of several cities (for example 济南市12345市民服务热线条例) agree that
an extension is asked for before the limit passes and that the resident is told. How often one may
ask differs by city: the policy says so. The old limit counts until the platform agrees.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from .escalation import WAITING, Standing, is_past
from .objections import Objection


@dataclass(frozen=True, slots=True)
class Extensible:
    """What the decision depends on of one deadline."""

    standing: Standing
    due_at: datetime
    asked_until: datetime | None
    """The new limit asked for and not answered yet."""
    granted: int
    allowed: int


@dataclass(frozen=True, slots=True)
class ExtensionRequest:
    new_due_at: datetime
    reason: str
    asked_at: datetime


Rule = Callable[[Extensible, ExtensionRequest], Objection | None]


def the_deadline_still_waits(deadline: Extensible, _: ExtensionRequest) -> Objection | None:
    return None if deadline.standing in WAITING else Objection.DEADLINE_ENDED


def it_is_asked_before_the_limit_passes(
    deadline: Extensible, request: ExtensionRequest
) -> Objection | None:
    return Objection.EXPIRED if is_past(deadline.due_at, request.asked_at) else None


def no_other_request_is_unanswered(deadline: Extensible, _: ExtensionRequest) -> Objection | None:
    return Objection.ASKED_ALREADY if deadline.asked_until is not None else None


def the_policy_allows_another(deadline: Extensible, _: ExtensionRequest) -> Objection | None:
    return Objection.USED_UP if deadline.granted >= deadline.allowed else None


def the_new_limit_is_later(deadline: Extensible, request: ExtensionRequest) -> Objection | None:
    return Objection.NOT_LATER if request.new_due_at <= deadline.due_at else None


def a_reason_is_given(_: Extensible, request: ExtensionRequest) -> Objection | None:
    return None if request.reason.strip() else Objection.NO_REASON


EXTENSION_RULES: tuple[Rule, ...] = (
    the_deadline_still_waits,
    it_is_asked_before_the_limit_passes,
    no_other_request_is_unanswered,
    the_policy_allows_another,
    the_new_limit_is_later,
    a_reason_is_given,
)


def first_objection(deadline: Extensible, request: ExtensionRequest) -> Objection | None:
    """The first rule against asking, or None where the platform may be asked."""
    return next((why for rule in EXTENSION_RULES if (why := rule(deadline, request))), None)
