"""When each stage was done: a table a clerk could read, and what must always hold."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reply.rules.deadlines import Stage
from services.reply.rules.milestones import Done, Facts, Linked, done_at

T0 = datetime(2026, 10, 12, 1, 30, tzinfo=UTC)


def at(hours: int | None) -> datetime | None:
    return None if hours is None else T0 + timedelta(hours=hours)


def done(hours: int | None, sequence: int | None = None) -> Done | None:
    """Where no sequence is given, the clocks were right: the later event has the larger one."""
    if hours is None:
        return None
    return Done(T0 + timedelta(hours=hours), hours if sequence is None else sequence)


def linked(
    since: int, until: int | None = None, arrived: int | None = None, finished: int | None = None
) -> Linked:
    return Linked(Done(T0 + timedelta(hours=since), since), until, done(arrived), done(finished))


@pytest.mark.parametrize(
    ("facts", "hours"),
    [
        pytest.param(Facts(None, None, None), {}, id="nothing yet"),
        pytest.param(Facts(at(1), None, None), {"accept": 1}, id="decided by a person"),
        pytest.param(Facts(None, None, None, (linked(2),)), {"accept": 2}, id="linked"),
        pytest.param(
            Facts(None, at(3), None), {"accept": 3, "first_contact": 3}, id="a contact accepts"
        ),
        pytest.param(
            Facts(None, None, None, (linked(1, None, 2, 5),)),
            {"accept": 1, "first_contact": 2, "resolve": 5},
            id="the crew came and repaired",
        ),
        pytest.param(
            Facts(None, None, at(9)),
            {"accept": 9, "first_contact": 9, "resolve": 9, "reply": 9},
            id="an answer ends them all",
        ),
        pytest.param(
            Facts(None, None, None, (linked(1, 4, 3, 4), linked(4))),
            {"accept": 1, "first_contact": 3},
            id="repaired in the moment it left: not for this complaint",
        ),
        pytest.param(
            Facts(None, None, None, (linked(6, None, 2, 5),)),
            {"accept": 6, "first_contact": 6, "resolve": 6},
            id="came to a repair that was over",
        ),
    ],
)
def test_stages_done(facts: Facts, hours: dict[str, int]) -> None:
    assert done_at(facts) == {Stage(stage): at(hour) for stage, hour in hours.items()}


@pytest.mark.parametrize(
    ("finished", "resolved"),
    [
        pytest.param(done(9, sequence=3), 9, id="before the move, by a clock that is ahead"),
        pytest.param(done(1, sequence=7), None, id="after the move, by a clock that is behind"),
        pytest.param(done(9, sequence=1), 2, id="before the link, by a clock that is ahead"),
    ],
)
def test_what_came_first_is_decided_by_sequence(finished: Done, resolved: int | None) -> None:
    link = Linked(Done(T0 + timedelta(hours=2), 2), 5, None, finished)
    assert done_at(Facts(None, None, None, (link,))).get(Stage.RESOLVE) == at(resolved)


HOURS = st.none() | st.integers(0, 20)


@given(
    decided=HOURS,
    contacted=HOURS,
    delivered=HOURS,
    links=st.lists(st.builds(linked, st.integers(0, 20), HOURS, HOURS, HOURS), max_size=3),
)
def test_no_stage_is_done_before_an_earlier_one(
    decided: int | None, contacted: int | None, delivered: int | None, links: list[Linked]
) -> None:
    found = done_at(Facts(at(decided), at(contacted), at(delivered), tuple(links)))
    stages = [stage for stage in Stage if stage in found]
    assert stages == list(Stage)[: len(stages)]
    assert [found[stage] for stage in stages] == sorted(found[stage] for stage in stages)
