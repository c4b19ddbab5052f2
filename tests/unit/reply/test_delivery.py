"""What becomes of a reply after each attempt: as a table, and what must never be."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reply.rules.delivery import (
    Attempt,
    AttemptResult,
    LookUp,
    ReplyState,
    Step,
    Tried,
    next_step,
)
from shared.pace import Pace

NOW = datetime(2026, 10, 12, 1, 30, tzinfo=UTC)
PACE = Pace()
SEND, WHETHER, RECEIPT = Attempt


def step(
    attempt: Attempt,
    result: AttemptResult,
    *,
    since: timedelta = timedelta(0),
    can_look: bool = True,
    appears_within: timedelta = timedelta(0),
    asked_for: timedelta | None = None,
) -> Step:
    tried = Tried(attempt, result, 1, NOW - since, asked_for)
    return next_step(tried, LookUp(can_look, appears_within), PACE, NOW)


@pytest.mark.parametrize(
    ("taken", "state"),
    [
        (step(SEND, AttemptResult.RECEIPT), ReplyState.DELIVERED),
        (step(SEND, AttemptResult.TAKEN), ReplyState.AWAITING_RECEIPT),
        (step(SEND, AttemptResult.UNAVAILABLE), ReplyState.APPROVED),
        (step(SEND, AttemptResult.AMBIGUOUS), ReplyState.SENDING),
        (step(SEND, AttemptResult.AMBIGUOUS, can_look=False), ReplyState.STUCK),
        (step(SEND, AttemptResult.REFUSED), ReplyState.STUCK),
        (step(SEND, AttemptResult.UNREACHABLE), ReplyState.APPROVED),
        (step(WHETHER, AttemptResult.RECEIPT), ReplyState.DELIVERED),
        (step(WHETHER, AttemptResult.NOT_SHOWN), ReplyState.SENDING),
        (step(WHETHER, AttemptResult.NOT_SHOWN, since=PACE.lease), ReplyState.APPROVED),
        (
            step(
                WHETHER,
                AttemptResult.NOT_SHOWN,
                since=timedelta(hours=5),
                appears_within=timedelta(hours=6),
            ),
            ReplyState.SENDING,
        ),
        (step(WHETHER, AttemptResult.UNAVAILABLE), ReplyState.SENDING),
        (step(WHETHER, AttemptResult.CANNOT_LOOK), ReplyState.STUCK),
        (step(RECEIPT, AttemptResult.NOT_SHOWN), ReplyState.AWAITING_RECEIPT),
        (step(RECEIPT, AttemptResult.NOT_SHOWN, since=PACE.lease), ReplyState.STUCK),
        (step(RECEIPT, AttemptResult.UNAVAILABLE), ReplyState.AWAITING_RECEIPT),
    ],
)
def test_where_it_goes(taken: Step, state: ReplyState) -> None:
    assert taken.state is state
    ends = state in (ReplyState.DELIVERED, ReplyState.STUCK)
    assert (taken.at is None) == (ends or taken.by_hand)
    assert (taken.stuck is None) == (state is not ReplyState.STUCK)


def test_pauses_double_up_to_the_longest() -> None:
    waits = [PACE.wait_after(attempts).total_seconds() for attempts in (1, 2, 3, 8, 100)]
    assert waits == [30, 60, 120, 3600, 3600]


def test_a_platform_that_names_its_pause_is_left_alone_that_long() -> None:
    later = step(SEND, AttemptResult.UNAVAILABLE, asked_for=timedelta(hours=3))
    assert later.at == NOW + timedelta(hours=3)


@given(
    attempt=st.sampled_from([WHETHER, RECEIPT]),
    result=st.sampled_from(AttemptResult),
    since=st.timedeltas(timedelta(0), timedelta(days=9)),
    appears_within=st.timedeltas(timedelta(0), timedelta(days=4)),
    can_look=st.booleans(),
)
def test_nothing_leaves_again_while_it_may_still_appear(
    attempt: Attempt,
    result: AttemptResult,
    since: timedelta,
    appears_within: timedelta,
    can_look: bool,
) -> None:
    taken = step(attempt, result, since=since, appears_within=appears_within, can_look=can_look)
    if taken.by_hand:
        assert result is AttemptResult.UNREACHABLE
    elif taken.state is ReplyState.APPROVED:
        assert (attempt, result) == (WHETHER, AttemptResult.NOT_SHOWN)
        assert since >= PACE.lease + appears_within
