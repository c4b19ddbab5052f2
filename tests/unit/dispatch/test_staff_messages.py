"""Which way, which attempt, which step: as tables, and what must never be."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dispatch.rules.card_answers import Standing, buttons_now, words_of
from services.dispatch.rules.staff_messages import (
    Attempt,
    MessageState,
    Patience,
    Result,
    Step,
    Tried,
    Way,
    WayProfile,
    attempt_for,
    next_step,
    next_way,
    paused_until,
    ways_of,
)
from services.dispatch.rules.work_order import State
from shared.pace import Pace

NOW = datetime(2026, 10, 12, 1, 30, tzinfo=UTC)
PACE = Pace()
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
WECOM = WayProfile(Way.WECOM, repeats_dropped_for=4 * HOUR, per_minute=25)
ASKED = WayProfile(Way.SMS, can_look=True, appears_within=MINUTE)
BLIND = WayProfile(Way.SMS)
PROFILES = (WECOM, ASKED, BLIND)


@pytest.mark.parametrize(
    ("configured", "declined", "expected"),
    [
        ({Way.WECOM, Way.SMS}, (), (Way.WECOM, Way.SMS, Way.CONSOLE)),
        ({Way.SMS}, (), (Way.SMS, Way.CONSOLE)),
        ({Way.WECOM, Way.SMS}, ("wecom",), (Way.SMS, Way.CONSOLE)),
        ((), (), (Way.CONSOLE,)),
    ],
)
def test_the_ways_to_a_person_with_both_addresses(
    configured: set[Way], declined: tuple[str, ...], expected: tuple[Way, ...]
) -> None:
    ways = ways_of(configured, has_wecom=True, has_phone=True, declined=declined)
    assert ways == expected
    assert next_way(ways, [ways[0].value]) == (ways[1] if ways[1:] else None)


@pytest.mark.parametrize(
    ("profile", "state", "since", "expected"),
    [
        (BLIND, MessageState.QUEUED, None, Attempt.SEND),
        (ASKED, MessageState.SENDING, 10 * HOUR, Attempt.LOOK),
        (WECOM, MessageState.SENDING, HOUR, Attempt.REPEAT),
        (WECOM, MessageState.SENDING, 4 * HOUR - MINUTE, Attempt.GIVE_UP),
        (BLIND, MessageState.SENDING, MINUTE, Attempt.GIVE_UP),
    ],
)
def test_what_is_tried(
    profile: WayProfile, state: MessageState, since: timedelta | None, expected: Attempt
) -> None:
    sent_at = None if since is None else NOW - since
    assert attempt_for(state, profile, sent_at, NOW, PACE) is expected


def tried(attempt: Attempt, result: Result, since: timedelta = timedelta(0)) -> Tried:
    return Tried(attempt, result, 1, NOW - since, NOW - since)


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (tried(Attempt.SEND, Result.SENT), Step(MessageState.SENT)),
        (tried(Attempt.SEND, Result.REFUSED), Step(MessageState.FAILED, why="refused")),
        (
            tried(Attempt.SEND, Result.UNAVAILABLE),
            Step(MessageState.QUEUED, NOW + PACE.first_wait, "unavailable"),
        ),
        (
            tried(Attempt.SEND, Result.UNAVAILABLE, timedelta(seconds=100)),
            Step(MessageState.QUEUED, NOW + timedelta(seconds=20), "unavailable"),
        ),
        (
            tried(Attempt.SEND, Result.UNAVAILABLE, 2 * MINUTE),
            Step(MessageState.FAILED, why="unavailable"),
        ),
        (
            tried(Attempt.REPEAT, Result.UNAVAILABLE, 2 * MINUTE),
            Step(MessageState.SENDING, NOW + PACE.first_wait, "unconfirmed"),
        ),
        (
            tried(Attempt.SEND, Result.AMBIGUOUS, HOUR),
            Step(MessageState.SENDING, NOW + PACE.first_wait, "unconfirmed"),
        ),
        (
            tried(Attempt.LOOK, Result.NOT_THERE, MINUTE),
            Step(MessageState.SENDING, NOW + PACE.first_wait, "unconfirmed"),
        ),
        (
            tried(Attempt.LOOK, Result.NOT_THERE, 7 * MINUTE),
            Step(MessageState.QUEUED, NOW, "unconfirmed"),
        ),
    ],
)
def test_what_follows(one: Tried, expected: Step) -> None:
    assert next_step(one, ASKED, PACE, Patience().urgent, NOW) == expected


@given(
    profile=st.sampled_from(PROFILES),
    attempt=st.sampled_from([Attempt.SEND, Attempt.LOOK, Attempt.REPEAT]),
    result=st.sampled_from(Result),
    since=st.timedeltas(timedelta(0), 30 * HOUR),
)
def test_what_may_have_arrived_is_sent_again_only_once_it_surely_has_not(
    profile: WayProfile, attempt: Attempt, result: Result, since: timedelta
) -> None:
    step = next_step(tried(attempt, result, since), profile, PACE, Patience().urgent, NOW)
    in_question = attempt is not Attempt.SEND or result is Result.AMBIGUOUS
    surely_not = result is Result.NOT_THERE and since >= PACE.lease + profile.appears_within
    if in_question and result is not Result.REFUSED:
        assert step.state is not MessageState.FAILED
        assert (step.state is MessageState.QUEUED) <= surely_not
    assert (step.at is None) == (step.state not in (MessageState.QUEUED, MessageState.SENDING))


@given(gaps=st.lists(st.integers(0, 20), max_size=60))
def test_nobody_gets_more_than_so_many_in_any_minute(gaps: list[int]) -> None:
    sent: list[datetime] = []
    now = NOW
    for gap in gaps:
        now += timedelta(seconds=gap)
        later = paused_until(sent, 5, now)
        assert later is None or later > now
        now = later or now
        assert paused_until(sent, 5, now) is None
        sent.append(now)
    for at in sent:
        assert sum(at - MINUTE < other <= at for other in sent) <= 5


@pytest.mark.parametrize(
    ("standing", "refused", "words", "buttons"),
    [
        (
            Standing(State.ACCEPTED, is_theirs=True, who="张三", at=NOW),
            None,
            "已接单 张三 09:30",
            ["on_site"],
        ),
        (
            Standing(State.ASSIGNED, is_theirs=True),
            "请先接单。",
            "请先接单。现状：待接单",
            ["accept", "on_site"],
        ),
        (Standing(State.ASSIGNED, is_theirs=False), "已不在名下。", "已不在名下。现状：待接单", []),
        (
            Standing(State.CLOSED, is_theirs=True, who=None, at=NOW),
            "已结束。",
            "已结束。现状：已结束 09:30",
            [],
        ),
    ],
)
def test_what_a_card_says(
    standing: Standing, refused: str | None, words: str, buttons: list[str]
) -> None:
    assert words_of(standing, refused) == words
    assert buttons_now(standing, ["accept", "on_site"]) == buttons
