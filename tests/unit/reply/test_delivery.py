"""What becomes of a reply after each attempt: as a table, and what must never be."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reply.rules.delivery import Attempt, Next, Outcome, Pace, Step, WhyStuck, next_step

NOW = datetime(2026, 10, 12, 1, 30, tzinfo=UTC)
PACE = Pace()
SEND, WHETHER, RECEIPT = Attempt
UNCONFIRMED = Step(Next.STUCK, why=WhyStuck.UNCONFIRMED)


def step(
    attempt: Attempt,
    outcome: Outcome,
    *,
    since: timedelta = timedelta(0),
    can_look: bool = True,
    appears_within: timedelta = timedelta(0),
    attempts: int = 1,
    asked_for: timedelta | None = None,
) -> Step:
    return next_step(
        attempt,
        outcome,
        now=NOW,
        sent_at=NOW - since,
        attempts=attempts,
        can_look=can_look,
        appears_within=appears_within,
        pace=PACE,
        asked_for=asked_for,
    )


@pytest.mark.parametrize(
    ("taken", "state"),
    [
        (step(SEND, Outcome.RECEIPT), Next.DELIVERED),
        (step(SEND, Outcome.TAKEN), Next.AWAITING_RECEIPT),
        (step(SEND, Outcome.AWAY), Next.APPROVED),
        (step(SEND, Outcome.AMBIGUOUS), Next.SENDING),
        (step(SEND, Outcome.AMBIGUOUS, can_look=False), Next.STUCK),
        (step(SEND, Outcome.REFUSED), Next.STUCK),
        (step(WHETHER, Outcome.RECEIPT), Next.DELIVERED),
        (step(WHETHER, Outcome.NOT_SHOWN), Next.SENDING),
        (step(WHETHER, Outcome.NOT_SHOWN, since=PACE.lease), Next.APPROVED),
        (
            step(
                WHETHER,
                Outcome.NOT_SHOWN,
                since=timedelta(hours=5),
                appears_within=timedelta(hours=6),
            ),
            Next.SENDING,
        ),
        (step(WHETHER, Outcome.AWAY), Next.SENDING),
        (step(WHETHER, Outcome.CANNOT_LOOK), Next.STUCK),
        (step(RECEIPT, Outcome.NOT_SHOWN), Next.AWAITING_RECEIPT),
        (step(RECEIPT, Outcome.NOT_SHOWN, since=PACE.lease), Next.STUCK),
        (step(RECEIPT, Outcome.AWAY), Next.AWAITING_RECEIPT),
    ],
)
def test_where_it_goes(taken: Step, state: Next) -> None:
    assert taken.state is state
    assert (taken.at is None) == (state in (Next.DELIVERED, Next.STUCK))
    assert (taken.why is None) == (state is not Next.STUCK)


def test_pauses_double_up_to_the_longest() -> None:
    waits = [PACE.wait_after(attempts).total_seconds() for attempts in (1, 2, 3, 8, 100)]
    assert waits == [30, 60, 120, 3600, 3600]


def test_a_platform_that_names_its_pause_is_left_alone_that_long() -> None:
    later = step(SEND, Outcome.AWAY, asked_for=timedelta(hours=3))
    assert later.at == NOW + timedelta(hours=3)


@given(
    attempt=st.sampled_from([WHETHER, RECEIPT]),
    outcome=st.sampled_from(Outcome),
    since=st.timedeltas(timedelta(0), timedelta(days=9)),
    appears_within=st.timedeltas(timedelta(0), timedelta(days=4)),
    can_look=st.booleans(),
)
def test_nothing_leaves_again_while_it_may_still_appear(
    attempt: Attempt,
    outcome: Outcome,
    since: timedelta,
    appears_within: timedelta,
    can_look: bool,
) -> None:
    taken = step(attempt, outcome, since=since, appears_within=appears_within, can_look=can_look)
    if taken.state is Next.APPROVED:
        assert (attempt, outcome) == (WHETHER, Outcome.NOT_SHOWN)
        assert since >= PACE.lease + appears_within
