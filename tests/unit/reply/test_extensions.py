"""Who may ask for more time, and what must never happen."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reply.rules.escalation import Standing
from services.reply.rules.extensions import Extensible, ExtensionRequest, first_objection
from services.reply.rules.objections import Objection

DUE = datetime(2026, 11, 30, 15, 59, 59, tzinfo=UTC)
WAITING = Extensible(Standing.WARNED, DUE, asked_until=None, granted=0, allowed=1)


def asking(*, days_early: float = 1, days_more: float = 5, why: str = "等配件") -> ExtensionRequest:
    return ExtensionRequest(
        new_due_at=DUE + timedelta(days=days_more),
        reason=why,
        asked_at=DUE - timedelta(days=days_early),
    )


@pytest.mark.parametrize(
    ("deadline", "request_", "objection"),
    [
        pytest.param(WAITING, asking(), None, id="in time, the first one"),
        pytest.param(WAITING, asking(days_early=0), None, id="in the last second"),
        pytest.param(WAITING, asking(days_early=-1), Objection.EXPIRED, id="a day late"),
        pytest.param(
            replace(WAITING, standing=Standing.MISSED),
            asking(),
            Objection.DEADLINE_ENDED,
            id="missed",
        ),
        pytest.param(
            replace(WAITING, standing=Standing.MET), asking(), Objection.DEADLINE_ENDED, id="met"
        ),
        pytest.param(
            replace(WAITING, asked_until=DUE), asking(), Objection.ASKED_ALREADY, id="unanswered"
        ),
        pytest.param(replace(WAITING, granted=1), asking(), Objection.USED_UP, id="the second one"),
        pytest.param(replace(WAITING, allowed=0), asking(), Objection.USED_UP, id="none allowed"),
        pytest.param(WAITING, asking(days_more=0), Objection.NOT_LATER, id="not later"),
        pytest.param(
            replace(WAITING, next_stage_due_at=DUE + timedelta(days=4)),
            asking(),
            Objection.AFTER_NEXT_STAGE,
            id="beyond the next stage",
        ),
        pytest.param(
            replace(WAITING, next_stage_due_at=DUE + timedelta(days=5)),
            asking(),
            None,
            id="up to the next stage",
        ),
        pytest.param(WAITING, asking(why="  "), Objection.NO_REASON, id="no reason"),
    ],
)
def test_asking_for_more_time(
    deadline: Extensible, request_: ExtensionRequest, objection: Objection | None
) -> None:
    assert first_objection(deadline, request_) == objection


@given(
    standing=st.sampled_from(Standing),
    early=st.floats(-30, 30),
    more=st.floats(-30, 30),
    granted=st.integers(0, 3),
)
def test_what_is_past_or_over_is_never_extended(
    standing: Standing, early: float, more: float, granted: int
) -> None:
    deadline = replace(WAITING, standing=standing, granted=granted)
    request = asking(days_early=early, days_more=more)
    if first_objection(deadline, request) is None:
        assert request.asked_at < DUE + timedelta(seconds=1)
        assert request.new_due_at > DUE
        assert standing in (Standing.OPEN, Standing.WARNED)
        assert granted < deadline.allowed
