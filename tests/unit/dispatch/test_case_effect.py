"""Whether failures fell after a scheme was put right."""

from datetime import UTC, datetime, timedelta

import pytest
from scipy.stats import binom

from services.dispatch.rules.case_effect import effect_of

OPENED = datetime(2026, 1, 1, tzinfo=UTC)
DONE = OPENED + timedelta(days=60)
NOW = DONE + timedelta(days=200)


def test_failures_while_the_case_was_open_count_on_neither_side() -> None:
    failed_at = [
        *(OPENED - timedelta(days=days) for days in (1, 100, 365, 366)),
        *(OPENED + timedelta(days=days) for days in (0, 59)),
        *(DONE + timedelta(days=days) for days in (0, 150, 200)),
    ]
    effect = effect_of(failed_at, OPENED, DONE, NOW)
    assert (effect.before, effect.after, effect.days_after) == (3, 2, 200)
    assert effect.expected == pytest.approx(3 * 200 / 365)


@pytest.mark.parametrize(("before", "after"), [(0, 0), (8, 0), (8, 1), (3, 5), (40, 12)])
def test_the_chance_is_binomial(before: int, after: int) -> None:
    failed_at = [OPENED - timedelta(hours=each + 1) for each in range(before)]
    failed_at += [DONE + timedelta(hours=each) for each in range(after)]
    effect = effect_of(failed_at, OPENED, DONE, NOW)
    assert effect.p == pytest.approx(binom.cdf(after, before + after, 200 / 565))


def test_a_case_done_today_has_shown_nothing_yet() -> None:
    effect = effect_of([OPENED - timedelta(days=1)], OPENED, DONE, DONE + timedelta(hours=3))
    assert (effect.after, effect.days_after, effect.p) == (0, 0, 1.0)
