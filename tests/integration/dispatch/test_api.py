"""The JSON API over HTTP: who may see and do what, and how refusals read."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.dispatch.service import build
from services.dispatch.settings import DispatchSettings
from shared.auth.tokens import Person, issue_token
from shared.bus.embedded import EmbeddedBus
from tests.integration.dispatch.county import (
    DISPATCHER,
    EAST,
    EAST_CREW,
    ELSEWHERE,
    HILL,
    PLAIN_A,
    SUPERVISOR,
    WEST,
    WEST_CREW,
)
from tests.integration.dispatch.events import DAY, deadlines_set, drafted, received
from tests.integration.dispatch.harness import Dispatch

SECRET = "a secret of the tests, long enough"


class Browser:
    def __init__(self, dispatch: Dispatch, client: httpx.AsyncClient) -> None:
        self._desk = dispatch
        self._client = client

    async def asks(
        self, person: Person | None, method: str, path: str, body: Any = None, language: str = "zh"
    ) -> httpx.Response:
        headers = {"accept-language": language}
        if person is not None:
            now = self._desk.clock.now()
            token = issue_token(person, SECRET, now, audience="service")
            headers["authorization"] = f"Bearer {token}"
        return await self._client.request(method, f"/api{path}", json=body, headers=headers)


@pytest.fixture
async def browser(dispatch: Dispatch) -> AsyncIterator[Browser]:
    bus = EmbeddedBus("postgresql://127.0.0.1:1/unused")
    service = build(DispatchSettings(), dispatch.database, bus, secret=SECRET)
    transport = httpx.ASGITransport(app=service.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://dispatch") as client:
        yield Browser(dispatch, client)


async def one_work_order(dispatch: Dispatch) -> str:
    await dispatch.receives(received("c1"), deadlines_set("c1"), drafted("c1"))
    return (await dispatch.work_order()).id


async def test_a_crew_works_its_order_over_http(dispatch: Dispatch, browser: Browser) -> None:
    work_order = f"/work-orders/{await one_work_order(dispatch)}"
    seen = (await browser.asks(EAST_CREW, "GET", work_order)).json()
    assert seen["work_order"]["state"] == "assigned"
    assert [complaint["id"] for complaint in seen["complaints"]] == ["c1"]
    assert seen["scheme"]["name"] == "岭上供水工程"
    assert seen["deadlines"][0]["stage"] == "reply"
    assert seen["replies"][0]["state"] == "draft"
    assert [step["what"] for step in seen["steps"]] == ["opened", "linked", "assigned"]
    version = seen["work_order"]["version"]
    accepted = await browser.asks(EAST_CREW, "POST", f"{work_order}/accept", {"version": version})
    assert (accepted.status_code, accepted.json()["state"]) == (200, "accepted")
    again = await browser.asks(EAST_CREW, "POST", f"{work_order}/accept", {"version": version})
    assert again.status_code == 200
    assert (await browser.asks(EAST_CREW, "POST", f"{work_order}/arrive", {})).status_code == 200
    done = {"component": "pump", "found": "电机烧毁", "done": "更换电机"}
    repaired = await browser.asks(EAST_CREW, "POST", f"{work_order}/repair", done)
    assert repaired.json()["state"] == "repaired"
    closed = await browser.asks(DISPATCHER, "POST", f"{work_order}/close", {"note": "已回访"})
    assert (closed.status_code, closed.json()["type"].split(":")[-1]) == (
        409,
        "residents_unanswered",
    )
    close = {"note": "已回访", "despite": "答复已电话告知"}
    closed = await browser.asks(DISPATCHER, "POST", f"{work_order}/close", close)
    assert closed.json()["outcome"] == "repaired"
    listed = await browser.asks(DISPATCHER, "GET", "/work-orders?state=closed")
    assert [each["id"] for each in listed.json()] == [closed.json()["id"]]
    reopened = await browser.asks(DISPATCHER, "POST", f"{work_order}/reopen", {"note": "又停了"})
    assert reopened.json()["reworks"] == 1


@pytest.mark.parametrize(
    ("person", "method", "path", "body", "status", "key"),
    [
        (None, "GET", "/work-orders", None, 401, "not_signed_in"),
        (EAST_CREW, "GET", "/work-orders", None, 403, "not_allowed"),
        (WEST_CREW, "GET", "/work-orders/{id}", None, 404, "unknown_work_order"),
        (ELSEWHERE, "GET", "/work-orders/{id}", None, 404, "unknown_work_order"),
        (ELSEWHERE, "POST", "/work-orders/{id}/accept", {}, 404, "unknown_work_order"),
        (WEST_CREW, "POST", "/work-orders/{id}/accept", {}, 403, "not_your_crews"),
        (EAST_CREW, "POST", "/work-orders/{id}/close", {}, 403, "not_allowed"),
        (SUPERVISOR, "POST", "/work-orders/{id}/accept", {}, 403, "not_allowed"),
        (EAST_CREW, "POST", "/work-orders/{id}/arrive", {}, 409, "not_accepted_yet"),
        (EAST_CREW, "POST", "/work-orders/{id}/accept", {"version": 1}, 409, "stale_version"),
        (EAST_CREW, "POST", "/work-orders/{id}/repair", {"found": "x"}, 422, "invalid_request"),
        (
            DISPATCHER,
            "POST",
            "/work-orders/{id}/assign",
            {"crew_id": "none", "note": "离得近"},
            404,
            "unknown_crew",
        ),
        (DISPATCHER, "POST", "/hotspots/x/pump/seen", None, 404, "unknown_hotspot"),
    ],
)
async def test_refusals_over_http(
    dispatch: Dispatch,
    browser: Browser,
    person: Person | None,
    method: str,
    path: str,
    body: Any,
    status: int,
    key: str,
) -> None:
    work_order_id = await one_work_order(dispatch)
    answer = await browser.asks(person, method, path.format(id=work_order_id), body)
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:waterdesk:problem:{key}")
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_refusal_speaks_the_readers_language(dispatch: Dispatch, browser: Browser) -> None:
    path = f"/work-orders/{await one_work_order(dispatch)}/arrive"
    chinese = await browser.asks(EAST_CREW, "POST", path, {})
    english = await browser.asks(EAST_CREW, "POST", path, {}, "en")
    assert (chinese.json()["title"], english.json()["title"]) == ("请先接单。", "Accept it first.")


async def test_the_board_shows_urgent_and_chased_orders_first(
    dispatch: Dispatch, browser: Browser
) -> None:
    await dispatch.receives(received("c1"), received("c2", PLAIN_A, urgent=True))
    board = (await browser.asks(DISPATCHER, "GET", "/work-orders")).json()
    assert [work_order["urgent"] for work_order in board] == [True, False]
    assert (await browser.asks(ELSEWHERE, "GET", "/work-orders")).json() == []
    mine = (await browser.asks(EAST_CREW, "GET", "/my-work-orders")).json()
    assert [work_order["crew_id"] for work_order in mine] == [EAST]


async def test_a_dispatcher_moves_orders_about(dispatch: Dispatch, browser: Browser) -> None:
    await dispatch.receives(received("c1", component="pump"), received("c2", component="well"))
    pump, well = await dispatch.work_order_of("c1"), await dispatch.work_order_of("c2")
    body = {"crew_id": WEST, "note": "东队人手不够"}
    given = await browser.asks(DISPATCHER, "POST", f"/work-orders/{pump.id}/assign", body)
    assert given.json()["crew_id"] == WEST
    back = {"note": "车坏了"}
    released = await browser.asks(WEST_CREW, "POST", f"/work-orders/{pump.id}/release", back)
    assert released.json()["crew_id"] == EAST
    into = {"into": pump.id}
    merged = await browser.asks(DISPATCHER, "POST", f"/work-orders/{well.id}/merge", into)
    assert merged.json()["merged_into"] == pump.id


async def test_crews_with_what_they_have(dispatch: Dispatch, browser: Browser) -> None:
    await one_work_order(dispatch)
    crews = (await browser.asks(DISPATCHER, "GET", "/crews")).json()
    assert {each["crew"]["id"]: each["open_work_orders"] for each in crews}[EAST] == 1


async def test_what_waits_for_a_decision(dispatch: Dispatch, browser: Browser) -> None:
    await dispatch.receives(received("c1", needs_human=True), received("c2", "610122999999"))
    waiting = (await browser.asks(DISPATCHER, "GET", "/complaints/waiting")).json()
    assert {complaint["id"]: complaint["state"] for complaint in waiting} == {
        "c1": "waiting_for_person",
        "c2": "no_scheme",
    }


async def test_a_supervisor_sees_a_hotspot(dispatch: Dispatch, browser: Browser) -> None:
    for complaint_id in ("c1", "c2"):
        await dispatch.receives(received(complaint_id, sent_at=dispatch.clock.now()))
        await dispatch.repairs((await dispatch.work_order_of(complaint_id)).id)
        dispatch.clock.advance(DAY)
    (hotspot,) = (await browser.asks(SUPERVISOR, "GET", "/hotspots")).json()
    assert (hotspot["scheme_name"], hotspot["hotspot"]["failures"]) == ("岭上供水工程", 2)
    path = f"/hotspots/{HILL}/pump/seen"
    assert (await browser.asks(SUPERVISOR, "POST", path)).status_code == 204
    (hotspot,) = (await browser.asks(SUPERVISOR, "GET", "/hotspots")).json()
    assert hotspot["hotspot"]["seen_by"] == "chen"


async def test_turns_load_the_county_and_give_out_what_waits(dispatch: Dispatch) -> None:
    bus = EmbeddedBus("postgresql://127.0.0.1:1/unused")
    service = build(DispatchSettings(), dispatch.database, bus, secret=SECRET)
    turns = {turn.name: turn.once for turn in service.tasks}
    dispatch.clock.advance(timedelta(hours=14))
    await dispatch.receives(received("c1"))
    assert await turns["assign_waiting"]() == 0
    dispatch.clock.advance(timedelta(hours=9))
    assert await turns["assign_waiting"]() == 1
    assert await turns["link_waiting"]() == 0
