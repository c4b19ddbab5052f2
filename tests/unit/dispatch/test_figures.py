"""What each figure counts."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dispatch.rules.figures import (
    ComplaintFact,
    Figures,
    StageFact,
    StageResult,
    count,
    count_by,
    rate,
)

DUE = datetime(2026, 11, 27, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def stage(name: str = "reply", result: StageResult = StageResult.IN_TIME) -> StageFact:
    is_done = result in (StageResult.IN_TIME, StageResult.LATE)
    return StageFact(
        stage=name,
        due_at=DUE,
        met_at=DUE - HOUR if is_done else None,
        missed=result is StageResult.MISSED,
        late=result is StageResult.LATE,
        provisional=False,
    )


def fact(
    *stages: StageFact, is_ours: bool = True, chases: int = 0, town: str = ""
) -> ComplaintFact:
    return ComplaintFact(
        complaint_id="c1",
        external_id="1",
        platform="wechat",
        town=town,
        category="outage",
        crew="",
        month="2026-11",
        is_ours=is_ours,
        chases=chases,
        stages=stages,
    )


facts = st.lists(
    st.builds(
        lambda results, is_ours, chases, town: fact(
            *(stage(name, result) for name, result in results.items()),
            is_ours=is_ours,
            chases=chases,
            town=town,
        ),
        st.dictionaries(
            st.sampled_from(["accept", "first_contact", "resolve", "reply"]),
            st.sampled_from(StageResult),
        ),
        st.booleans(),
        st.integers(0, 3),
        st.sampled_from(["三里镇", "官庄镇", ""]),
    ),
    max_size=30,
)


@pytest.mark.parametrize("result", StageResult)
def test_a_stage_counts_as_what_became_of_it(result: StageResult) -> None:
    assert stage(result=result).result is result
    figures = count([fact(stage(result=result))]).stages["reply"]
    assert getattr(figures, result.value) == 1
    assert sum(getattr(figures, other.value) for other in StageResult) == 1


@pytest.mark.parametrize(
    ("results", "response_rate"),
    [
        ([], None),
        ([StageResult.PENDING], None),
        ([StageResult.IN_TIME, StageResult.PENDING], 1.0),
        ([StageResult.LATE, StageResult.MISSED], 0.5),
        ([StageResult.IN_TIME, StageResult.LATE, StageResult.MISSED], 0.6667),
    ],
)
def test_the_response_rate_leaves_out_what_is_not_due_yet(
    results: list[StageResult], response_rate: float | None
) -> None:
    assert (
        count(fact(stage("first_contact", result)) for result in results).response_rate
        == response_rate
    )


def test_what_is_not_ours_counts_in_no_rate() -> None:
    figures = count([fact(stage("resolve", StageResult.MISSED), is_ours=False, chases=2)])
    assert (figures.complaints, figures.not_ours) == (0, 1)
    assert (figures.late, figures.chased, figures.resolve_rate) == (0, 0, None)


def test_a_complaint_late_in_two_stages_is_late_once() -> None:
    both = [stage("resolve", StageResult.LATE), stage("reply", StageResult.MISSED)]
    assert count([fact(*both), fact(stage())]).late == 1


@given(facts)
def test_the_parts_of_a_breakdown_sum_up_to_the_whole(all_facts: list[ComplaintFact]) -> None:
    whole = count(all_facts)
    parts = [figures for _, figures in count_by(all_facts, lambda each: each.town)]
    add: list[Callable[[Figures], int]] = [
        lambda each: each.complaints,
        lambda each: each.not_ours,
        lambda each: each.chased,
        lambda each: each.late,
        lambda each: sum(stage.missed for stage in each.stages.values()),
        lambda each: sum(stage.pending for stage in each.stages.values()),
    ]
    for of in add:
        assert sum(map(of, parts)) == of(whole)


@given(st.integers(0, 50), st.integers(0, 50))
def test_a_rate_is_a_share(part: int, more: int) -> None:
    share = rate(part, part + more)
    assert share is None if part + more == 0 else share is not None and 0 <= share <= 1
