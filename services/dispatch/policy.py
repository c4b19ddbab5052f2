"""What a centre may set about dispatch's rules."""

from dataclasses import dataclass, field
from datetime import timedelta

from services.dispatch.rules.fault_matching import MatchingWindow
from services.dispatch.rules.rework import ALLOWED_BY_RULE
from services.dispatch.rules.staff_messages import Way
from services.dispatch.settings import DispatchSettings


@dataclass(frozen=True, slots=True)
class Policy:
    window: MatchingWindow = field(default_factory=MatchingWindow)
    repeat_window: timedelta = timedelta(days=90)
    reworks_by_rule: int = ALLOWED_BY_RULE
    """How often one fault is reworked before a person decides."""
    ways: frozenset[Way] = frozenset()
    """The ways by which staff can be told outside the console."""


def policy_of(settings: DispatchSettings) -> Policy:
    return Policy(
        window=MatchingWindow(
            same_village=timedelta(hours=settings.merge_same_village_hours),
            other_village=timedelta(hours=settings.merge_other_village_hours),
        ),
        repeat_window=timedelta(days=settings.repeat_window_days),
        reworks_by_rule=settings.reworks_by_rule,
        ways=frozenset(
            way
            for way, is_on in (
                (Way.WECOM, settings.wecom_secret is not None),
                (Way.SMS, settings.sms_provider is not None),
            )
            if is_on
        ),
    )
