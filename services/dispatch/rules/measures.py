"""What to do about a scheme that keeps failing: a suggestion by a rule that anybody can check.

A supervisor decides; nothing follows from a suggestion by itself. The numbers are no standard's:
no source gives any, and design lives of rural schemes are unverified.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from shared.vocabulary import Component

DESIGN_LIFE_YEARS = 15
"""Unverified: 10 to 15 years are said of rural schemes."""
MANY_A_YEAR = 3
"""Failures of one component within a year that a repair no longer settles."""
WORN_OUT_COMPONENTS = 3


class Measure(StrEnum):
    """The values are message keys."""

    WATCH = "watch"
    REPAIR_SECTION = "repair_section"
    REPLACE_COMPONENT = "replace_component"
    REPLAN_SCHEME = "replan_scheme"


@dataclass(frozen=True, slots=True)
class Suggestion:
    measure: Measure
    component: str | None = None
    """Whose section to repair, or what to replace."""


def suggestion(age_years: int, failures_this_year: Mapping[str, int]) -> Suggestion:
    """`failures_this_year`: by component, within the last 365 days.

    - Older than its design life, and three components failed at least twice: replan the scheme.
    - One component failed three times: replace it; pipes are repaired by the section.
    - Else: watch.
    """
    failing_again = [name for name, count in failures_this_year.items() if count > 1]
    if age_years > DESIGN_LIFE_YEARS and len(failing_again) >= WORN_OUT_COMPONENTS:
        return Suggestion(Measure.REPLAN_SCHEME)
    worst = max(sorted(failures_this_year), key=lambda name: failures_this_year[name], default=None)
    if worst is None or failures_this_year[worst] < MANY_A_YEAR:
        return Suggestion(Measure.WATCH)
    if worst == Component.NETWORK:
        return Suggestion(Measure.REPAIR_SECTION, worst)
    return Suggestion(Measure.REPLACE_COMPONENT, worst)
