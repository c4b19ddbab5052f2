"""What repeats within the window: days counted to the second, and against plain counting."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dispatch.rules.hotspots import Failure, find_repeat

NOW = datetime(2026, 10, 12, 1, 30, tzinfo=UTC)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
WINDOW = 90 * DAY


def failed(*before: timedelta) -> list[Failure]:
    return [Failure(NOW - each, f"w{number}") for number, each in enumerate(before)]


@pytest.mark.parametrize(
    ("before", "count"),
    [
        pytest.param([], 0, id="never"),
        pytest.param([0 * DAY], 0, id="once"),
        pytest.param([89 * DAY, 0 * DAY], 2, id="within"),
        pytest.param([90 * DAY, 0 * DAY], 2, id="on the last day, to the second"),
        pytest.param([90 * DAY + SECOND, 0 * DAY], 0, id="a second too old"),
        pytest.param([120 * DAY, 80 * DAY, 0 * DAY], 2, id="the oldest is out"),
        pytest.param([0 * DAY, 0 * DAY], 2, id="twice at once"),
    ],
)
def test_repeats(before: list[timedelta], count: int) -> None:
    assert len(find_repeat(failed(*before), WINDOW)) == count


def test_the_window_ends_with_the_newest_failure_whichever_was_repaired_last() -> None:
    repeat = find_repeat(failed(0 * DAY, 30 * DAY), WINDOW)
    assert [failure.work_order_id for failure in repeat] == ["w1", "w0"]


@given(st.lists(st.integers(0, 400), max_size=12), st.integers(1, 365))
def test_it_is_the_plain_count_within_the_window_before_the_newest(
    days: list[int], window: int
) -> None:
    repeat = find_repeat(failed(*[day * DAY for day in days]), window * DAY)
    counted = sum(day - min(days) <= window for day in days)
    assert len(repeat) == (counted if counted > 1 else 0)


@given(st.permutations(range(6)))
def test_the_order_of_telling_does_not_matter(order: list[int]) -> None:
    history = failed(*[17 * day * DAY for day in range(6)])
    assert find_repeat([history[n] for n in order], WINDOW) == find_repeat(history, WINDOW)
