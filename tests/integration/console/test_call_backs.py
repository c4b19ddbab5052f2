"""Was it solved? The call desk's list, the complaint's page, and what a supervisor decides."""

import re
from datetime import timedelta

import pytest

from services.dispatch.models import CallBackView, Rework
from services.dispatch.rules.call_back_lists import CallBackList
from shared.clock import ManualClock
from shared.db import Database
from tests.integration.console.conftest import SignedIn
from tests.integration.console.county import COUNTY
from tests.integration.console.stand_ins import NAME, PHONE, Recorded

_KINDS: list[tuple[str, str, bool | None, str | None]] = [
    ("to_ask", "phone", None, None),
    ("to_ask", "wechat", None, None),
    ("asked", "platform", None, None),
    ("answered", "phone", True, None),
    ("answered", "phone", False, "opened"),
    ("answered", "phone", False, "for_person"),
    ("closed", "phone", None, None),
]


@pytest.fixture
async def call_backs(database: Database, clock: ManualClock) -> list[str]:
    """Call-backs of every kind, 60 to be called; their complaints."""
    now = clock.now()
    kinds = [*_KINDS, *_KINDS[:1] * 59]
    complaints = [f"complaint-{number:02}" for number in range(1, 8)]
    complaints += [f"unknown-{number:02}" for number in range(59)]
    async with database.work() as (session, _):
        for complaint_id, (state, asked_by, satisfied, outcome) in zip(
            complaints, kinds, strict=True
        ):
            session.add(
                CallBackView(
                    complaint_id=complaint_id,
                    version=1,
                    county=COUNTY,
                    sequence=1,
                    state=state,
                    asked_by=asked_by,
                    changed_at=now,
                    tries=1,
                    next_try_at=now if asked_by == "phone" and state == "to_ask" else None,
                    asked_at=now - timedelta(hours=1),
                    satisfied=satisfied,
                    answered_at=None if satisfied is None else now,
                    source=None if satisfied is None else "phone",
                    noted_by=None if satisfied is None else "zhao.shenhe",
                    why_closed="unreachable" if state == "closed" else None,
                )
            )
            if outcome:
                session.add(
                    Rework(
                        complaint_id=complaint_id,
                        version=1,
                        county=COUNTY,
                        answered_at=now,
                        outcome=outcome,
                        why="not_solved_again" if outcome == "for_person" else None,
                        work_order_id="work-order-03",
                        decided_at=now,
                    )
                )
    return complaints


async def test_every_call_back_is_in_one_list_complete_and_counted(
    signed_in: SignedIn, call_backs: list[str]
) -> None:
    desk = await signed_in("wang.diaodu")
    seen: list[str] = []
    for each in CallBackList:
        address, listed = f"/call-backs?list={each.value}", 0
        for _ in range(5):
            page = (await desk.get(address)).text
            lines = re.findall(r'id="call-back-([\w-]+)-1"', page)
            seen, listed = seen + lines, listed + len(lines)
            following = re.search(r'id="following" rel="next" href="([^"]+)"', page)
            if following is None:
                break
            address = following[1].replace("&amp;", "&")
        count = re.search(rf'id="count-{each.value}"[^>]*><strong>(\d+)', page)
        assert count
        assert int(count[1]) == listed

    assert sorted(seen) == sorted([*call_backs, "complaint-13", "complaint-14"])


async def test_a_line_reveals_nobody_and_notes_what_came_of_the_call(
    signed_in: SignedIn, call_backs: list[str], recorded: Recorded
) -> None:
    desk = await signed_in("wang.diaodu")
    page = (await desk.get("/call-backs")).text
    assert (NAME in page, PHONE in page) == (False, False)
    assert "已试 1 次" in page
    body = {"version": "1", "outcome": "not_solved", "note": "水压还是小"}
    answer = await desk.post("/call-backs/complaint-01/outcome", data=body)

    assert answer.headers["location"] == "/call-backs?list=to_call&done=call_back_not_solved"
    sent = {"version": 1, "outcome": "not_solved", "note": "水压还是小"}
    assert recorded.calls[-1] == ("POST", "/call-backs/complaint-01/outcome", sent)


async def test_a_supervisor_decides_whether_it_is_repaired_again(
    signed_in: SignedIn, call_backs: list[str], database: Database
) -> None:
    supervisor = await signed_in("chen.zhuguan")
    page = (await supervisor.get("/call-backs?list=for_person")).text
    assert "居民再次反映未解决" in page
    path = "/call-backs/complaint-06/rework"
    unexplained = await supervisor.post(path, data={"version": "1", "again": "false"})
    declined = await supervisor.post(
        path, data={"version": "1", "again": "false", "reason": "现场已复查，供水正常"}
    )

    assert unexplained.status_code == 422
    assert declined.headers["location"] == "/call-backs?list=for_person&done=rework_declined"
    async with database.reading() as session:
        decided = await session.get_one(Rework, ("complaint-06", 1))
    assert (decided.outcome, decided.decided_by) == ("declined", "chen.zhuguan")


async def test_the_complaints_page_shows_what_was_asked_and_said_by_whom(
    signed_in: SignedIn, call_backs: list[str]
) -> None:
    page = (await (await signed_in("chen.zhuguan")).get("/complaints/complaint-05")).text

    assert "未解决" in page
    assert "电话回访 · zhao.shenhe" in page
    assert "已再次派单" in page
    assert "水压还是小" in page  # as reply has it
