"""One fault of which very many complain at once."""

from datetime import timedelta

import pytest

from services.dispatch.models import Complaint, DeadlineView, ReplyView
from shared.clock import ManualClock
from shared.db import Database
from tests.integration.console.county import COUNTY

BURST = "work-order-02"
_PLATFORMS = ("hotline_12345", "message_board", "wechat", "phone")


@pytest.fixture
async def burst(database: Database, clock: ManualClock) -> list[str]:
    """A fault with 23 complaints of four platforms, all drafted."""
    ids = [f"burst-{number:02}" for number in range(23)]
    now = clock.now()
    async with database.work() as (session, _):
        for number, complaint_id in enumerate(ids):
            first = await session.get_one(Complaint, "complaint-02")
            facts = first.model_dump() | {
                "id": complaint_id,
                "platform": _PLATFORMS[number % 4],
                "external_id": f"B-{number}",
                "work_order_id": BURST,
            }
            session.add(Complaint(**facts))
            session.add(
                ReplyView(
                    complaint_id=complaint_id,
                    county=COUNTY,
                    version=1,
                    state="draft",
                    kind="answer",
                    sequences={"draft": 1},
                    drafted_at=now,
                )
            )
            session.add(
                DeadlineView(
                    complaint_id=complaint_id,
                    stage="reply",
                    county=COUNTY,
                    due_at=now + timedelta(minutes=number + 1),
                    warn_at=now,
                    provisional=False,
                    source="printed",
                    limit_unreadable=False,
                    state="open",
                )
            )
    return ids
