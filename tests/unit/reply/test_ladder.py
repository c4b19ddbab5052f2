"""When people are told before a deadline passes: each step once, and by day."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.reply.calendar_file import load_calendars
from services.reply.rules.calendar import SHANGHAI
from services.reply.rules.ladder import (
    MISSED,
    Climb,
    Ladder,
    Step,
    extended,
    step_at,
    time_to_act,
)
from shared.vocabulary import Level

CALENDAR = load_calendars().default
LADDER = Ladder(
    "standard",
    (
        Step(50, Level.CREW_LEADER),
        Step(75, Level.DISPATCHER),
        Step(90, Level.DIRECTOR),
        Step(MISSED, Level.BUREAU),
    ),
)


def shanghai(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("starts", "due", "share", "in_office_time", "told"),
    [
        pytest.param(
            "2026-11-23 09:00", "2026-11-27 23:59:59", 50, True, "2026-11-25 14:00",
            id="half of five working days of seven hours"
        ),
        pytest.param(
            "2026-11-23 09:00", "2026-11-27 23:59:59", 90, True, "2026-11-27 14:00",
            id="the last afternoon"
        ),
        pytest.param(
            "2026-11-23 17:30", "2026-11-24 17:30", 50, True, "2026-11-24 14:00",
            id="not at night: the next day"
        ),
        pytest.param(
            "2026-11-23 17:30", "2026-11-24 17:30", 50, False, "2026-11-24 05:30",
            id="urgent: by the clock, also at night"
        ),
        pytest.param(
            "2026-09-30 17:29", "2026-10-08 23:59:59", 75, True, "2026-10-08 15:44",
            id="over a holiday: after it"
        ),
        pytest.param(
            "2026-11-28 10:00", "2026-11-28 12:00", 75, True, "2026-11-28 11:30",
            id="no office hour on a Saturday: by the clock"
        ),
        pytest.param(
            "2026-11-23 09:00", "2026-11-23 08:00", 50, True, "2026-11-23 08:00",
            id="due before it began: at once"
        ),
    ],
)  # fmt: skip
def test_when_a_step_comes(
    starts: str, due: str, share: int, in_office_time: bool, told: str
) -> None:
    time = time_to_act(shanghai(starts), shanghai(due), CALENDAR, in_office_time=in_office_time)
    at = step_at(shanghai(due), time, share, CALENDAR).astimezone(SHANGHAI)
    assert f"{at:%Y-%m-%d %H:%M}" == told


@pytest.mark.parametrize(
    ("share", "following"), [(0, 50), (49, 50), (50, 75), (90, MISSED), (MISSED, MISSED)]
)
def test_the_step_that_follows(share: int, following: int) -> None:
    assert LADDER.following(share).share == following


@pytest.mark.parametrize("shares", [(), (50,), (75, 50, MISSED), (50, 50, MISSED), (0, MISSED)])
def test_a_ladder_rises_and_ends_with_the_miss(shares: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="must rise"):
        Ladder("odd", tuple(Step(share, Level.DISPATCHER) for share in shares))


instants = st.integers(
    int(shanghai("2024-01-01").timestamp()), int(shanghai("2026-12-01").timestamp())
).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
lengths = st.integers(120, 30 * 86400).map(lambda seconds: timedelta(seconds=seconds))


@given(starts_at=instants, length=lengths, in_office_time=st.booleans())
@settings(max_examples=60)
def test_steps_come_one_after_the_other_between_start_and_due(
    starts_at: datetime, length: timedelta, in_office_time: bool
) -> None:
    due_at = starts_at + length
    time = time_to_act(starts_at, due_at, CALENDAR, in_office_time=in_office_time)
    times = [step_at(due_at, time, step.share, CALENDAR) for step in LADDER.steps]
    assert starts_at <= times[0]
    assert times == sorted(times)
    assert times[-1] == due_at


@given(starts_at=instants, length=lengths)
@settings(max_examples=60)
def test_no_step_in_office_time_comes_at_night_or_on_a_holiday(
    starts_at: datetime, length: timedelta
) -> None:
    due_at = starts_at + length
    time = time_to_act(starts_at, due_at, CALENDAR, in_office_time=True)
    if time.in_office_time and time.length >= timedelta(seconds=20):
        assert all(
            CALENDAR.is_office_time(step_at(due_at, time, step.share, CALENDAR))
            for step in LADDER.steps[:-1]
        )


@given(starts_at=instants, length=lengths, used=st.integers(0, 100), more=lengths)
@settings(max_examples=60)
def test_after_an_extension_no_step_is_at_hand_that_was_not_taken_and_none_ahead_counts_as_taken(
    starts_at: datetime, length: timedelta, used: int, more: timedelta
) -> None:
    due_at = starts_at + length
    now = starts_at + length * used / 100
    time = time_to_act(starts_at, due_at, CALENDAR, in_office_time=False)
    before = max((s.share for s in LADDER.steps if s.share < used), default=0)
    later = due_at + more
    longer = extended(time, due_at, later, CALENDAR)
    climb = Climb(LADDER, CALENDAR)
    after = climb.reached(before, later, longer, now)
    assert after <= before
    assert climb.next_at(after, later, longer) >= now or after == before
    assert after == 0 or step_at(later, longer, after, CALENDAR) <= now
