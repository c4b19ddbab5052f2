"""The message board's simulator on the wire."""

from typing import Any

import httpx
import pytest

from shared.platform_kit.message_board import signed_body
from waterdesk.simulators.failure_modes import FailureMode
from waterdesk.simulators.simulators import Simulators

from .conftest import SETTINGS

SEARCH, CONTENT = "/v2/threads/search?sortType=0", "/v1/threads/content"
LETTER = {"subject": "村里又停水", "content": "我们三组已经停水三天", "nickName": "秦岭人家"}
ANSWER = {
    "tid": 100,
    "requestId": "r1",
    "organization": "蓝田县水务局",
    "content": "网友您好：已恢复供水。",
}
KEY = {"Authorization": f"Bearer {SETTINGS.board_backoffice_key}"}


@pytest.fixture
def tid(simulators: Simulators) -> int:
    return simulators.board.post_thread(LETTER, tid=100)


async def ask(client: httpx.AsyncClient, path: str, param: dict[str, Any]) -> dict[str, Any]:
    body = signed_body(path, param, SETTINGS.board_app_code, SETTINGS.board_token)
    response = await client.post(f"/board{path}", json=body)
    assert response.status_code == 200
    answer: dict[str, Any] = response.json()
    return answer


async def searched(client: httpx.AsyncClient, **param: Any) -> list[int]:
    answer = await ask(client, SEARCH, {"fid": SETTINGS.board_fid, "rows": 3} | param)
    assert answer["code"] == "0000"
    return [thread["tid"] for thread in answer["data"]["data"]]


async def listed(client: httpx.AsyncClient, **form: str) -> list[int]:
    response = await client.post(
        "/board/threads/queryThreadsList",
        data={"fid": str(SETTINGS.board_fid), "state": "1", "lastItem": "0"} | form,
    )
    return [thread["tid"] for thread in response.json()["responseData"]]


async def shown(client: httpx.AsyncClient, tid: int) -> list[int]:
    answer = await ask(client, CONTENT, {"tid": str(tid)})
    return [item["dataType"] for item in answer["resultData"]["contentList"]]


async def test_the_list_needs_no_signature_and_pages_by_the_last_tid(
    simulators: Simulators, client: httpx.AsyncClient
) -> None:
    for tid in range(100, 125):
        simulators.board.post_thread(LETTER, tid=tid)
    seen: list[int] = []
    while page := await listed(client, lastItem=str(seen[-1] if seen else 0)):
        seen += page
    assert seen == list(range(124, 99, -1))
    assert await listed(client, fid="1") == []


async def test_the_signed_search_pages_by_page_and_by_the_last_tid(
    simulators: Simulators, client: httpx.AsyncClient
) -> None:
    for tid in range(100, 105):
        simulators.board.post_thread(LETTER, tid=tid)
    assert await searched(client, page=1) == [104, 103, 102]
    assert await searched(client, page=2) == [101, 100]
    assert await searched(client, page=3) == []
    assert await searched(client, lastItem=102) == [101, 100]
    assert await searched(client, fid=None, keywords="停水", lastItem="101") == [100]
    assert await searched(client, keywords="暖气") == []


async def test_a_thread_carries_the_fields_of_the_wire(client: httpx.AsyncClient, tid: int) -> None:
    answer = await ask(client, CONTENT, {"tid": tid})
    (message,) = answer["resultData"]["contentList"]
    assert message.items() >= (LETTER | {"dataType": 1, "stateInfo": "待回复"}).items()
    assert message["dateline"] == message["threadsCheckTime"] == 1791768600


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"signature": "0" * 32}, id="wrong signature"),
        pytest.param({"param": '{"tid":"101"}'}, id="another parameter than was signed"),
        pytest.param({"appCode": "other"}, id="unknown app"),
        pytest.param({"param": None}, id="no parameter"),
    ],
)
async def test_a_wrong_body_is_refused_with_http_200(
    client: httpx.AsyncClient, tid: int, change: dict[str, Any]
) -> None:
    body = signed_body(CONTENT, {"tid": "100"}, SETTINGS.board_app_code, SETTINGS.board_token)
    response = await client.post(f"/board{CONTENT}", json=body | change)
    assert (response.status_code, response.json()["code"]) == (200, "SN0006")


async def test_what_is_no_json_is_a_wrong_body_too(client: httpx.AsyncClient) -> None:
    response = await client.post(f"/board{SEARCH}", content=b"[")
    assert (response.status_code, response.json()["code"]) == (200, "SN0006")


async def test_an_unknown_thread_is_not_found(client: httpx.AsyncClient) -> None:
    assert (await ask(client, CONTENT, {"tid": "7"}))["code"] == "SN0404"


async def test_an_answer_appears_in_its_thread_and_changes_its_state(
    client: httpx.AsyncClient, tid: int
) -> None:
    taken = await client.post("/board/backoffice/replies", json=ANSWER, headers=KEY)
    assert (taken.status_code, taken.json()) == (202, {"accepted": True})
    answer = await ask(client, CONTENT, {"tid": "100"})
    reply, message = answer["resultData"]["contentList"]
    assert (reply["dataType"], reply["content"]) == (4, ANSWER["content"])
    assert reply["organization"] == message["answerOrganization"] == "蓝田县水务局"
    assert message["stateInfo"] == "已办理"
    assert (await listed(client, state="4"), await listed(client, state="2")) == ([100], [])


async def test_a_second_answer_shows_as_a_double(client: httpx.AsyncClient, tid: int) -> None:
    for _ in range(2):
        await client.post("/board/backoffice/replies", json=ANSWER, headers=KEY)
    assert await shown(client, tid) == [4, 4, 1]


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (ANSWER, {}, 401),
        (ANSWER, {"Authorization": "Bearer other"}, 401),
        (ANSWER | {"content": ""}, KEY, 400),
        (ANSWER | {"tid": 7}, KEY, 404),
    ],
)
async def test_the_back_office_refuses(
    client: httpx.AsyncClient,
    tid: int,
    body: dict[str, Any],
    headers: dict[str, str],
    status: int,
) -> None:
    response = await client.post("/board/backoffice/replies", json=body, headers=headers)
    assert response.status_code == status
    assert await shown(client, tid) == [1]


async def test_a_late_answer_appears_after_so_many_reads(
    simulators: Simulators, client: httpx.AsyncClient, tid: int
) -> None:
    simulators.board.failures.add(FailureMode.LATE, amount=2)
    await client.post("/board/backoffice/replies", json=ANSWER, headers=KEY)
    assert [await shown(client, tid) for _ in range(4)] == [[1], [1], [4, 1], [4, 1]]


async def test_an_answer_cut_after_accepting_is_published(
    simulators: Simulators, client: httpx.AsyncClient, tid: int
) -> None:
    simulators.board.failures.add(FailureMode.TIMEOUT_AFTER_ACCEPTING)
    with pytest.raises(httpx.ReadTimeout):
        await client.post("/board/backoffice/replies", json=ANSWER, headers=KEY)
    assert await shown(client, tid) == [4, 1]


async def test_the_firewall_answers_403_and_pages_come_doubled_and_reversed(
    simulators: Simulators, client: httpx.AsyncClient
) -> None:
    simulators.board.post_thread(LETTER, tid=100)
    simulators.board.post_thread(LETTER, tid=101)
    for kind in (FailureMode.WAF_403, FailureMode.DUPLICATE, FailureMode.DISORDER):
        simulators.board.failures.add(kind, on="search")
    body = signed_body(SEARCH, {"rows": 5}, SETTINGS.board_app_code, SETTINGS.board_token)
    blocked = await client.post(f"/board{SEARCH}", json=body)
    assert (blocked.status_code, blocked.headers["content-type"][:9]) == (403, "text/html")
    assert await searched(client) == [100, 100, 101, 101]
    assert await searched(client) == [101, 100]


async def test_an_edit_shows_and_the_same_edit_again_is_nothing_new(
    simulators: Simulators, client: httpx.AsyncClient, tid: int
) -> None:
    for _ in range(2):
        simulators.board.edit_thread(tid, {"content": "四组也停了"})
    answer = await ask(client, CONTENT, {"tid": "100"})
    assert answer["resultData"]["contentList"][0]["content"] == "四组也停了"
    assert len(list(simulators.journal.entries("board"))) == 2
