"""What an answer to "is it solved?" means, and of which reply it is."""

from datetime import UTC, datetime, timedelta
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reply.rules.call_backs import (
    QUESTION,
    CallBackPolicy,
    CallBackState,
    gives_up,
    objection_to_outcome,
    verdict,
    version_meant,
)
from services.reply.rules.objections import Objection

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)


@given(st.lists(st.booleans(), min_size=1, max_size=6))
def test_what_was_said_gives_the_same_in_any_order(said: list[bool]) -> None:
    assert reduce(verdict, said, None) is all(said)


@pytest.mark.parametrize(
    ("delivered", "version"),
    [
        ({}, 0),
        ({1: NOON - HOUR}, 1),
        ({1: NOON + HOUR}, 1),
        ({1: NOON - HOUR, 3: NOON + HOUR}, 1),
        ({1: NOON - 2 * HOUR, 3: NOON - HOUR}, 3),
        ({2: NOON + timedelta(microseconds=300)}, 2),
        ({2: NOON - HOUR, 3: NOON + timedelta(microseconds=300)}, 3),
    ],
)
def test_an_evaluation_is_of_the_newest_answer_that_had_arrived(
    delivered: dict[int, datetime], version: int
) -> None:
    assert version_meant(delivered.items(), NOON) == version


@pytest.mark.parametrize(
    ("state", "solved", "words", "objection"),
    [
        (CallBackState.TO_ASK, True, "", None),
        (CallBackState.TO_ASK, False, "", Objection.NO_WORDS),
        (CallBackState.TO_ASK, False, "水还是小", None),
        (CallBackState.ASKED, None, "", None),
        (CallBackState.ANSWERED, False, "又停了", None),
        (CallBackState.ANSWERED, True, "", Objection.CALL_BACK_ENDED),
        (CallBackState.ANSWERED, None, "", Objection.CALL_BACK_ENDED),
        (CallBackState.CLOSED, True, "", Objection.CALL_BACK_ENDED),
    ],
)
def test_what_stands_against_a_note(
    state: CallBackState, solved: bool | None, words: str, objection: Objection | None
) -> None:
    assert objection_to_outcome(state, solved=solved, words=words) is objection


def test_nobody_is_called_more_often_than_the_centre_says() -> None:
    assert [gives_up(tries, CallBackPolicy(tries=3)) for tries in (1, 2, 3, 4)] == [
        False,
        False,
        True,
        True,
    ]


def test_the_question_fits_a_subscription_notice() -> None:
    assert len(QUESTION) <= 20
