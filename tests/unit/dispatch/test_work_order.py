"""The whole transition table as a clerk would write it, and what holds for every deed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dispatch.rules.work_order import (
    TRANSITIONS,
    Actor,
    Refusal,
    State,
    Step,
    after,
    is_done_already,
    refusal,
)

TABLE = """
                  assign    release           accept    arrive   repair    close   merge   reopen
waiting_for_crew  assigned  -                 -         -        -         closed  closed  -
assigned          assigned  waiting_for_crew  accepted  -        -         closed  closed  -
accepted          assigned  waiting_for_crew  -         on_site  -         closed  closed  -
on_site           assigned  waiting_for_crew  -         -        repaired  closed  closed  -
repaired          -         -                 -         -        -         closed  -       waiting_for_crew
closed            -         -                 -         -        -         -       -       waiting_for_crew
"""  # noqa: E501
_HEAD, *_ROWS = [line.split() for line in TABLE.strip().splitlines()]


@pytest.mark.parametrize("row", _ROWS, ids=[row[0] for row in _ROWS])
def test_the_office_may_do_what_the_table_says(row: list[str]) -> None:
    state, *results = row
    for deed, result in zip(_HEAD, results, strict=True):
        refused = refusal(State(state), Step(deed), Actor.OFFICE)
        if result == "-":
            assert refused is not None, deed
        else:
            assert refused is None, deed
            assert after(State(state), Step(deed)) == result


@pytest.mark.parametrize(
    ("state", "deed", "why"),
    [
        (State.WAITING_FOR_CREW, Step.ACCEPT, Refusal.NO_CREW_YET),
        (State.ASSIGNED, Step.ARRIVE, Refusal.NOT_ACCEPTED_YET),
        (State.ASSIGNED, Step.REPAIR, Refusal.NOT_ACCEPTED_YET),
        (State.ACCEPTED, Step.REPAIR, Refusal.NOT_ARRIVED_YET),
        (State.ON_SITE, Step.ACCEPT, Refusal.ALREADY_FURTHER),
        (State.ON_SITE, Step.REOPEN, Refusal.STILL_OPEN),
        (State.REPAIRED, Step.ASSIGN, Refusal.ALREADY_REPAIRED),
        (State.CLOSED, Step.MERGE, Refusal.ALREADY_CLOSED),
    ],
)
def test_a_refusal_says_what_is_missing(state: State, deed: Step, why: Refusal) -> None:
    assert refusal(state, deed, Actor.OFFICE) is why


@given(st.sampled_from(State), st.sampled_from(Step))
def test_another_crew_may_do_nothing(state: State, deed: Step) -> None:
    assert refusal(state, deed, Actor.ANOTHER_CREW) in {
        Refusal.NOT_YOUR_CREWS,
        Refusal.ONLY_THE_OFFICE,
    }


@given(st.sampled_from(State), st.sampled_from(Step))
def test_its_crew_does_the_work_and_no_more(state: State, deed: Step) -> None:
    if refusal(state, deed, Actor.ITS_CREW) is None:
        assert deed in {Step.ACCEPT, Step.ARRIVE, Step.REPAIR, Step.RELEASE}
        assert refusal(state, deed, Actor.OFFICE) is None


@given(st.sampled_from(Step))
def test_what_was_merged_stays_merged(deed: Step) -> None:
    assert refusal(State.CLOSED, deed, Actor.OFFICE, merged=True) is Refusal.MERGED_FOR_GOOD


@given(st.sampled_from(State), st.sampled_from([Step.ACCEPT, Step.ARRIVE, Step.REPAIR, Step.CLOSE]))
def test_a_second_click_is_known_as_one(state: State, deed: Step) -> None:
    if deed in TRANSITIONS[state]:
        assert not is_done_already(state, deed)
        assert is_done_already(after(state, deed), deed)


@given(st.lists(st.sampled_from(Step), max_size=30))
def test_no_order_is_repaired_that_no_crew_has_been_at(deeds: list[Step]) -> None:
    state, was_on_site = State.WAITING_FOR_CREW, False
    for deed in deeds:
        if refusal(state, deed, Actor.OFFICE) is None:
            state = after(state, deed)
            was_on_site |= state is State.ON_SITE
        assert state is not State.REPAIRED or was_on_site
