"""When an interim reply is prepared, as a table."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.reply.rules.interim import FRESH_FOR, BeforeTheLimit, interim_is_due

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
NEAR = BeforeTheLimit(
    due_at=NOW + 2 * HOUR,
    warned_at=NOW - HOUR,
    repaired=False,
    being_answered=False,
    expected_at=None,
    interim_at=None,
)


@pytest.mark.parametrize(
    ("changes", "is_due"),
    [
        pytest.param({}, True, id="nobody knows when it will be repaired"),
        pytest.param({"expected_at": NOW + 3 * HOUR}, True, id="expected after the limit"),
        pytest.param({"expected_at": NOW + 2 * HOUR}, False, id="expected at the limit"),
        pytest.param({"expected_at": NOW}, True, id="the expectation has passed"),
        pytest.param({"repaired": True}, False, id="it is repaired"),
        pytest.param({"being_answered": True}, False, id="it is being answered"),
        pytest.param({"due_at": NOW}, False, id="the limit has passed"),
        pytest.param({"interim_at": NOW}, False, id="once for a limit"),
        pytest.param({"interim_at": NOW - 2 * HOUR}, False, id="it is fresh"),
        pytest.param({"interim_at": NOW - HOUR - FRESH_FOR}, True, id="an old one does not"),
    ],
)  # fmt: skip
def test_an_interim_reply_is_prepared_before_a_limit_the_repair_will_not_make(
    changes: dict[str, Any], is_due: bool
) -> None:
    assert interim_is_due(replace(NEAR, **changes), NOW) is is_due
