"""The whole transition table as a clerk would write it, and what holds for every step."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dispatch.rules.work_order import (
    TRANSITIONS,
    Actor,
    State,
    Step,
    StepRefusal,
    Unanswered,
    after,
    is_done_already,
    refusal,
    refusal_to_close,
)

TABLE = """
                  assign    release           accept    arrive   expect            repair    close   merge   reopen
waiting_for_crew  assigned  -                 -         -        waiting_for_crew  -         closed  closed  -
assigned          assigned  waiting_for_crew  accepted  -        assigned          -         closed  closed  -
accepted          assigned  waiting_for_crew  -         on_site  accepted          -         closed  closed  -
on_site           assigned  waiting_for_crew  -         -        on_site           repaired  closed  closed  -
repaired          -         -                 -         -        -                 -         closed  -       waiting_for_crew
closed            -         -                 -         -        -                 -         -       -       waiting_for_crew
"""  # noqa: E501
_HEAD, *_ROWS = [line.split() for line in TABLE.strip().splitlines()]


@pytest.mark.parametrize("row", _ROWS, ids=[row[0] for row in _ROWS])
def test_the_office_may_do_what_the_table_says(row: list[str]) -> None:
    state, *results = row
    for step, result in zip(_HEAD, results, strict=True):
        refused = refusal(State(state), Step(step), Actor.OFFICE)
        if result == "-":
            assert refused is not None, step
        else:
            assert refused is None, step
            assert after(State(state), Step(step)) == result


@pytest.mark.parametrize(
    ("state", "step", "why"),
    [
        (State.WAITING_FOR_CREW, Step.ACCEPT, StepRefusal.NO_CREW_YET),
        (State.ASSIGNED, Step.ARRIVE, StepRefusal.NOT_ACCEPTED_YET),
        (State.ASSIGNED, Step.REPAIR, StepRefusal.NOT_ACCEPTED_YET),
        (State.ACCEPTED, Step.REPAIR, StepRefusal.NOT_ARRIVED_YET),
        (State.ON_SITE, Step.ACCEPT, StepRefusal.ALREADY_FURTHER),
        (State.ON_SITE, Step.REOPEN, StepRefusal.STILL_OPEN),
        (State.REPAIRED, Step.ASSIGN, StepRefusal.ALREADY_REPAIRED),
        (State.CLOSED, Step.MERGE, StepRefusal.ALREADY_CLOSED),
    ],
)
def test_a_refusal_says_what_is_missing(state: State, step: Step, why: StepRefusal) -> None:
    assert refusal(state, step, Actor.OFFICE) is why


@given(st.sampled_from(State), st.sampled_from(Step))
def test_another_crew_may_do_nothing(state: State, step: Step) -> None:
    assert refusal(state, step, Actor.ANOTHER_CREW) in {
        StepRefusal.NOT_YOUR_CREWS,
        StepRefusal.ONLY_THE_OFFICE,
    }


@given(st.sampled_from(State), st.sampled_from(Step))
def test_its_crew_does_the_work_and_no_more(state: State, step: Step) -> None:
    if refusal(state, step, Actor.ITS_CREW) is None:
        assert step in {Step.ACCEPT, Step.ARRIVE, Step.EXPECT, Step.REPAIR, Step.RELEASE}
        assert refusal(state, step, Actor.OFFICE) is None


@given(st.sampled_from(Step))
def test_what_was_merged_stays_merged(step: Step) -> None:
    assert refusal(State.CLOSED, step, Actor.OFFICE, merged=True) is StepRefusal.MERGED_FOR_GOOD


@given(st.sampled_from(State), st.sampled_from([Step.ACCEPT, Step.ARRIVE, Step.REPAIR, Step.CLOSE]))
def test_a_second_click_is_known_as_one(state: State, step: Step) -> None:
    if step in TRANSITIONS[state]:
        assert not is_done_already(state, step)
        assert is_done_already(after(state, step), step)


@given(st.lists(st.sampled_from(Step), max_size=30))
def test_no_work_order_is_repaired_that_no_crew_has_been_at(steps: list[Step]) -> None:
    state, was_on_site = State.WAITING_FOR_CREW, False
    for step in steps:
        if refusal(state, step, Actor.OFFICE) is None:
            state = after(state, step)
            was_on_site |= state is State.ON_SITE
        assert state is not State.REPAIRED or was_on_site


@pytest.mark.parametrize(
    ("residents", "deadlines", "despite", "why"),
    [
        (0, 0, None, None),
        (1, 0, None, StepRefusal.UNANSWERED),
        (0, 1, None, StepRefusal.UNANSWERED),
        (2, 3, "居民已电话告知，回复待审", None),
        (0, 0, "不需要的原因", None),
    ],
)
def test_what_is_owed_is_closed_only_with_a_reason(
    residents: int, deadlines: int, despite: str | None, why: StepRefusal | None
) -> None:
    assert refusal_to_close(Unanswered(residents, deadlines), despite) is why
