"""Two periods beside each other."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dispatch.rules.comparison import (
    FEWEST,
    TwoPeriods,
    compare,
    in_pairs,
    this_month_and_a_year_ago,
    this_month_and_last,
)
from services.dispatch.rules.figures import Figures, StageFigures


def figures(complaints: int, in_time: int = 0, missed: int = 0) -> Figures:
    stage = StageFigures(in_time=in_time, late=0, missed=missed, pending=0)
    return Figures(complaints, 0, 0, 0, 0, {"resolve": stage})


def test_counts_differ_by_number_and_share() -> None:
    both = compare("complaints", figures(130), figures(100))
    assert (both.difference, both.change, both.too_few) == (30, 0.3, False)


def test_rates_differ_by_points() -> None:
    both = compare("resolve_rate", figures(40, 36, 4), figures(40, 30, 10))
    assert (both.value, both.earlier, both.difference) == (0.9, 0.75, 0.15)


@pytest.mark.parametrize(("now", "earlier"), [(FEWEST - 1, 500), (500, FEWEST - 1), (0, 0)])
def test_a_rate_of_too_few_is_not_compared(now: int, earlier: int) -> None:
    both = compare("resolve_rate", figures(now, now), figures(earlier, 0, earlier))
    assert both.too_few
    assert both.difference is None


def test_a_few_complaints_are_counted_but_not_given_in_percent() -> None:
    both = compare("complaints", figures(9), figures(3))
    assert (both.difference, both.change, both.too_few) == (6, None, True)


def test_what_one_period_has_stands_beside_nothing() -> None:
    lines = in_pairs([("a", figures(1))], [("b", figures(2))], by_position=False)
    counted = [
        (line.value, line.figures.complaints, line.earlier and line.earlier.complaints)
        for line in lines
    ]
    assert counted == [("a", 1, 0), ("b", 0, 2)]


def test_months_stand_beside_each_other_in_their_order() -> None:
    lines = in_pairs(
        [("2026-11", figures(1))],
        [("2025-11", figures(2)), ("2025-12", figures(3))],
        by_position=True,
    )
    assert [(line.value, line.earlier_value) for line in lines] == [
        ("2026-11", "2025-11"),
        ("", "2025-12"),
    ]


def test_the_month_is_compared_with_as_many_days() -> None:
    day = date(2026, 3, 31)
    last = TwoPeriods(date(2026, 3, 1), day, date(2026, 2, 1), date(2026, 2, 28))
    year = TwoPeriods(date(2026, 3, 1), day, date(2025, 3, 1), date(2025, 3, 31))
    assert this_month_and_last(day) == last
    assert this_month_and_a_year_ago(day) == year
    assert this_month_and_last(date(2026, 1, 15)).earlier_since == date(2025, 12, 1)


@given(st.dates(date(2001, 1, 1), date(2090, 1, 1)))
def test_a_preset_is_two_periods_that_do_not_overlap(today: date) -> None:
    for two in (this_month_and_last(today), this_month_and_a_year_ago(today)):
        assert two.earlier_since <= two.earlier_until < two.since <= two.until == today
        assert two.earlier_until - two.earlier_since <= two.until - two.since + timedelta()
