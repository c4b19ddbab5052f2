"""The 12345 simulator on the wire."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from starlette.responses import Response

from shared.clock import ManualClock
from shared.platform_kit.request_signing import SignedRequests, verify
from waterdesk.simulators.failure_modes import FailureMode
from waterdesk.simulators.simulators import Simulators

from .conftest import SETTINGS, Intake

TICKETS = "/12345/api/orders"
TICKET = {
    "issueSubject": "停水",
    "issueDesc": "来电人反映三组停水两天",
    "requestorTel": "13800000001",
    "timeLimit": "5个工作日",
    "emrgencyLevel": "紧急",
}
REPLY = {
    "requestId": "r1",
    "handleSituation": "已更换水泵",
    "isTrue": True,
    "contacted": True,
    "contactTime": "2026-10-12 10:00:00",
    "solved": True,
    "publicAnswer": "您好，已恢复供水。",
    "unsolvedReason": None,
}


@pytest.fixture
def number(simulators: Simulators) -> str:
    return simulators.hotline.add_ticket(TICKET | {"issueNumber": "LT001"})


async def feed(
    client: httpx.AsyncClient, signed: SignedRequests, cursor: str = "", limit: int = 50
) -> dict[str, Any]:
    response = await client.get(TICKETS, params={"cursor": cursor, "limit": limit}, auth=signed)
    assert response.status_code == 200, response.text
    page: dict[str, Any] = response.json()
    return page


async def test_the_feed_tells_changes_in_order_page_by_page(
    simulators: Simulators, client: httpx.AsyncClient, signed: SignedRequests, number: str
) -> None:
    simulators.hotline.edit_ticket(number, {"issueDesc": "来电人补充：四组也停了"})
    simulators.hotline.chase_ticket(number, "来电人催办，至今无人联系")
    first = await feed(client, signed, limit=2)
    assert [ticket["changeType"] for ticket in first["orders"]] == ["new", "edit"]
    assert first["hasMore"]
    last = await feed(client, signed, first["nextCursor"], limit=2)
    assert [(change["changeType"], change["issueDesc"]) for change in last["orders"]] == [
        ("chase", "来电人催办，至今无人联系")
    ]
    assert not last["hasMore"]
    assert (await feed(client, signed, last["nextCursor"]))["orders"] == []
    assert len({ticket["changeId"] for ticket in first["orders"] + last["orders"]}) == 3


async def test_a_ticket_carries_the_fields_of_the_wire(
    client: httpx.AsyncClient, signed: SignedRequests, number: str
) -> None:
    (ticket,) = (await feed(client, signed))["orders"]
    assert ticket["issueTime"] == ticket["changeTime"] == "2026-10-12 09:30:00"
    assert (ticket["timeLimit"], ticket["emrgencyLevel"]) == ("5个工作日", "紧急")
    assert ticket.keys() >= {"hasModLimit", "isMultiExector", "evaluationStatus", "x", "y"}


async def test_feeding_the_same_again_changes_nothing(
    simulators: Simulators, client: httpx.AsyncClient, signed: SignedRequests
) -> None:
    for _ in range(2):
        simulators.hotline.add_ticket(TICKET | {"issueNumber": "LT001"})
        simulators.hotline.chase_ticket("LT001", "催办", change_id="chase-1")
    page = await feed(client, signed)
    assert [ticket["changeType"] for ticket in page["orders"]] == ["new", "chase"]


async def test_a_ticket_from_before_our_time_can_be_chased(
    simulators: Simulators, client: httpx.AsyncClient, signed: SignedRequests
) -> None:
    simulators.hotline.chase_ticket("OLD7", "去年的工单至今未办")
    (ticket,) = (await feed(client, signed))["orders"]
    assert (ticket["issueNumber"], ticket["changeType"]) == ("OLD7", "chase")


@pytest.mark.parametrize("cursor", ["水", "AAAA", "Y2hhbmdlczo5OTk=", "Y2hhbmdlczotMQ=="])
async def test_a_cursor_that_is_not_ours_is_refused(
    client: httpx.AsyncClient, signed: SignedRequests, cursor: str
) -> None:
    response = await client.get(TICKETS, params={"cursor": cursor}, auth=signed)
    assert (response.status_code, response.json()["code"]) == (400, 40001)


async def test_unsigned_and_stale_requests_are_refused(
    client: httpx.AsyncClient, signed: SignedRequests, clock: ManualClock, number: str
) -> None:
    assert (await client.get(TICKETS)).status_code == 401
    wrong = SignedRequests(SETTINGS.hotline_app_id, "wrong", clock.now)
    assert (await client.get(TICKETS, auth=wrong)).json()["code"] == 40102
    old = ManualClock(clock.now().replace(year=2025))
    stale = SignedRequests(SETTINGS.hotline_app_id, SETTINGS.hotline_secret, old.now)
    assert (await client.get(TICKETS, auth=stale)).json()["code"] == 40103


async def test_a_reply_has_a_receipt_that_can_be_looked_up(
    client: httpx.AsyncClient, signed: SignedRequests, number: str
) -> None:
    sent = await client.post(f"{TICKETS}/{number}/replies", json=REPLY, auth=signed)
    assert sent.json() == {
        "code": 0,
        "receiptNumber": "LT001-1",
        "receivedAt": "2026-10-12 09:30:00",
    }
    looked = await client.get(f"{TICKETS}/{number}/replies", auth=signed)
    assert looked.json()["replies"] == [
        {
            "kind": "reply",
            "requestId": "r1",
            "receiptNumber": "LT001-1",
            "receivedAt": "2026-10-12 09:30:00",
        }
    ]


async def test_sending_twice_shows_in_the_journal(
    simulators: Simulators, client: httpx.AsyncClient, signed: SignedRequests, number: str
) -> None:
    for _ in range(2):
        await client.post(f"{TICKETS}/{number}/replies", json=REPLY, auth=signed)
    stored = [
        entry.data["body"]["requestId"]
        for entry in simulators.journal.entries("hotline", "replied")
    ]
    assert stored == ["r1", "r1"]


async def test_a_ticket_is_accepted_and_returned(
    simulators: Simulators, client: httpx.AsyncClient, signed: SignedRequests, number: str
) -> None:
    accept = {"acceptTime": "2026-10-12 09:40:00", "officer": "值班员"}
    accepted = await client.post(f"{TICKETS}/{number}/accept", json=accept, auth=signed)
    assert accepted.json() == {"code": 0}
    returned = {"requestId": "r9", "reason": "属排水", "responsible": "住建局"}
    response = await client.post(f"{TICKETS}/{number}/return", json=returned, auth=signed)
    assert response.json()["receiptNumber"] == "LT001-1"
    looked = await client.get(f"{TICKETS}/{number}/replies", auth=signed)
    assert looked.json()["replies"][0]["kind"] == "return"
    assert [entry.kind for entry in simulators.journal.entries("hotline")] == [
        "changed",
        "accepted",
        "returned",
    ]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        pytest.param("LT001/replies", REPLY | {"publicAnswer": ""}, 400, id="empty answer"),
        pytest.param("LT001/replies", REPLY | {"solved": "yes"}, 400, id="solved is no boolean"),
        pytest.param("LT001/replies", [], 400, id="not an object"),
        pytest.param("LT001/return", {"requestId": "r"}, 400, id="no reason"),
        pytest.param("LT001/accept", {"officer": "x"}, 400, id="no time"),
        pytest.param("LT999/replies", REPLY, 404, id="unknown number"),
    ],
)
async def test_what_is_wrong_is_refused_and_not_stored(
    simulators: Simulators,
    client: httpx.AsyncClient,
    signed: SignedRequests,
    number: str,
    path: str,
    body: object,
    status: int,
) -> None:
    response = await client.post(f"{TICKETS}/{path}", json=body, auth=signed)
    assert response.status_code == status
    assert response.json()["code"] == status * 100 + 1
    assert [entry.kind for entry in simulators.journal.entries()] == ["changed"]


async def test_a_closed_order_takes_no_reply(
    simulators: Simulators, client: httpx.AsyncClient, signed: SignedRequests, number: str
) -> None:
    simulators.hotline.close_ticket(number)
    response = await client.post(f"{TICKETS}/{number}/replies", json=REPLY, auth=signed)
    assert response.status_code == 409


async def test_a_push_is_signed_and_taken_once(
    simulators: Simulators, intake: Intake, clock: ManualClock, number: str
) -> None:
    assert await simulators.deliver_pushes() == 1
    assert await simulators.deliver_pushes() == 0
    ((request, body),) = intake.received
    verify(request.headers, "POST", request.url.path, body, SETTINGS.hotline_secret, clock.now())
    assert json.loads(body)["issueNumber"] == number


async def test_a_push_that_is_not_taken_comes_again_and_not_for_ever(
    simulators: Simulators, intake: Intake, clock: ManualClock, number: str
) -> None:
    intake.answers = [Response(status_code=503), Response("no json"), Response('{"code":1}')]
    assert await simulators.deliver_pushes() == 0
    assert await simulators.deliver_pushes() == 0
    assert len(intake.received) == 1
    for delay in SETTINGS.hotline_retry_after:
        clock.advance(delay)
        await simulators.deliver_pushes()
    await simulators.deliver_pushes(everything=True)
    assert len(intake.received) == 3
    ended = next(simulators.journal.entries("hotline", "push_ended"))
    assert ended.data["accepted"] is False


async def test_pushes_come_twice_late_and_out_of_order(
    simulators: Simulators, intake: Intake, clock: ManualClock
) -> None:
    failures = simulators.hotline.failures
    for number in ("LT001", "LT002"):
        simulators.hotline.add_ticket(TICKET | {"issueNumber": number})
    failures.add(FailureMode.DISORDER, on="push")
    failures.add(FailureMode.DUPLICATE, on="push")
    failures.add(FailureMode.LATE, on="push", amount=60)
    await simulators.deliver_pushes()
    assert [json.loads(body)["issueNumber"] for body in intake.bodies] == ["LT001", "LT001"]
    await simulators.deliver_pushes()
    assert len(intake.bodies) == 2
    await simulators.deliver_pushes(everything=True)
    assert json.loads(intake.bodies[-1])["issueNumber"] == "LT002"


async def test_pages_come_late_doubled_and_out_of_order(
    simulators: Simulators, client: httpx.AsyncClient, signed: SignedRequests
) -> None:
    for number in ("LT001", "LT002"):
        simulators.hotline.add_ticket(TICKET | {"issueNumber": number})
    for kind in (FailureMode.LATE, FailureMode.DUPLICATE, FailureMode.DISORDER):
        simulators.hotline.failures.add(kind, on="tickets")
    late = await feed(client, signed)
    assert (late["orders"], late["hasMore"]) == ([], False)
    page = await feed(client, signed, late["nextCursor"])
    assert [change["issueNumber"] for change in page["orders"]] == [
        "LT002",
        "LT002",
        "LT001",
        "LT001",
    ]
    page = await feed(client, signed)
    assert [change["issueNumber"] for change in page["orders"]] == ["LT001", "LT002"]


async def test_a_cut_connection_leaves_it_open_whether_the_reply_was_taken(
    simulators: Simulators, client: httpx.AsyncClient, signed: SignedRequests, number: str
) -> None:
    simulators.hotline.failures.add(FailureMode.TIMEOUT_BEFORE_ACCEPTING, on="reply")
    simulators.hotline.failures.add(FailureMode.TIMEOUT_AFTER_ACCEPTING)
    stored = []
    for _ in range(2):
        with pytest.raises(httpx.ReadTimeout):
            await client.post(f"{TICKETS}/{number}/replies", json=REPLY, auth=signed)
        looked = await client.get(f"{TICKETS}/{number}/replies", auth=signed)
        stored.append(len(looked.json()["replies"]))
    assert stored == [0, 1]


async def test_5xx_and_firewall_store_nothing(
    simulators: Simulators, client: httpx.AsyncClient, signed: SignedRequests, number: str
) -> None:
    simulators.hotline.failures.add(FailureMode.ERROR_5XX)
    simulators.hotline.failures.add(FailureMode.WAF_403)
    statuses = [
        (await client.post(f"{TICKETS}/{number}/replies", json=REPLY, auth=signed)).status_code
        for _ in range(3)
    ]
    assert statuses == [503, 403, 200]
    assert len(list(simulators.journal.entries("hotline", "replied"))) == 1


async def test_two_rounds_at_once_deliver_once(
    simulators: Simulators, intake: Intake, number: str
) -> None:
    await asyncio.gather(simulators.deliver_pushes(), simulators.deliver_pushes())
    assert len(intake.received) == 1
