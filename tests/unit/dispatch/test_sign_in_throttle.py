"""Who waits how long after wrong passwords, and whom a stranger cannot keep out."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dispatch.rules.sign_in_throttle import (
    FORGOTTEN_AFTER,
    FREE_FAILURES,
    LONGEST_WAIT,
    Counter,
    Failures,
    after_failure,
    after_success,
    counters_of,
    wait_before_next,
)
from tests.conftest import NOW

NAME = Counter("name", "wang.diaodu")
_moments = st.lists(st.integers(0, 3600), max_size=60).map(sorted)


def _fail(counts: dict[Counter, Failures], counters: Iterable[Counter], at: datetime) -> None:
    for counter in counters:
        counts[counter] = after_failure(counts.get(counter, Failures(0, at)), at)


def _wait(counts: dict[Counter, Failures], counters: Iterable[Counter], at: datetime) -> timedelta:
    return max(wait_before_next(each, counts.get(each, Failures(0, at)), at) for each in counters)


@pytest.mark.parametrize(
    ("kind", "failures", "seconds_ago", "wait_seconds"),
    [
        ("name", 4, 0, 0),
        ("name", 5, 0, 30),
        ("name", 5, 10, 20),
        ("name", 5, 30, 0),
        ("name", 6, 0, 60),
        ("name", 9, 0, 480),
        ("name", 10, 0, 900),
        ("name", 10_000, 0, 900),
        ("device", 5, 0, 30),
        ("address", 19, 0, 0),
        ("address", 20, 0, 30),
        ("address", 20, 86_400, 0),
    ],
)
def test_the_wait_after_failures(
    kind: str, failures: int, seconds_ago: int, wait_seconds: int
) -> None:
    last_at = NOW - timedelta(seconds=seconds_ago)
    wait = wait_before_next(Counter(kind, "x"), Failures(failures, last_at), NOW)
    assert wait == timedelta(seconds=wait_seconds)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("203.0.113.7", "203.0.113.7", True),
        ("203.0.113.7", "203.0.113.8", False),
        ("2001:db8:1:2::7", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::7", "2001:db8:1:3::7", False),
        ("unix:", "unix:", True),
    ],
)
def test_which_addresses_are_counted_together(one: str, other: str, same: bool) -> None:
    counted = [counters_of("n", address, None)[0] for address in (one, other)]
    assert (counted[0] == counted[1]) is same


@given(seconds=_moments)
def test_a_strangers_failures_never_make_a_known_device_wait(seconds: list[int]) -> None:
    counts: dict[Counter, Failures] = {}
    for second in seconds:
        at = NOW + timedelta(seconds=second)
        _fail(counts, counters_of(NAME.value, "203.0.113.7", None), at)
        assert not _wait(counts, counters_of(NAME.value, "203.0.113.7", "device-1"), at)


@given(seconds=_moments, device=st.sampled_from([None, "device-1"]))
def test_the_wait_grows_with_each_failure_and_stays_bounded(
    seconds: list[int], device: str | None
) -> None:
    counts: dict[Counter, Failures] = {}
    counters = counters_of(NAME.value, "203.0.113.7", device)
    before = timedelta(0)
    for second in seconds:
        at = NOW + timedelta(seconds=second)
        _fail(counts, counters, at)
        wait = _wait(counts, counters, at)
        assert before <= wait <= LONGEST_WAIT
        before = wait


@pytest.mark.parametrize(("kind", "left"), [("name", 0), ("device", 0), ("address", 18)])
def test_who_signs_in_clears_their_own_failures_and_not_the_addresss(kind: str, left: int) -> None:
    assert after_success(Counter(kind, "x"), Failures(19, NOW)).count == left


@given(failures=st.integers(0, 10_000), kind=st.sampled_from(sorted(FREE_FAILURES)))
def test_failures_are_forgotten_after_a_day(failures: int, kind: str) -> None:
    old = Failures(failures, NOW - FORGOTTEN_AFTER)
    assert not wait_before_next(Counter(kind, "x"), old, NOW)
    assert after_failure(old, NOW).count == 1
