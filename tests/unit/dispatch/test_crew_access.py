"""Whose residents a crew sees, as a table."""

from datetime import timedelta

import pytest

from services.dispatch.rules.crew_access import crew_may_see
from tests.conftest import NOW


@pytest.mark.parametrize(
    ("crew_id", "work_order_crew_id", "closed_days_ago", "seen"),
    [
        pytest.param("crew-1", "crew-1", None, True, id="its own, open"),
        pytest.param("crew-1", "crew-1", 29.9, True, id="closed lately"),
        pytest.param("crew-1", "crew-1", 30, False, id="closed thirty days ago"),
        pytest.param("crew-1", "crew-2", None, False, id="another crew's"),
        pytest.param("crew-1", None, None, False, id="nobody's yet"),
        pytest.param(None, None, None, False, id="a person of no crew"),
    ],
)
def test_whose_residents_a_crew_sees(
    crew_id: str | None, work_order_crew_id: str | None, closed_days_ago: float | None, seen: bool
) -> None:
    closed_at = NOW - timedelta(days=closed_days_ago) if closed_days_ago is not None else None
    assert crew_may_see(crew_id, work_order_crew_id, closed_at, NOW) is seen
