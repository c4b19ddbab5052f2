"""When each stage was done: a table a clerk could read, and what must always hold."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reply.rules.deadlines import Stage
from services.reply.rules.milestones import Facts, Linked, done_at

T0 = datetime(2026, 10, 12, 1, 30, tzinfo=UTC)


def at(hours: int | None) -> datetime | None:
    return None if hours is None else T0 + timedelta(hours=hours)


def linked(
    since: int, until: int | None = None, arrived: int | None = None, finished: int | None = None
) -> Linked:
    return Linked(T0 + timedelta(hours=since), at(until), at(arrived), at(finished))


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
    done = done_at(Facts(at(decided), at(contacted), at(delivered), tuple(links)))
    stages = [stage for stage in Stage if stage in done]
    assert stages == list(Stage)[: len(stages)]
    assert [done[stage] for stage in stages] == sorted(done[stage] for stage in stages)
