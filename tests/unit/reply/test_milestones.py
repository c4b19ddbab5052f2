"""When each stage was done: a table a clerk could read, and what must always hold."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reply.rules.deadlines import Stage
from services.reply.rules.milestones import Answer, Done, Facts, Linked, done_at

T0 = datetime(2026, 10, 12, 1, 30, tzinfo=UTC)


def at(hours: int | None) -> datetime | None:
    return None if hours is None else T0 + timedelta(hours=hours)


def done(hours: int | None, sequence: int | None = None) -> Done | None:
    """Where no sequence is given, the clocks were right: the later event has the larger one."""
    if hours is None:
        return None
    return Done(T0 + timedelta(hours=hours), hours if sequence is None else sequence)


def linked(
    since: int, until: int | None = None, arrived: int | None = None, repaired: int | None = None
) -> Linked:
    return Linked(Done(T0 + timedelta(hours=since), since), until, done(arrived), done(repaired))


def answered(
    hours: int, *, solved: bool = True, returned: bool = False, reaches_resident: bool = False
) -> Facts:
    answer = Answer(T0 + timedelta(hours=hours), solved, returned, reaches_resident)
    return Facts(answers=(answer,))


def interim(hours: int, *, reaches_resident: bool = False, meets_reply: bool = False) -> Facts:
    answer = Answer(
        T0 + timedelta(hours=hours),
        solved=False,
        returned=False,
        reaches_resident=reaches_resident,
        interim=True,
        interim_meets_reply=meets_reply,
    )
    return Facts(answers=(answer,))


@pytest.mark.parametrize(
    ("facts", "hours"),
    [
        pytest.param(Facts(), {}, id="nothing yet"),
        pytest.param(Facts(decided_at=at(1)), {"accept": 1}, id="decided by a person"),
        pytest.param(Facts(links=(linked(2),)), {"accept": 2}, id="linked"),
        pytest.param(
            Facts(contacted_at=at(3)), {"accept": 3, "first_contact": 3}, id="a contact accepts"
        ),
        pytest.param(
            Facts(links=(linked(1, None, 2, 5),)),
            {"accept": 1, "first_contact": 2, "on_site": 2, "resolve": 5},
            id="the crew came and repaired",
        ),
        pytest.param(
            answered(9),
            {"accept": 9, "resolve": 9, "reply": 9},
            id="a person's word that it is solved is no contact",
        ),
        pytest.param(
            answered(9, solved=False), {"accept": 9, "reply": 9}, id="answered and not solved"
        ),
        pytest.param(
            answered(9, reaches_resident=True),
            {"accept": 9, "first_contact": 9, "resolve": 9, "reply": 9},
            id="an answer that the resident reads",
        ),
        pytest.param(
            answered(9, solved=False, reaches_resident=True),
            {"accept": 9, "first_contact": 9, "reply": 9},
            id="the resident reads that it is not solved",
        ),
        pytest.param(
            answered(9, solved=False, returned=True),
            {"accept": 9, "first_contact": 9, "on_site": 9, "resolve": 9, "reply": 9},
            id="a ticket that went back is another office's",
        ),
        pytest.param(interim(9), {"accept": 9}, id="an interim reply, passed on by the platform"),
        pytest.param(
            interim(9, reaches_resident=True),
            {"accept": 9, "first_contact": 9},
            id="an interim reply that the resident reads",
        ),
        pytest.param(
            interim(9, meets_reply=True),
            {"accept": 9, "reply": 9},
            id="an interim reply where the policy takes it for one in time",
        ),
        pytest.param(
            Facts(links=(linked(1, None, None, 5),)),
            {"accept": 1, "first_contact": 5, "on_site": 5, "resolve": 5},
            id="who repaired it has been there",
        ),
        pytest.param(
            Facts(links=(linked(1, 4, 3, 4), linked(4))),
            {"accept": 1, "first_contact": 3, "on_site": 3},
            id="repaired in the moment it left: not for this complaint",
        ),
        pytest.param(
            Facts(links=(linked(6, None, 2, 5),)),
            {"accept": 6, "first_contact": 6, "on_site": 6, "resolve": 6},
            id="came to a repair that was over",
        ),
    ],
)
def test_stages_done(facts: Facts, hours: dict[str, int]) -> None:
    assert done_at(facts) == {Stage(stage): at(hour) for stage, hour in hours.items()}


@pytest.mark.parametrize(
    ("repaired", "resolved"),
    [
        pytest.param(done(9, sequence=3), 9, id="before the move, by a clock that is ahead"),
        pytest.param(done(1, sequence=7), None, id="after the move, by a clock that is behind"),
        pytest.param(done(9, sequence=1), 2, id="before the link, by a clock that is ahead"),
    ],
)
def test_what_came_first_is_decided_by_sequence(repaired: Done, resolved: int | None) -> None:
    link = Linked(Done(T0 + timedelta(hours=2), 2), 5, None, repaired)
    assert done_at(Facts(links=(link,))).get(Stage.RESOLVE) == at(resolved)


HOURS = st.none() | st.integers(0, 20)
WHENEVER = st.integers(0, 20)
LINKS = st.lists(st.builds(linked, WHENEVER, HOURS, HOURS, HOURS), max_size=3).map(tuple)
ANSWERS = st.lists(
    st.builds(Answer, WHENEVER.map(at), st.booleans(), st.just(value=False), st.booleans()),
    max_size=2,
).map(tuple)
FACTS = st.builds(Facts, HOURS.map(at), HOURS.map(at), ANSWERS, LINKS)


@given(facts=FACTS)
def test_whatever_was_done_was_accepted_no_later(facts: Facts) -> None:
    found = done_at(facts)
    assert not found or found[Stage.ACCEPT] == min(found.values())


@given(facts=FACTS)
def test_nobody_was_contacted_where_nobody_rang_came_or_wrote_to_them(facts: Facts) -> None:
    spoken = facts.contacted_at is not None
    written = any(answer.reaches_resident for answer in facts.answers)
    came = any(link.counts(link.arrived) or link.counts(link.repaired) for link in facts.links)
    assert (Stage.FIRST_CONTACT in done_at(facts)) is (spoken or written or came)


@given(facts=FACTS)
def test_nothing_is_resolved_without_a_repair_or_a_persons_word(facts: Facts) -> None:
    said = any(answer.solved for answer in facts.answers)
    repaired = any(link.counts(link.repaired) for link in facts.links)
    assert (Stage.RESOLVE in done_at(facts)) is (said or repaired)


@given(facts=FACTS, contacted=WHENEVER)
def test_another_fact_makes_no_stage_later(facts: Facts, contacted: int) -> None:
    before = done_at(replace(facts, contacted_at=None))
    after = done_at(replace(facts, contacted_at=at(contacted)))
    assert all(after[stage] <= before[stage] for stage in before)
