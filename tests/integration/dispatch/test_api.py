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
from tests.integration.dispatch.desk import Desk
from tests.integration.dispatch.events import DAY, armed, drafted, received

SECRET = "a secret of the tests, long enough"


class Browser:
    def __init__(self, desk: Desk, client: httpx.AsyncClient) -> None:
        self._desk = desk
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
async def browser(desk: Desk) -> AsyncIterator[Browser]:
    bus = EmbeddedBus("postgresql://127.0.0.1:1/unused")
    service = build(DispatchSettings(), desk.database, bus, secret=SECRET)
    transport = httpx.ASGITransport(app=service.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://dispatch") as client:
        yield Browser(desk, client)


async def one_order(desk: Desk) -> str:
    await desk.hears(received("c1"), armed("c1"), drafted("c1"))
    return (await desk.order()).id


async def test_a_crew_works_its_order_over_http(desk: Desk, browser: Browser) -> None:
    order = f"/work-orders/{await one_order(desk)}"
    seen = (await browser.asks(EAST_CREW, "GET", order)).json()
    assert seen["work_order"]["state"] == "assigned"
    assert [complaint["id"] for complaint in seen["complaints"]] == ["c1"]
    assert seen["scheme"]["name"] == "岭上供水工程"
    assert seen["deadlines"][0]["stage"] == "reply"
    assert seen["replies"][0]["state"] == "draft"
    assert [step["what"] for step in seen["steps"]] == ["opened", "linked", "assigned"]
    version = seen["work_order"]["version"]
    accepted = await browser.asks(EAST_CREW, "POST", f"{order}/accept", {"version": version})
    assert (accepted.status_code, accepted.json()["state"]) == (200, "accepted")
    again = await browser.asks(EAST_CREW, "POST", f"{order}/accept", {"version": version})
    assert again.status_code == 200
    assert (await browser.asks(EAST_CREW, "POST", f"{order}/arrive", {})).status_code == 200
    done = {"component": "pump", "found": "电机烧毁", "done": "更换电机"}
    repaired = await browser.asks(EAST_CREW, "POST", f"{order}/repair", done)
    assert repaired.json()["state"] == "repaired"
    closed = await browser.asks(DISPATCHER, "POST", f"{order}/close", {"note": "已回访"})
    assert closed.json()["outcome"] == "repaired"
    listed = await browser.asks(DISPATCHER, "GET", "/work-orders?state=closed")
    assert [each["id"] for each in listed.json()] == [closed.json()["id"]]
    reopened = await browser.asks(DISPATCHER, "POST", f"{order}/reopen", {"note": "又停了"})
    assert reopened.json()["reworks"] == 1


@pytest.mark.parametrize(
    ("person", "method", "path", "body", "status", "key"),
    [
        (None, "GET", "/work-orders", None, 401, "not_signed_in"),
        (EAST_CREW, "GET", "/work-orders", None, 403, "not_allowed"),
        (WEST_CREW, "GET", "/work-orders/{id}", None, 404, "unknown_work_order"),
        (ELSEWHERE, "GET", "/work-orders/{id}", None, 404, "unknown_work_order"),
        (ELSEWHERE, "POST", "/work-orders/{id}/accept", {}, 404, "unknown_work_order"),
        (WEST_CREW, "POST", "/work-orders/{id}/accept", {}, 403, "not_your_crews_order"),
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
    desk: Desk,
    browser: Browser,
    person: Person | None,
    method: str,
    path: str,
    body: Any,
    status: int,
    key: str,
) -> None:
    order_id = await one_order(desk)
    answer = await browser.asks(person, method, path.format(id=order_id), body)
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:waterdesk:problem:{key}")
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_refusal_speaks_the_readers_language(desk: Desk, browser: Browser) -> None:
    path = f"/work-orders/{await one_order(desk)}/arrive"
    chinese = await browser.asks(EAST_CREW, "POST", path, {})
    english = await browser.asks(EAST_CREW, "POST", path, {}, "en")
    assert (chinese.json()["title"], english.json()["title"]) == ("请先接单。", "Accept it first.")


async def test_the_board_shows_urgent_and_chased_orders_first(desk: Desk, browser: Browser) -> None:
    await desk.hears(received("c1"), received("c2", PLAIN_A, urgent=True))
    board = (await browser.asks(DISPATCHER, "GET", "/work-orders")).json()
    assert [order["urgent"] for order in board] == [True, False]
    assert (await browser.asks(ELSEWHERE, "GET", "/work-orders")).json() == []
    mine = (await browser.asks(EAST_CREW, "GET", "/my-work-orders")).json()
    assert [order["crew_id"] for order in mine] == [EAST]


async def test_a_dispatcher_moves_orders_about(desk: Desk, browser: Browser) -> None:
    await desk.hears(received("c1", component="pump"), received("c2", component="well"))
    pump, well = await desk.order_of("c1"), await desk.order_of("c2")
    body = {"crew_id": WEST, "note": "东队人手不够"}
    given = await browser.asks(DISPATCHER, "POST", f"/work-orders/{pump.id}/assign", body)
    assert given.json()["crew_id"] == WEST
    back = {"note": "车坏了"}
    released = await browser.asks(WEST_CREW, "POST", f"/work-orders/{pump.id}/release", back)
    assert released.json()["crew_id"] == EAST
    into = {"into": pump.id}
    merged = await browser.asks(DISPATCHER, "POST", f"/work-orders/{well.id}/merge", into)
    assert merged.json()["merged_into"] == pump.id


async def test_crews_with_what_they_have(desk: Desk, browser: Browser) -> None:
    await one_order(desk)
    crews = (await browser.asks(DISPATCHER, "GET", "/crews")).json()
    assert {crew["id"]: crew["open_orders"] for crew in crews}[EAST] == 1


async def test_what_waits_for_a_decision(desk: Desk, browser: Browser) -> None:
    await desk.hears(received("c1", needs_human=True), received("c2", "610122999999"))
    waiting = (await browser.asks(DISPATCHER, "GET", "/complaints/waiting")).json()
    assert {complaint["id"]: complaint["state"] for complaint in waiting} == {
        "c1": "waiting_for_person",
        "c2": "no_scheme",
    }


async def test_a_supervisor_sees_a_hotspot(desk: Desk, browser: Browser) -> None:
    for complaint_id in ("c1", "c2"):
        await desk.hears(received(complaint_id, sent_at=desk.clock.now()))
        await desk.repairs((await desk.order_of(complaint_id)).id)
        desk.clock.advance(DAY)
    (hotspot,) = (await browser.asks(SUPERVISOR, "GET", "/hotspots")).json()
    assert (hotspot["scheme_name"], hotspot["failures"]) == ("岭上供水工程", 2)
    path = f"/hotspots/{HILL}/pump/seen"
    assert (await browser.asks(SUPERVISOR, "POST", path)).status_code == 204
    (hotspot,) = (await browser.asks(SUPERVISOR, "GET", "/hotspots")).json()
    assert hotspot["seen_by"] == "chen"


async def test_turns_load_the_county_and_give_out_what_waits(desk: Desk) -> None:
    bus = EmbeddedBus("postgresql://127.0.0.1:1/unused")
    service = build(DispatchSettings(), desk.database, bus, secret=SECRET)
    turns = {turn.name: turn.once for turn in service.tasks}
    desk.clock.advance(timedelta(hours=14))
    await desk.hears(received("c1"))
    assert await turns["assign_waiting"]() == 0
    desk.clock.advance(timedelta(hours=9))
    assert await turns["assign_waiting"]() == 1
    assert await turns["link_waiting"]() == 0
