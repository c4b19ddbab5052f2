"""A pause moves what is due by exactly its length on the limit's own clock."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.reply.calendar_file import load_calendars
from services.reply.policy_file import load_policies
from services.reply.rules.calendar import SHANGHAI, CalendarYear, WorkCalendar, WorkDays
from services.reply.rules.counting import CountedDeadline, count_call_back, count_deadlines
from services.reply.rules.deadlines import (
    Occasion,
    PauseRules,
    Policy,
    Shortening,
    Stage,
    TicketFacts,
    policy_for,
)
from services.reply.rules.limits import Interval, due_of
from services.reply.rules.pauses import latest_end, union
from services.reply.rules.time_limits import Duration, Limit, Unit

CALENDAR = load_calendars().default
POLICIES = load_policies()
_MINUTE = timedelta(minutes=1)


def shanghai(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=SHANGHAI)


def interval(start: str, end: str) -> Interval:
    return Interval(shanghai(start), shanghai(end))


def written(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%m-%d %H:%M:%S}"


@pytest.mark.parametrize(
    ("limit", "paused", "due"),
    [
        # 2026-11-23 is a Monday; received at 09:15.
        (Duration(5, Unit.WORKING_DAY), [], "11-30 23:59:59"),
        (Duration(5, Unit.WORKING_DAY), [("11-24 15:00", "11-24 17:00")], "11-30 23:59:59"),
        (Duration(5, Unit.WORKING_DAY), [("11-24 15:00", "11-26 10:00")], "12-02 23:59:59"),
        (Duration(5, Unit.WORKING_DAY), [("11-27 15:00", "11-29 10:00")], "11-30 23:59:59"),
        (Duration(5, Unit.WORKING_DAY), [("11-24 15:00", "12-03 10:00")], "12-09 23:59:59"),
        (Duration(7, Unit.DAY), [("11-27 15:00", "11-29 10:00")], "12-02 23:59:59"),
        (Duration(24 * 60, Unit.MINUTE), [("11-23 10:00", "11-23 10:30")], "11-24 09:45:00"),
        # Lunch (12:00-13:30) is no office time: the pause lasts an hour.
        (Duration(240, Unit.WORKING_MINUTE), [("11-23 11:30", "11-23 14:00")], "11-23 15:45:00"),
        (Duration(240, Unit.WORKING_MINUTE), [("11-23 19:00", "11-23 21:00")], "11-23 14:45:00"),
        (date(2026, 11, 30), [("11-24 15:00", "11-26 10:00")], "12-02 23:59:59"),
    ],
)
def test_what_is_due_after_a_pause(limit: Limit, paused: list[tuple[str, str]], due: str) -> None:
    stopped = [interval(f"2026-{start}", f"2026-{end}") for start, end in paused]
    counted = due_of(limit, shanghai("2026-11-23 09:15"), CALENDAR, stopped)
    assert written(counted.at) == due


def test_a_pause_across_a_holiday_lasts_its_working_days_only() -> None:
    over_national_day = interval("2026-09-30 15:00", "2026-10-08 09:00")
    due = due_of(
        Duration(3, Unit.WORKING_DAY), shanghai("2026-09-29 09:00"), CALENDAR, [over_national_day]
    )
    without = due_of(Duration(4, Unit.WORKING_DAY), shanghai("2026-09-29 09:00"), CALENDAR)
    assert due == without


instants = st.integers(0, 40 * 24 * 60).map(
    lambda minutes: shanghai("2026-09-14") + minutes * _MINUTE
)
intervals = st.tuples(instants, st.integers(1, 6 * 24 * 60)).map(
    lambda given: Interval(given[0], given[0] + given[1] * _MINUTE)
)
durations = st.one_of(
    st.builds(Duration, st.integers(1, 8), st.sampled_from((Unit.WORKING_DAY, Unit.DAY))),
    st.builds(Duration, st.integers(1, 1500), st.just(Unit.WORKING_MINUTE)),
    st.builds(Duration, st.integers(1, 6000), st.just(Unit.MINUTE)),
)


def _by_the_minute(limit: Duration, starts_at: datetime, stopped: Sequence[Interval]) -> datetime:
    """Walk minute by minute (an oracle): only a minute in which the clock runs uses up the limit.
    A day is used up when it begins, unless the clock stands still at that moment."""
    at, left = starts_at, limit.amount
    in_days = limit.unit in (Unit.DAY, Unit.WORKING_DAY)
    while left:
        is_still = any(one.start <= at < one.end for one in stopped)
        before, at = at, at + _MINUTE
        if in_days:
            local, day_before = at.astimezone(SHANGHAI), before.astimezone(SHANGHAI)
            is_counted = limit.unit is Unit.DAY or CALENDAR.is_working_day(local.date())
            if local.date() != day_before.date() and is_counted and not is_still:
                left -= 1
        elif not is_still and (limit.unit is Unit.MINUTE or CALENDAR.is_office_time(before)):
            left -= 1
    return CALENDAR.end_of_day(at.astimezone(SHANGHAI).date()) if in_days else at


@settings(max_examples=20, deadline=None)
@given(limit=durations, starts_at=instants, paused=st.lists(intervals, max_size=3))
def test_it_is_due_when_a_clock_that_is_watched_minute_by_minute_says(
    limit: Duration, starts_at: datetime, paused: list[Interval]
) -> None:
    stopped = union(paused)
    due = due_of(limit, starts_at, CALENDAR, stopped).at
    expected = _by_the_minute(limit, starts_at, stopped)
    if limit.unit is Unit.WORKING_MINUTE:  # closing time and the next opening mean the same
        assert CALENDAR.office_time_between(min(due, expected), max(due, expected)) == timedelta(0)
    else:
        assert due == expected.astimezone(UTC)


@given(limit=durations, starts_at=instants, paused=st.lists(intervals, max_size=4))
def test_a_pause_never_makes_anything_earlier(
    limit: Duration, starts_at: datetime, paused: list[Interval]
) -> None:
    one_by_one = [due_of(limit, starts_at, CALENDAR, union(paused[:n])).at for n in range(5)]
    assert one_by_one[0] <= min(one_by_one)


@given(paused=st.lists(intervals, max_size=5))
def test_pauses_at_the_same_time_count_once(paused: list[Interval]) -> None:
    merged = union(paused)
    assert all(one.end < following.start for one, following in pairwise(merged))
    for minute in range(0, 46 * 24 * 60, 487):
        at = shanghai("2026-09-14") + minute * _MINUTE
        assert any(start <= at < end for start, end in paused) == any(
            start <= at < end for start, end in merged
        )


@settings(max_examples=15, deadline=None)
@given(limit=durations, starts_at=instants, days=st.sets(st.integers(0, 60), max_size=10))
def test_a_holiday_never_makes_anything_earlier(
    limit: Duration, starts_at: datetime, days: set[int]
) -> None:
    def calendar(holidays: frozenset[date]) -> WorkCalendar:
        year = CalendarYear(2026, published=True, holidays=holidays)
        return WorkCalendar(WorkDays([year]), CALENDAR.office_hours)

    off = frozenset(date(2026, 9, 14) + timedelta(days=more) for more in days)
    with_holidays = due_of(limit, starts_at, calendar(off)).at
    assert with_holidays >= due_of(limit, starts_at, calendar(frozenset())).at


RULES = PauseRules(
    frozenset({Stage.RESOLVE, Stage.REPLY}), Duration(5, Unit.WORKING_DAY), printed=False
)


@pytest.mark.parametrize(
    ("earlier", "until"),
    [
        ([], "11-30 23:59:59"),
        ([("11-16 09:00", "11-18 09:00")], "11-26 23:59:59"),
        ([("11-16 09:00", "11-20 09:00"), ("11-18 09:00", "11-21 09:00")], "11-24 23:59:59"),
        ([("11-12 09:00", "11-20 09:00")], None),
    ],
)
def test_a_pause_lasts_no_longer_than_the_policy_allows_with_the_earlier_ones(
    earlier: list[tuple[str, str]], until: str | None
) -> None:
    merged = union(interval(f"2026-{start}", f"2026-{end}") for start, end in earlier)
    latest = latest_end(RULES, merged, shanghai("2026-11-23 09:15"), CALENDAR)
    assert (latest and written(latest)) == until


def _ticket(**more: object) -> TicketFacts:
    return TicketFacts(
        **{
            "county": "610122",
            "platform": "hotline_12345",
            "kind": "outage",
            "urgency": "ordinary",
            "sent_at": shanghai("2026-11-23 09:15"),
            "received_at": shanghai("2026-11-23 09:15"),
            "printed_limit": None,
            **more,  # type: ignore[arg-type]
        }
    )


def _due(counted: Sequence[CountedDeadline], stage: Stage) -> datetime:
    return next(one.due_at for one in counted if one.stage is stage)


def test_a_printed_limit_stands_still_only_where_the_policy_says_so() -> None:
    ticket = _ticket(printed_limit="5个工作日")
    stopped = {Stage.REPLY: (interval("2026-11-24 15:00", "2026-11-26 10:00"),)}
    still = count_deadlines(ticket, POLICIES, CALENDAR, stopped)
    assert written(_due(still, Stage.REPLY)) == "11-30 23:59:59"
    allowed = [one for one in POLICIES if one.id == "ordinary"]
    pausing = [_changed(one, pauses=RULES._replace(printed=True)) for one in allowed]
    moved = count_deadlines(ticket, pausing, CALENDAR, stopped)
    assert written(_due(moved, Stage.REPLY)) == "12-02 23:59:59"


def _changed(policy: Policy, **changes: object) -> Policy:
    return replace(policy, **changes)  # type: ignore[arg-type]


_CHASE = Shortening(Occasion.CHASE, Stage.REPLY, Duration(2 * 60, Unit.MINUTE))


@given(chased_after=st.integers(0, 12 * 24 * 60), printed=st.sampled_from((None, "3个工作日")))
def test_a_chase_shortens_and_never_lengthens(chased_after: int, printed: str | None) -> None:
    policies = [_changed(one, shortenings=(_CHASE,)) for one in POLICIES]
    ticket = _ticket(printed_limit=printed)
    at = ticket.sent_at + chased_after * _MINUTE
    plain = count_deadlines(ticket, policies, CALENDAR)
    chased = count_deadlines(_ticket(printed_limit=printed, chased_at=at), policies, CALENDAR)
    own = _due(plain, Stage.REPLY)
    assert _due(chased, Stage.REPLY) == min(own, at.astimezone(UTC) + timedelta(hours=2))
    in_order = [one.due_at for one in chased]
    assert in_order == sorted(in_order)
    assert all(after.due_at <= before.due_at for before, after in zip(plain, chased, strict=True))


def test_the_call_back_counts_from_the_answer_and_no_ticket_has_one_before() -> None:
    ticket = _ticket()
    assert Stage.CALL_BACK not in {one.stage for one in count_deadlines(ticket, POLICIES, CALENDAR)}
    answered = shanghai("2026-11-24 16:00")
    counted = count_call_back(policy_for(ticket, POLICIES), 1, answered, CALENDAR)
    assert counted is not None
    assert written(counted.due_at) == "11-25 23:59:59"
    assert counted.unverified


@given(
    sent=instants,
    kind=st.sampled_from(("outage", "billing")),
    platform=st.sampled_from(("hotline_12345", "wechat", "message_board")),
    urgency=st.sampled_from(("ordinary", "urgent")),
    paused=st.lists(intervals, max_size=2),
    chased_after=st.none() | st.integers(0, 6 * 24 * 60),
)
def test_no_stage_is_due_after_a_later_one_whatever_moves_them(
    sent: datetime,
    kind: str,
    platform: str,
    urgency: str,
    paused: list[Interval],
    chased_after: int | None,
) -> None:
    ticket = _ticket(
        sent_at=sent,
        received_at=sent,
        kind=kind,
        platform=platform,
        urgency=urgency,
        chased_at=None if chased_after is None else sent + chased_after * _MINUTE,
    )
    still = union(paused)
    counted = count_deadlines(
        ticket, POLICIES, CALENDAR, {Stage.RESOLVE: still, Stage.REPLY: still}
    )
    in_order = [one.due_at for one in counted]
    assert in_order == sorted(in_order)
