"""When a part of a service counts as late, and what it tells."""

import pytest

from shared.progress import Progress


class _Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("every", "seconds_since", "ready"),
    [
        pytest.param(0, 29, True, id="a moment before it is late"),
        pytest.param(0, 31, False, id="late"),
        pytest.param(86_400, 86_420, True, id="once a day, and the day is hardly over"),
        pytest.param(86_400, 86_431, False, id="once a day, and not today"),
    ],
)
def test_it_is_late_some_time_after_its_next_success_was_due(
    every: float, seconds_since: float, ready: bool
) -> None:
    clock = _Seconds()
    part = Progress("relay", every_seconds=every, late_after=30, monotonic=clock)
    part.succeeded()
    clock.now = seconds_since
    assert part.is_ready is ready


def test_a_part_that_never_succeeds_is_late() -> None:
    clock = _Seconds()
    part = Progress("relay", late_after=30, monotonic=clock)
    assert part.is_ready
    clock.now = 31
    assert not part.is_ready
    assert part.report()["age"] is None


def test_after_a_failure_the_next_success_is_due_soon_and_not_in_a_day() -> None:
    clock = _Seconds()
    part = Progress("load", every_seconds=86_400, late_after=30, monotonic=clock)
    part.succeeded()
    for clock.now in (0, 20, 31):
        part.failed(OSError())
    assert not part.is_ready
    part.succeeded()
    assert part.is_ready


def test_a_systemic_error_makes_it_unready_at_once_until_it_succeeds() -> None:
    part = Progress("consumer")
    part.succeeded()
    part.stopped(LookupError("no such column"))
    assert not part.is_ready
    assert part.report()["stopped"]
    assert part.report()["error"] == "LookupError"
    part.succeeded()
    assert part.is_ready
    assert part.report()["error"] is None
