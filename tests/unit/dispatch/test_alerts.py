"""Who is told of a deadline, who may take it on, and when messages may be sent."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.dispatch.models import Staff
from services.dispatch.rules.alerts import (
    LEVELS,
    QUIET_AT_NIGHT,
    QuietHours,
    Recipient,
    is_told,
    may_take,
    sent_from,
    told_up_to,
)
from services.dispatch.rules.assignment import SHANGHAI
from shared.auth.permissions import Role
from shared.vocabulary import Level


def one(
    name: str, role: Role, crew: str | None = None, *, on_duty: bool = True, **given: list[str]
) -> Recipient:
    staff = Staff(sign_in_name=name, county="610122", role=role, levels=given.get("levels"))
    return Recipient(name, staff.told_at, role is Role.ADMIN, crew, on_duty)


LEADER = one("li", Role.CREW, "east")
OTHER_LEADER = one("zhao", Role.CREW, "west")
MEMBER = one("qian", Role.CREW, "east", levels=[])
DAY, NIGHT = one("wang", Role.DISPATCHER), one("sun", Role.DISPATCHER, on_duty=False)
DIRECTOR = one("chen", Role.SUPERVISOR)
BUREAU = one("liu", Role.SUPERVISOR, levels=["bureau"])
ADMIN = one("admin", Role.ADMIN)
ALL = (LEADER, OTHER_LEADER, MEMBER, DAY, NIGHT, DIRECTOR, BUREAU, ADMIN)


@pytest.mark.parametrize(
    ("level", "staff", "crew", "told", "reached"),
    [
        pytest.param("crew_leader", ALL, "east", {"li"}, "crew_leader", id="its crew's leader"),
        pytest.param("dispatcher", ALL, "east", {"wang"}, "dispatcher", id="who is on duty"),
        pytest.param(
            "dispatcher", (NIGHT, ADMIN), None, {"sun"}, "dispatcher", id="nobody is on duty"
        ),
        pytest.param("crew_leader", ALL, None, {"wang"}, "dispatcher", id="no crew yet: upward"),
        pytest.param(
            "crew_leader", (MEMBER, DIRECTOR), "east", {"chen"}, "director", id="two levels up"
        ),
        pytest.param("bureau", (DAY, DIRECTOR, ADMIN), None, {"admin"}, "admin", id="to the admin"),
        pytest.param("bureau", (DAY,), None, set(), "nobody", id="nobody at all"),
    ],
)
def test_who_is_told(
    level: str, staff: tuple[Recipient, ...], crew: str | None, told: set[str], reached: str
) -> None:
    found = told_up_to(Level(level), staff, crew)
    assert (set(found.at_level), found.reached) == (told, reached)


def test_lower_levels_are_told_where_they_were_not_yet() -> None:
    assert told_up_to(Level.DIRECTOR, ALL, "east").below == ("li", "wang")


@given(
    staff=st.lists(st.sampled_from(ALL), unique_by=lambda each: each.name),
    level=st.sampled_from(LEVELS),
    crew=st.sampled_from([None, "east", "north"]),
)
@settings(max_examples=60)
def test_nobody_above_is_passed_over_and_nothing_is_lost_while_there_is_an_admin(
    staff: list[Recipient], level: Level, crew: str | None
) -> None:
    found = told_up_to(level, [*staff, ADMIN], crew)
    assert found.at_level
    assert found.reached != "nobody"


@pytest.mark.parametrize(
    ("miss", "acknowledged", "despite", "told"),
    [
        (False, False, False, True),
        (False, True, False, False),
        (False, True, True, True),
        (True, True, False, True),
    ],
)
def test_an_acknowledgement_stops_the_climb_until_the_limit(
    miss: bool, acknowledged: bool, despite: bool, told: bool
) -> None:
    assert told is is_told(
        step_is_miss=miss, acknowledged=acknowledged, despite_acknowledgement=despite
    )


@pytest.mark.parametrize(
    ("who", "level", "is_for_them", "may"),
    [
        (LEADER, Level.CREW_LEADER, True, True),
        (LEADER, Level.DIRECTOR, False, False),
        (LEADER, Level.DIRECTOR, True, True),
        (DIRECTOR, Level.DISPATCHER, False, True),
        (DAY, Level.DISPATCHER, False, True),
        (MEMBER, Level.CREW_LEADER, False, False),
        (ADMIN, Level.BUREAU, False, True),
    ],
)
def test_who_may_take_it_on(who: Recipient, level: Level, is_for_them: bool, may: bool) -> None:
    allowed = may_take(level, who.levels, is_admin=who.is_admin, is_for_them=is_for_them)
    assert allowed is may


def shanghai(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("now", "urgent", "sent"),
    [
        ("2026-11-23 21:59", False, "2026-11-23 21:59"),
        ("2026-11-23 22:00", False, "2026-11-24 07:00"),
        ("2026-11-24 03:00", False, "2026-11-24 07:00"),
        ("2026-11-24 07:00", False, "2026-11-24 07:00"),
        ("2026-11-24 03:00", True, "2026-11-24 03:00"),
    ],
)
def test_quiet_hours(now: str, urgent: bool, sent: str) -> None:
    assert sent_from(shanghai(now), QUIET_AT_NIGHT, urgent=urgent) == shanghai(sent)


times = st.integers(0, 1439).map(lambda minute: time(minute // 60, minute % 60))


@given(start=times, end=times, minutes=st.integers(0, 2880))
@settings(max_examples=60)
def test_a_message_waits_less_than_a_day_and_never_ends_in_quiet_hours(
    start: time, end: time, minutes: int
) -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC) + timedelta(minutes=minutes)
    quiet = QuietHours(start, end)
    at = sent_from(now, quiet, urgent=False)
    assert now <= at < now + timedelta(days=1)
    assert not quiet.cover(at.astimezone(SHANGHAI).time())
