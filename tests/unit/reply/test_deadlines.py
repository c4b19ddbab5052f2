"""Which limit counts for a ticket, when it ends, and when somebody is warned."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reply.calendar_file import load_calendars
from services.reply.policy_file import load_policies
from services.reply.rules.calendar import SHANGHAI, CalendarYear, WorkCalendar, WorkDays
from services.reply.rules.counting import (
    PRINTED,
    CountedDeadline,
    LimitIgnored,
    count_deadlines,
)
from services.reply.rules.deadlines import (
    ANY,
    Policy,
    Stage,
    TicketFacts,
    policy_for,
)
from services.reply.rules.ladder import MISSED, Ladder, Step, step_at
from services.reply.rules.limits import due_of, time_of
from services.reply.rules.time_limits import (
    Duration,
    Limit,
    Unit,
    Unreadable,
    always_ends_later,
    read_limit,
)
from shared.vocabulary import Level

CALENDAR = load_calendars().default
SHIPPED = load_policies()
LADDER = Ladder("half", (Step(50, Level.DISPATCHER), Step(MISSED, Level.DIRECTOR)))


def shanghai(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=SHANGHAI)


def written(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"


def ticket(sent: str = "2026-11-23 09:15", printed: str | None = None, **more: str) -> TicketFacts:
    scope = {"county": "610122", "platform": "hotline_12345", "kind": "complaint"} | more
    return TicketFacts(
        county=scope["county"],
        platform=scope["platform"],
        kind=scope["kind"],
        urgency=scope.get("urgency", "ordinary"),
        sent_at=shanghai(sent),
        received_at=shanghai(sent),
        printed_limit=printed,
    )


def policy(name: str, **more: object) -> Policy:
    plain = Policy(
        id=name,
        county=ANY,
        platform=ANY,
        kind=ANY,
        urgency=ANY,
        in_force_from=date(2020, 1, 1),
        in_force_to=None,
        stages=((Stage.REPLY, Duration(5, Unit.WORKING_DAY)),),
        ladder=LADDER,
        extensions_allowed=1,
        unverified=False,
    )
    return replace(plain, **more)  # type: ignore[arg-type]


def by_stage(made: tuple[CountedDeadline, ...]) -> dict[Stage, CountedDeadline]:
    return {deadline.stage: deadline for deadline in made}


def test_without_a_printed_limit_the_policy_counts() -> None:
    made = by_stage(count_deadlines(ticket(), SHIPPED, CALENDAR))
    assert {stage: (written(it.due_at), it.source) for stage, it in made.items()} == {
        Stage.ACCEPT: ("2026-11-24 23:59:59", "ordinary"),
        Stage.FIRST_CONTACT: ("2026-11-24 23:59:59", "ordinary"),
        Stage.RESOLVE: ("2026-11-30 23:59:59", "ordinary"),
        Stage.REPLY: ("2026-11-30 23:59:59", "ordinary"),
    }


def test_the_printed_limit_wins_for_resolve_and_reply_and_nothing_is_due_after_it() -> None:
    made = by_stage(count_deadlines(ticket(printed="2小时"), SHIPPED, CALENDAR))
    assert {written(it.due_at) for it in made.values()} == {"2026-11-23 11:15:00"}
    assert {it.source for it in made.values()} == {PRINTED}


def test_a_crew_is_due_on_site_only_where_the_policy_names_it() -> None:
    assert Stage.ON_SITE not in by_stage(count_deadlines(ticket(), SHIPPED, CALENDAR))
    in_two_hours = Duration(120, Unit.MINUTE)
    plain = policy("on-site")
    named = replace(plain, stages=(*plain.stages, (Stage.ON_SITE, in_two_hours)))
    made = count_deadlines(ticket(), [named], CALENDAR)
    assert [(it.stage, written(it.due_at)) for it in made] == [
        (Stage.ON_SITE, "2026-11-23 11:15:00"),
        (Stage.REPLY, "2026-11-30 23:59:59"),
    ]


def test_a_long_printed_limit_leaves_the_earlier_stages_to_the_policy() -> None:
    made = by_stage(count_deadlines(ticket(printed="15个工作日"), SHIPPED, CALENDAR))
    assert written(made[Stage.REPLY].due_at) == "2026-12-14 23:59:59"
    assert made[Stage.ACCEPT].source == "ordinary"
    assert written(made[Stage.ACCEPT].due_at) == "2026-11-24 23:59:59"


def test_a_printed_limit_counts_where_the_policy_has_no_term_for_the_stage() -> None:
    made = by_stage(count_deadlines(ticket(printed="3个工作日"), [policy("reply-only")], CALENDAR))
    assert set(made) == {Stage.RESOLVE, Stage.REPLY}
    assert made[Stage.RESOLVE].source == PRINTED


@pytest.mark.parametrize(
    ("printed", "why"),
    [
        ("尽快", Unreadable.NOT_UNDERSTOOD),
        ("3-5个工作日", Unreadable.MORE_THAN_ONE),
        ("2026-11-20", LimitIgnored.NOT_AFTER_SENDING),
    ],
)
def test_an_unusable_printed_limit_is_marked_and_the_policy_counts(
    printed: str, why: Unreadable | LimitIgnored
) -> None:
    made = count_deadlines(ticket(printed=printed), SHIPPED, CALENDAR)
    assert {it.limit_unreadable for it in made} == {why}
    assert {it.source for it in made} == {"ordinary"}


@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_an_order_that_prints_nothing_is_not_marked(nothing: str | None) -> None:
    made = count_deadlines(ticket(printed=nothing), SHIPPED, CALENDAR)
    assert {it.limit_unreadable for it in made} == {None}


@pytest.mark.parametrize(
    ("facts", "chosen"),
    [
        pytest.param({"urgency": "urgent"}, "urgent", id="urgency before all"),
        pytest.param({"urgency": "urgent", "platform": "wechat"}, "urgent", id="urgent WeChat"),
        pytest.param({"platform": "wechat"}, "wechat", id="the platform's own"),
        pytest.param({"platform": "message_board"}, "message-board", id="the board's own"),
        pytest.param({"platform": "excel"}, "ordinary", id="the one for all"),
    ],
)
def test_the_most_precise_policy_is_chosen(facts: dict[str, str], chosen: str) -> None:
    assert policy_for(ticket(**facts), SHIPPED).id == chosen


def test_the_policy_of_the_day_the_order_was_sent_counts_in_shanghai() -> None:
    old = policy("old", in_force_to=date(2026, 11, 23))
    new = policy("new", in_force_from=date(2026, 11, 24))
    late_evening = replace(ticket(), sent_at=datetime(2026, 11, 23, 15, 59, tzinfo=UTC))
    after_midnight = replace(ticket(), sent_at=datetime(2026, 11, 23, 16, 0, tzinfo=UTC))
    assert policy_for(late_evening, [old, new]).id == "old"
    assert policy_for(after_midnight, [old, new]).id == "new"


def test_a_county_with_its_own_policy_uses_it() -> None:
    own = policy("own", county="610122")
    assert policy_for(ticket(), [policy("all"), own]).id == "own"
    assert policy_for(ticket(county="610124"), [policy("all"), own]).id == "all"


def test_a_ticket_older_than_every_policy_is_counted_by_the_first_one() -> None:
    later = policy("later", in_force_from=date(2024, 1, 1))
    old = ticket("2019-12-31 10:00")
    assert policy_for(old, [later, policy("first")]).id == "first"
    assert {it.source for it in count_deadlines(old, [later], CALENDAR)} == {"later"}


@pytest.mark.parametrize("sent", ["2199-01-01 10:00", "1970-01-01 10:00", "2026-11-25 09:00"])
def test_a_ticket_sent_when_it_cannot_have_been_is_counted_from_its_receipt(sent: str) -> None:
    received = shanghai("2026-11-23 09:15")
    odd = replace(ticket(sent), received_at=received)
    assert count_deadlines(odd, SHIPPED, CALENDAR) == count_deadlines(ticket(), SHIPPED, CALENDAR)


def test_a_platforms_clock_may_be_a_little_ahead() -> None:
    ahead = replace(ticket("2026-11-24 09:00"), received_at=shanghai("2026-11-23 09:15"))
    assert ahead.starts_at == ahead.sent_at


@pytest.mark.parametrize("printed", ["2206年11月30日前", "2040-01-01", "9999-12-31 23:00"])
def test_a_printed_day_that_cannot_be_is_marked_and_the_policy_counts(printed: str) -> None:
    made = count_deadlines(ticket(printed=printed), SHIPPED, CALENDAR)
    assert {it.limit_unreadable for it in made} == {LimitIgnored.TOO_FAR}
    assert {it.source for it in made} == {"ordinary"}


def test_beyond_the_calendar_the_plain_clock_counts_provisionally() -> None:
    made = by_stage(count_deadlines(ticket("2150-01-01 10:00"), SHIPPED, CALENDAR))
    assert written(made[Stage.REPLY].due_at) == "2150-01-06 10:00:00"
    assert all(it.provisional for it in made.values())


def test_a_stage_is_due_with_the_next_one_where_its_own_limit_ends_later() -> None:
    friday = ticket("2026-11-20 17:00", platform="wechat")  # accept: 4 working hours, to Monday
    made = by_stage(count_deadlines(friday, SHIPPED, CALENDAR))
    assert written(made[Stage.ACCEPT].due_at) == "2026-11-21 17:00:00"
    assert made[Stage.ACCEPT].due_at == made[Stage.FIRST_CONTACT].due_at
    assert made[Stage.ACCEPT].warn_at <= made[Stage.ACCEPT].due_at


any_instant = st.datetimes(timezones=st.just(UTC))
any_limit = st.none() | st.text(max_size=30) | st.from_regex(
    r"[0-9]{1,12}\.?[0-9]{0,3} ?个?(工作日|小时|分钟|周|days|h)", fullmatch=True
) | st.datetimes().map(lambda at: f"{at:%Y-%m-%d %H:%M}")  # fmt: skip


@given(sent_at=any_instant, received_at=any_instant, printed=any_limit)
def test_every_ticket_has_every_deadline_whatever_it_says(
    sent_at: datetime, received_at: datetime, printed: str | None
) -> None:
    odd = replace(ticket(), sent_at=sent_at, received_at=received_at, printed_limit=printed)
    made = count_deadlines(odd, SHIPPED, CALENDAR)
    named = policy_for(odd, SHIPPED).stages
    # The call-back counts from the answer.
    assert [it.stage for it in made] == [stage for stage, _ in named if stage != Stage.CALL_BACK]
    assert all(odd.starts_at <= it.warn_at <= it.due_at for it in made)


@pytest.mark.parametrize(
    ("sent", "limit", "share", "warned"),
    [
        pytest.param(
            "2026-11-23 09:15",
            "5个工作日",
            50,
            "2026-11-26 09:07:30",
            id="half of six days of office time",
        ),
        pytest.param("2026-11-23 09:15", "5个工作日", 90, "2026-11-30 11:49:30", id="the last day"),
        pytest.param(
            "2026-11-23 10:00", "24小时", 75, "2026-11-23 16:45:00", id="due at 10: the day before"
        ),
        pytest.param(
            "2026-11-23 20:00", "14小时", 50, "2026-11-24 09:30:00", id="not at night: due at 10"
        ),
        pytest.param(
            "2026-11-23 20:00", "2小时", 75, "2026-11-23 21:30:00", id="due at night, by the clock"
        ),
        pytest.param(
            "2026-11-23 09:00", "2小时", 50, "2026-11-23 10:00:00", id="in the morning it came"
        ),
        pytest.param(
            "2026-09-30 16:30",
            "1个工作日",
            75,
            "2026-10-08 15:30:00",
            id="over a holiday: after it",
        ),
        pytest.param(
            "2026-09-29 10:00",
            "2026-10-08 10:00",
            75,
            "2026-09-30 15:00:00",
            id="due just after a holiday: before it",
        ),
        pytest.param(
            "2026-10-02 10:00",
            "2026-10-08 10:00",
            50,
            "2026-10-08 09:30:00",
            id="sent in the holiday: not before it",
        ),
        pytest.param(
            "2026-11-24 10:00", "4天", 75, "2026-11-27 09:15:00", id="due on Saturday: on Friday"
        ),
        pytest.param(
            "2026-11-28 10:00", "当日", 75, "2026-11-28 20:29:59", id="due on the Saturday it came"
        ),
    ],
)
def test_warnings(sent: str, limit: str, share: int, warned: str) -> None:
    read = read_limit(limit)
    assert not isinstance(read, Unreadable)
    due = due_of(read, shanghai(sent), CALENDAR)
    assert written(told_at(read, shanghai(sent), due.at, share)) == warned


def told_at(limit: Limit, sent_at: datetime, due_at: datetime, share: int = 50) -> datetime:
    time = time_of(limit, sent_at, due_at, CALENDAR, by_the_clock=False)
    return step_at(due_at, time, share, CALENDAR)


limits: st.SearchStrategy[Limit] = st.one_of(
    st.builds(Duration, st.integers(0, 100), st.just(Unit.DAY)),
    st.builds(Duration, st.integers(1, 100), st.just(Unit.WORKING_DAY)),
    st.builds(Duration, st.integers(1, 5000), st.sampled_from((Unit.MINUTE, Unit.WORKING_MINUTE))),
)
instants = st.integers(
    int(shanghai("2024-01-01").timestamp()), int(shanghai("2026-12-01").timestamp())
).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
shares = st.integers(1, 99)
durations = limits.filter(lambda limit: isinstance(limit, Duration))
policies = st.dictionaries(st.sampled_from(Stage), durations, min_size=1).map(
    lambda stages: policy("any", stages=tuple(stages.items()))
)


@given(one=durations, other=durations, sent_at=instants)
def test_a_limit_that_always_ends_later_does(
    one: Duration, other: Duration, sent_at: datetime
) -> None:
    if always_ends_later(one, other):
        assert due_of(one, sent_at, CALENDAR).at > due_of(other, sent_at, CALENDAR).at


holidays = st.frozensets(st.dates(date(2024, 1, 1), date(2026, 12, 31)), max_size=60)


def calendar_with(days_off: frozenset[date]) -> WorkCalendar:
    years = [
        CalendarYear(
            year, published=True, holidays=frozenset(day for day in days_off if day.year == year)
        )
        for year in range(2024, 2028)
    ]
    return WorkCalendar(WorkDays(years), CALENDAR.office_hours)


@given(one=policies, days_off=holidays, sent_at=instants, printed=any_limit)
def test_no_stage_is_due_after_a_later_one(
    one: Policy, days_off: frozenset[date], sent_at: datetime, printed: str | None
) -> None:
    facts = replace(ticket(), sent_at=sent_at, received_at=sent_at, printed_limit=printed)
    made = count_deadlines(facts, [one], calendar_with(days_off))
    assert [it.due_at for it in made] == sorted(it.due_at for it in made)
    assert [it.stage for it in made] == [stage for stage in Stage if stage in by_stage(made)]
    assert all(sent_at <= it.warn_at <= it.due_at for it in made)


@given(limit=limits, sent_at=instants, share=shares)
def test_a_warning_lies_between_sending_and_due(
    limit: Limit, sent_at: datetime, share: int
) -> None:
    due_at = due_of(limit, sent_at, CALENDAR).at
    assert sent_at <= told_at(limit, sent_at, due_at, share) <= due_at


@given(limit=limits, sent_at=instants, share=shares)
def test_no_alarm_at_night_for_what_is_due_in_office_hours(
    limit: Limit, sent_at: datetime, share: int
) -> None:
    due_at = due_of(limit, sent_at, CALENDAR).at
    enough_office_time = CALENDAR.office_time_between(sent_at, due_at) >= timedelta(minutes=4)
    if CALENDAR.is_office_time(due_at) and enough_office_time:
        assert CALENDAR.is_office_time(told_at(limit, sent_at, due_at, share))


@given(sent_at=instants, share=shares, days=st.integers(1, 30))
def test_a_working_day_deadline_is_warned_of_in_office_hours(
    sent_at: datetime, share: int, days: int
) -> None:
    term = Duration(days, Unit.WORKING_DAY)
    due_at = due_of(term, sent_at, CALENDAR).at
    assert CALENDAR.is_office_time(told_at(term, sent_at, due_at, share))


def test_an_unpublished_year_is_counted_provisionally_until_it_is_published() -> None:
    late = ticket("2026-12-30 10:00")
    made = by_stage(count_deadlines(late, SHIPPED, CALENDAR))[Stage.REPLY]
    assert (written(made.due_at), made.provisional) == ("2027-01-07 23:59:59", True)

    new_year, make_up = frozenset({date(2027, 1, 1)}), frozenset({date(2027, 1, 3)})
    days = WorkDays([
        CalendarYear(2026, published=True),
        CalendarYear(2027, published=True, holidays=new_year, make_up_workdays=make_up),
    ])  # fmt: skip
    published = WorkCalendar(days, CALENDAR.office_hours)
    again = by_stage(count_deadlines(late, SHIPPED, published))[Stage.REPLY]
    assert (written(again.due_at), again.provisional) == ("2027-01-06 23:59:59", False)
    assert published.is_office_time(again.warn_at)
    assert again.warn_at <= again.due_at
