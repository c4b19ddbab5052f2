"""Parked events of every service: listed, released, dropped."""

import pytest
from sqlalchemy import func, select

from shared.bus import parking
from shared.bus.protocol import Message
from shared.bus.tables import parked
from shared.clock import ManualClock
from shared.db import Database
from tests.integration.console.conftest import Reachable, SignedIn
from tests.integration.console.county import COUNTY, ELSEWHERE
from tests.integration.console.stand_ins import Recorded


def _message(key: str, county: str | None) -> Message:
    value = f'{{"county": "{county}"}}' if county else "not json"
    headers = {"ce_type": "cn.waterdesk.complaint.chased.v1", "ce_id": f"event-{key}"}
    return Message("waterdesk.complaints", key, headers, value.encode())


@pytest.fixture
async def parked_events(database: Database, clock: ManualClock) -> None:
    async with database.work() as (session, _):
        for key, county in (("mine", COUNTY), ("theirs", ELSEWHERE), ("nobodys", None)):
            await parking.park(
                session, "dispatch", [_message(key, county)], "UnknownComplaint", clock.now()
            )


@pytest.mark.usefixtures("parked_events")
async def test_an_admin_sees_what_is_parked_in_the_county_and_that_is_noted(
    signed_in: SignedIn, database: Database
) -> None:
    admin = await signed_in("admin")
    page = (await admin.get("/parked?service=dispatch")).text
    assert ("mine" in page, "nobodys" in page, "theirs" in page) == (True, True, False)
    assert "UnknownComplaint" in page
    async with database.reading() as session:
        seen = await session.execute(select(parked.c.key).where(parked.c.seen_by == "admin"))
        assert set(seen.scalars()) == {"mine", "nobodys"}


@pytest.mark.usefixtures("parked_events")
async def test_the_board_counts_what_is_parked_for_whoever_may_decide_it(
    signed_in: SignedIn,
) -> None:
    assert 'href="/parked"><strong>2</strong>' in (await (await signed_in("admin")).get("/")).text
    assert 'href="/parked"' not in (await (await signed_in("wang.diaodu")).get("/")).text


@pytest.mark.usefixtures("parked_events")
async def test_a_parked_event_is_tried_again_or_dropped_after_a_second_question(
    signed_in: SignedIn, database: Database
) -> None:
    admin = await signed_in("admin")
    asked = (await admin.get("/parked/dispatch/drop?key=mine")).text
    assert "放弃后无法恢复" in asked
    dropped = await admin.post("/parked/dispatch/drop", data={"key": "mine"})
    assert dropped.headers["location"] == "/parked?service=dispatch&done=dropped"
    again = await admin.post("/parked/dispatch/release", data={"key": "nobodys"})
    assert again.headers["location"] == "/parked?service=dispatch&done=fails_again"
    for action in ("release", "drop"):
        theirs = await admin.post(f"/parked/dispatch/{action}", data={"key": "theirs"})
        assert theirs.status_code == 404
    async with database.reading() as session:
        left = await session.execute(select(func.count()).select_from(parked))
        assert left.scalar_one() == 2


async def test_every_service_is_listed_page_by_page(signed_in: SignedIn) -> None:
    admin = await signed_in("admin")
    page = (await admin.get("/parked")).text
    for shown in ("受理服务", "调度服务", "回复服务", "c-01", "c-20", "在等 c-02"):
        assert shown in page
    assert "c-21" not in page
    assert "service=reply&amp;cause=&amp;after=c-20" in page
    following = (await admin.get("/parked?service=reply&after=c-20")).text
    assert "c-21" in following
    assert 'id="parked-dispatch"' not in following


async def test_what_is_shown_is_noted_as_seen(signed_in: SignedIn, recorded: Recorded) -> None:
    await (await signed_in("admin")).get("/parked?service=reply")
    ((_, path, body),) = recorded.calls
    assert (path, len(body["keys"])) == ("/bus/parked/seen", 20)


async def test_all_of_one_cause_are_released_together(
    signed_in: SignedIn, recorded: Recorded
) -> None:
    admin = await signed_in("admin")
    page = (await admin.get("/parked?service=reply&cause=TooLate")).text
    assert "UnknownComplaint" not in page
    assert 'action="/parked/reply/release-by-cause"' in page
    assert "release-by-cause" not in (await admin.get("/parked?service=reply")).text
    answer = await admin.post("/parked/reply/release-by-cause", data={"cause": "TooLate"})
    assert answer.headers["location"] == "/parked?service=reply&done=released_some"
    assert recorded.calls[-1][1:] == ("/bus/parked/release-by-cause", {"cause": "TooLate"})


async def test_an_unavailable_service_leaves_the_page_standing(
    signed_in: SignedIn, reply: Reachable
) -> None:
    admin = await signed_in("admin")
    reply.unavailable = True
    page = await admin.get("/parked")
    assert page.status_code == 200
    assert "回复服务暂时连不上" in page.text
    assert "没有搁置的消息" in page.text
    released = await admin.post("/parked/reply/release", data={"key": "c-01"})
    assert (released.status_code, "没有确认保存" in released.text) == (503, True)


async def test_nothing_is_asked_about_dropping_while_the_service_is_unavailable(
    signed_in: SignedIn, reply: Reachable
) -> None:
    admin = await signed_in("admin")
    reply.unavailable = True
    answer = await admin.get("/parked/reply/drop?key=c-01")
    assert (answer.status_code, answer.headers["location"]) == (303, "/parked?service=reply")


@pytest.mark.parametrize("path", ["/parked?service=else", "/parked/else/drop?key=k"])
async def test_a_service_that_does_not_exist_is_refused(signed_in: SignedIn, path: str) -> None:
    assert (await (await signed_in("admin")).get(path)).status_code == 422
