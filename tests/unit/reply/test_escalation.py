"""What the sweep does with a deadline, and what must never be."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reply.rules.escalation import (
    DeadlineState,
    Standing,
    SweepAction,
    is_past,
    judged,
    met,
    moved,
    next_action,
)
from services.reply.rules.escalation import swept as swept_once

WARN = datetime(2026, 11, 30, 5, 30, tzinfo=UTC)
LATER = datetime(2026, 11, 30, 9, 15, tzinfo=UTC)
DUE = datetime(2026, 11, 30, 15, 59, 59, tzinfo=UTC)
OPEN = DeadlineState(Standing.OPEN, warn_at=WARN, due_at=DUE)
WARNED = OPEN.waiting(50, LATER)
LAST = OPEN.waiting(90, DUE)
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
STEPS = {0: WARN, 50: LATER, 90: DUE}
"""When the step after each comes."""
FOLLOWING = {0: 50, 50: 90, 90: 100}


def swept(deadline: DeadlineState, now: datetime) -> DeadlineState:
    """As often as there is something to do, as the sweep does."""
    while next_action(deadline, now) is not SweepAction.NOTHING:
        step = FOLLOWING[deadline.step]
        deadline = swept_once(deadline, now, step, STEPS.get(step, DUE))
    return deadline


@pytest.mark.parametrize(
    ("deadline", "now", "action"),
    [
        pytest.param(OPEN, WARN - SECOND, SweepAction.NOTHING, id="not yet"),
        pytest.param(OPEN, WARN, SweepAction.WARN, id="time to warn"),
        pytest.param(WARNED, LATER - SECOND, SweepAction.NOTHING, id="not yet the next step"),
        pytest.param(WARNED, LATER, SweepAction.WARN, id="time for the next step"),
        pytest.param(LAST, DUE, SweepAction.NOTHING, id="at its last step, in its last second"),
        pytest.param(LAST, DUE + 0.9 * SECOND, SweepAction.NOTHING, id="still in that second"),
        pytest.param(WARNED, DUE + SECOND, SweepAction.RECORD_MISSED, id="past"),
        pytest.param(OPEN, DUE + SECOND, SweepAction.RECORD_MISSED, id="past without a warning"),
        pytest.param(met(OPEN, WARN), DUE + SECOND, SweepAction.NOTHING, id="met"),
        pytest.param(swept(OPEN, DUE + SECOND), DUE + 9 * SECOND, SweepAction.NOTHING, id="missed"),
    ],
)
def test_the_sweep(deadline: DeadlineState, now: datetime, action: SweepAction) -> None:
    assert next_action(deadline, now) is action


@pytest.mark.parametrize(
    ("deadline", "at", "standing", "late"),
    [
        pytest.param(OPEN, DUE - SECOND, Standing.MET, False, id="in time"),
        pytest.param(WARNED, DUE, Standing.MET, False, id="in the last second"),
        pytest.param(WARNED, DUE + SECOND, Standing.MISSED, True, id="a second late"),
        pytest.param(swept(OPEN, DUE + SECOND), DUE + SECOND, Standing.MISSED, True, id="missed"),
        pytest.param(swept(OPEN, DUE + SECOND), DUE, Standing.MET, False, id="proof came later"),
    ],
)
def test_meeting(deadline: DeadlineState, at: datetime, standing: Standing, late: bool) -> None:
    done = met(deadline, at)
    assert (done.standing, is_past(done.due_at, at)) == (standing, late)


def test_a_new_limit_is_warned_of_anew_from_the_step_it_is_at() -> None:
    later = moved(LAST, 50, WARN + 3 * DAY, DUE + 3 * DAY)
    assert (later.standing, later.step, later.next_at) == (Standing.WARNED, 50, WARN + 3 * DAY)
    assert moved(WARNED, 0, WARN + 3 * DAY, DUE + 3 * DAY).standing is Standing.OPEN


def test_an_earlier_limit_is_not_warned_of_twice() -> None:
    assert moved(WARNED, 50, LATER, DUE - SECOND).standing is Standing.WARNED


@pytest.mark.parametrize("ended", [met(OPEN, WARN), swept(OPEN, DUE + SECOND)], ids=str)
def test_what_has_ended_is_not_moved(ended: DeadlineState) -> None:
    assert moved(ended, 0, WARN + 9 * DAY, DUE + 9 * DAY) == ended


@pytest.mark.parametrize(("missed", "standing"), [(False, Standing.OPEN), (True, Standing.MISSED)])
def test_what_turns_out_not_to_be_done_waits_again_unless_its_miss_is_recorded(
    missed: bool, standing: Standing
) -> None:
    again = judged(met(OPEN, WARN), None, missed=missed)
    assert (again.standing, again.met_at) == (standing, None)


times = st.integers(-3 * 86400, 3 * 86400).map(lambda seconds: DUE + timedelta(seconds=seconds))
steps = st.lists(st.tuples(st.sampled_from([swept, met]), times), max_size=8)


def after(taken: list[tuple[object, datetime]], deadline: DeadlineState = OPEN) -> DeadlineState:
    for step, at in taken:
        deadline = step(deadline, at)  # type: ignore[operator]
    return deadline


@given(steps, times)
def test_sweeping_twice_is_sweeping_once(
    taken: list[tuple[object, datetime]], now: datetime
) -> None:
    once = swept(after(taken), now)
    assert next_action(once, now) is SweepAction.NOTHING
    assert swept(once, now) == once


@given(steps)
def test_a_deadline_is_never_both_met_in_time_and_missed(
    taken: list[tuple[object, datetime]],
) -> None:
    end = after(taken)
    if end.met_at is not None:
        assert end.standing is (Standing.MISSED if end.met_at > DUE else Standing.MET)


@given(done_at=times, told_after=st.integers(0, 86400), sweeps=st.lists(times, max_size=5))
def test_when_the_event_comes_changes_nothing_of_how_it_ends(
    done_at: datetime, told_after: int, sweeps: list[datetime]
) -> None:
    told_later = done_at + timedelta(seconds=told_after)
    swept_at: list[tuple[datetime, object, datetime]] = [(now, swept, now) for now in sweeps]

    def end_if_told_at(moment: datetime) -> tuple[Standing, datetime | None, datetime | None]:
        told = sorted([(moment, met, done_at), *swept_at], key=lambda step: step[0])
        end = after([(step, at) for _, step, at in told])
        return end.standing, end.met_at, end.next_at

    assert end_if_told_at(done_at) == end_if_told_at(told_later)


@given(sweeps=st.lists(times, max_size=6))
def test_standings_only_go_forward_in_time(sweeps: list[datetime]) -> None:
    course = [Standing.OPEN, Standing.WARNED, Standing.MISSED]
    deadline, passed = OPEN, [0]
    for now in sorted(sweeps):
        deadline = swept(deadline, now)
        passed.append(course.index(deadline.standing))
    assert passed == sorted(passed)
