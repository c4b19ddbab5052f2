"""Driving the simulators from another process, and starting them again on their journal."""

from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from shared.clock import ManualClock
from waterdesk.simulators.failure_modes import FailureMode
from waterdesk.simulators.simulators import Simulators

from .conftest import SETTINGS, Intake

TICKET = {"issueNumber": "LT001", "issueSubject": "停水", "issueDesc": "三组停水"}
CONTROL = "/_control"


async def test_everything_can_be_fed_and_read_over_http(
    client: httpx.AsyncClient, intake: Intake
) -> None:
    posted = [
        ("/hotline/tickets", {"fields": TICKET, "at": "2026-10-11T20:00:00+08:00"}),
        ("/hotline/tickets/LT001/edit", {"fields": {"issueDesc": "四组也停了"}}),
        ("/hotline/tickets/LT001/chase", {"words": "催办"}),
        ("/hotline/tickets/LT001/close", {}),
        ("/board/threads", {"fields": {"subject": "停水", "content": "三天了"}, "tid": 100}),
        ("/board/threads/100/edit", {"fields": {"content": "四天了"}}),
        ("/wechat/messages", {"openid": "o1", "content": "莫水了", "message_id": "23"}),
        ("/wechat/expire-tokens", {}),
    ]
    for path, body in posted:
        response = await client.post(CONTROL + path, json=body)
        assert response.is_success, response.text
    assert (await client.post(f"{CONTROL}/deliver")).json() == {"accepted": 4}
    journal = (await client.get(f"{CONTROL}/journal", params={"simulator": "hotline"})).json()
    assert [entry["kind"] for entry in journal["entries"]] == [
        "changed",
        "changed",
        "changed",
        "closed",
        "push_ended",
        "push_ended",
        "push_ended",
    ]
    assert journal["entries"][0]["data"]["issueTime"] == "2026-10-11 20:00:00"
    last = journal["entries"][-1]["number"]
    more = await client.get(f"{CONTROL}/journal", params={"after": last - 1, "limit": 1})
    assert [entry["number"] for entry in more.json()["entries"]] == [last]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/hotline/tickets", {"fields": {"noSuchField": "x"}}, 422),
        ("/hotline/tickets/NONE/edit", {"fields": {}}, 404),
        ("/hotline/tickets/NONE/close", {}, 404),
        ("/board/threads", {"fields": {"noSuchField": "x"}}, 422),
        ("/board/threads/7/edit", {"fields": {}}, 404),
        ("/failures", {"simulator": "hotline", "kind": "no_such_failure"}, 422),
        ("/failures", {"simulator": "fax", "kind": "late"}, 422),
    ],
)
async def test_a_mistake_of_the_caller_is_answered(
    client: httpx.AsyncClient, path: str, body: object, status: int
) -> None:
    response = await client.post(CONTROL + path, json=body)
    assert response.status_code == status


async def test_failures_wait_for_their_operation_and_can_be_cleared(
    client: httpx.AsyncClient,
) -> None:
    failure = {"simulator": "board", "kind": "late", "times": 2, "on": "answer", "amount": 5}
    await client.post(f"{CONTROL}/failures", json=failure)
    waiting = (await client.get(f"{CONTROL}/failures")).json()
    assert waiting["board"] == [{"kind": "late", "on": "answer", "amount": 5}] * 2
    await client.delete(f"{CONTROL}/failures")
    assert not any((await client.get(f"{CONTROL}/failures")).json().values())


async def test_a_restart_goes_on_where_the_journal_ends(tmp_path: Path, clock: ManualClock) -> None:
    settings = replace(SETTINGS, journal_path=tmp_path / "journal.jsonl")
    client = {
        "grant_type": "client_credential",
        "appid": SETTINGS.wechat_app_id,
        "secret": SETTINGS.wechat_app_secret,
    }
    before = Simulators(settings, clock)
    before.hotline.add_ticket(TICKET)
    before.hotline.add_reply("LT001", {"requestId": "r1"})
    before.hotline.close_ticket("LT001")
    tid = before.board.post_thread({"subject": "停水", "content": "三天了"})
    before.board.failures.add(FailureMode.LATE, amount=1)
    before.board.add_answer(tid, {"requestId": "r2", "organization": "水务局", "content": "好"})
    before.wechat.write_message("o1", "停水了")
    token = before.wechat.tokens.stable(client)["access_token"]
    message = {"touser": "o1", "msgtype": "text", "text": {"content": "已修好"}}
    before.wechat.send_customer_message(token, message)
    seen = before.hotline.page("", 10), before.hotline.replies("LT001")
    await before.close()

    after = Simulators(settings, clock)
    assert (after.hotline.page("", 10), after.hotline.replies("LT001")) == seen
    assert after.wechat.tokens.stable(client)["access_token"] == token
    assert len(after.hotline.pushes) == len(after.wechat.pushes) == 1
    shown = [len(after.board.content(tid)["resultData"]["contentList"]) for _ in range(2)]
    assert shown == [1, 2]
    assert [entry.kind for entry in after.journal.entries("wechat")] == [
        "user_wrote",
        "token_issued",
        "customer_message",
    ]
    await after.close()
