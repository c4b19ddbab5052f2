"""A missed deadline gets a cause, and stays missed."""

import re

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from services.dispatch.models import DeadlineView, MissedCause
from shared.clock import ManualClock
from shared.db import Database
from tests.integration.console.conftest import SignedIn

_OVERDUE = "work-order-01"
"""complaint-01 of it is overdue with its first contact."""
_HTMX = {"HX-Request": "true"}


async def test_a_cause_is_kept_with_who_and_when_and_shown_in_its_line(
    signed_in: SignedIn, database: Database, clock: ManualClock
) -> None:
    client = await signed_in("wang.diaodu")
    said = {"cause": "parts", "note": "水泵轴承缺货"}
    answer = await client.post(f"/due/{_OVERDUE}/cause", data=said, headers=_HTMX)
    assert answer.headers["hx-retarget"] == f'[id="cause-{_OVERDUE}"]'
    async with database.reading() as session:
        (kept,) = (await session.execute(select(MissedCause))).scalars().all()
    assert (kept.complaint_id, kept.stage) == ("complaint-01", "first_contact")
    assert (kept.cause, kept.note) == ("parts", "水泵轴承缺货")
    assert (kept.given_by, kept.given_at) == ("wang.diaodu", clock.now())
    for text in (answer.text, (await client.get("/due")).text, (await client.get("/")).text):
        assert "等待配件" in text
        assert "水泵轴承缺货" in text


async def test_what_has_a_cause_is_still_overdue_but_not_without_cause(
    signed_in: SignedIn,
) -> None:
    client = await signed_in("chen.zhuguan")
    assert _rows((await client.get("/due?cause=none")).text) == {_OVERDUE, "work-order-02"}
    await client.post(f"/due/{_OVERDUE}/cause", data={"cause": "weather"})
    without = (await client.get("/due?cause=none")).text
    assert _rows(without) == {"work-order-02"}
    assert "共 1 件" in without
    assert _rows((await client.get("/due?due=overdue")).text) == {_OVERDUE, "work-order-02"}


async def test_a_deadline_moved_and_missed_again_wants_a_cause_of_its_own(
    signed_in: SignedIn, database: Database, clock: ManualClock
) -> None:
    client = await signed_in("admin")
    await client.post(f"/due/{_OVERDUE}/cause", data={"cause": "weather"})
    async with database.work() as (session, _):
        await session.execute(
            update(DeadlineView)
            .where(
                col(DeadlineView.complaint_id) == "complaint-01",
                col(DeadlineView.stage) == "first_contact",
            )
            .values(due_at=clock.now())
        )
    assert _OVERDUE in _rows((await client.get("/due?cause=none")).text)


@pytest.mark.parametrize(
    ("fault", "said", "status", "text"),
    [
        (_OVERDUE, {"cause": ""}, 422, "请选择超期原因"),
        (_OVERDUE, {"cause": "laziness"}, 422, "请选择超期原因"),
        (_OVERDUE, {"cause": "other", "note": " "}, 422, "请写明具体情况"),
        ("work-order-05", {"cause": "parts"}, 409, "没有超期的时限"),
        ("nowhere", {"cause": "parts"}, 409, "没有超期的时限"),
    ],
)
async def test_what_says_nothing_is_refused(
    signed_in: SignedIn, fault: str, said: dict[str, str], status: int, text: str
) -> None:
    client = await signed_in("admin")
    answer = await client.post(f"/due/{fault}/cause", data=said, headers=_HTMX)
    assert (answer.status_code, text in answer.text) == (status, True)


async def test_only_those_who_answer_for_it_say_why(signed_in: SignedIn) -> None:
    reviewer = await signed_in("zhao.shenhe")
    answer = await reviewer.post(f"/due/{_OVERDUE}/cause", data={"cause": "parts"})
    assert answer.status_code == 403
    assert "说明超期原因" not in (await reviewer.get("/due")).text


def _rows(text: str) -> set[str]:
    return set(re.findall(r'<tr id="due-([^"]+)"', text))
