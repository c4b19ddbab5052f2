"""The WeChat simulator on the wire: what users write, and what may be sent to them."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from starlette.responses import Response

from shared.clock import ManualClock
from shared.platform_kit import wechat_xml
from shared.platform_kit.wechat_crypto import MessageCrypto, check_url_signature
from shared.platform_kit.wechat_token import AccessToken, stable_token
from waterdesk.simulators.failure_modes import FailureMode
from waterdesk.simulators.simulators import Simulators

from .conftest import SETTINGS, Intake

CRYPTO = MessageCrypto(SETTINGS.wechat_token, SETTINGS.wechat_aes_key, SETTINGS.wechat_app_id)
API = "/wechat/cgi-bin"


async def token_of(client: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    body = {
        "grant_type": "client_credential",
        "appid": SETTINGS.wechat_app_id,
        "secret": SETTINGS.wechat_app_secret,
    } | changes
    answer: dict[str, Any] = (await client.post(f"{API}/stable_token", json=body)).json()
    return answer


async def say(client: httpx.AsyncClient, token: str, openid: str = "o1") -> int:
    response = await client.post(
        f"{API}/message/custom/send",
        params={"access_token": token},
        json={"touser": openid, "msgtype": "text", "text": {"content": "已修好"}},
    )
    assert response.status_code == 200
    errcode: int = response.json()["errcode"]
    return errcode


@pytest.fixture
async def token(client: httpx.AsyncClient) -> str:
    token: str = (await token_of(client))["access_token"]
    return token


async def test_a_safe_mode_message_can_be_opened_by_its_receiver(
    simulators: Simulators, intake: Intake, clock: ManualClock
) -> None:
    simulators.wechat.write_message("o1", "三组莫水了 ]]> 😀", message_id="23")
    assert await simulators.deliver_pushes() == 1
    ((request, body),) = intake.received
    query = request.query_params
    xml = CRYPTO.open(
        wechat_xml.fields_of(body)["Encrypt"],
        query["msg_signature"],
        query["timestamp"],
        query["nonce"],
    )
    fields = wechat_xml.fields_of(xml)
    assert fields == {
        "ToUserName": SETTINGS.wechat_account,
        "FromUserName": "o1",
        "CreateTime": str(int(clock.now().timestamp())),
        "MsgType": "text",
        "Content": "三组莫水了 ]]> 😀",
        "MsgId": "23",
    }


async def test_a_plain_message_is_signed_in_the_url(simulators: Simulators, intake: Intake) -> None:
    simulators.wechat.safe_mode = False
    simulators.wechat.write_message("o1", "停水了")
    await simulators.deliver_pushes()
    ((request, body),) = intake.received
    query = request.query_params
    check_url_signature(
        SETTINGS.wechat_token, query["timestamp"], query["nonce"], query["signature"]
    )
    assert "encrypt_type" not in query
    assert wechat_xml.fields_of(body)["Content"] == "停水了"


async def test_the_server_check_echoes(simulators: Simulators, intake: Intake) -> None:
    assert await simulators.wechat.server_check()
    intake.answers = [Response("something else"), Response(status_code=500)]
    assert not await simulators.wechat.server_check()
    assert not await simulators.wechat.server_check()


@pytest.mark.parametrize(
    ("answers", "deliveries"),
    [
        pytest.param([], 1, id="success"),
        pytest.param([Response("")], 1, id="nothing is an answer"),
        pytest.param([Response("oops")], 2, id="nonsense once"),
        pytest.param([Response("success", 500)], 2, id="an error once"),
        pytest.param([Response("oops")] * 9, 3, id="never understood"),
    ],
)
async def test_a_message_is_delivered_three_times_at_most(
    simulators: Simulators,
    intake: Intake,
    clock: ManualClock,
    answers: list[Response],
    deliveries: int,
) -> None:
    intake.answers = list(answers)
    simulators.wechat.write_message("o1", "停水了")
    for _ in range(5):
        await simulators.deliver_pushes()
        clock.advance(timedelta(seconds=5))
    assert len(intake.received) == deliveries
    assert len(simulators.wechat.pushes) == 0


async def test_a_passive_reply_is_heard(simulators: Simulators, intake: Intake) -> None:
    encrypted = CRYPTO.encrypt("<xml><Content>已登记</Content></xml>")
    signature = CRYPTO.signature("1", "n", encrypted)
    answer = {"Encrypt": encrypted, "MsgSignature": signature, "TimeStamp": "1", "Nonce": "n"}
    intake.answers = [Response(wechat_xml.to_xml(answer))]
    simulators.wechat.write_message("o1", "停水了")
    assert await simulators.deliver_pushes() == 1
    (passive_reply,) = simulators.journal.entries("wechat", "passive_reply")
    assert passive_reply.data == {"openid": "o1", "content": "已登记"}


async def test_a_passive_reply_in_the_wrong_mode_is_not_understood(
    simulators: Simulators, intake: Intake
) -> None:
    intake.answers = [Response("<xml><Content>已登记</Content></xml>")]
    simulators.wechat.write_message("o1", "停水了")
    assert await simulators.deliver_pushes() == 0


async def test_a_message_written_again_under_its_id_is_stored_once(
    simulators: Simulators, intake: Intake
) -> None:
    for _ in range(2):
        simulators.wechat.write_message("o1", "停水了", message_id="23")
    simulators.wechat.failures.add(FailureMode.DUPLICATE)
    assert await simulators.deliver_pushes() == 1
    assert len(intake.received) == 2
    assert await simulators.deliver_pushes() == 0


async def test_five_messages_within_48_hours(
    simulators: Simulators, client: httpx.AsyncClient, token: str, clock: ManualClock
) -> None:
    simulators.wechat.write_message("o1", "停水了")
    assert [await say(client, token) for _ in range(6)] == [0, 0, 0, 0, 0, 45047]
    simulators.wechat.write_message("o1", "还没修好")
    assert await say(client, token) == 0
    clock.advance(timedelta(hours=48))
    later = (await token_of(client))["access_token"]
    assert await say(client, later) == 0
    clock.advance(timedelta(seconds=1))
    assert await say(client, later) == 45015


async def test_a_template_message_needs_no_window(
    simulators: Simulators, client: httpx.AsyncClient, clock: ManualClock
) -> None:
    simulators.wechat.write_message("o1", "停水了")
    clock.advance(timedelta(days=9))
    token = (await token_of(client))["access_token"]
    body = {"touser": "o1", "template_id": "t1", "data": {"thing1": {"value": "已修好"}}}
    query = {"access_token": token}
    sent = await client.post(f"{API}/message/subscribe/bizsend", params=query, json=body)
    assert sent.json() == {"errcode": 0, "errmsg": "ok", "msgid": 1}
    stranger = body | {"touser": "nobody"}
    refused = await client.post(f"{API}/message/template/send", params=query, json=stranger)
    assert refused.json()["errcode"] == 40003


@pytest.mark.parametrize(
    ("change", "errcode"),
    [({"secret": "x"}, 40125), ({"appid": "x"}, 40013), ({"grant_type": "x"}, 40002)],
)
async def test_no_token_for_a_stranger(
    client: httpx.AsyncClient, change: dict[str, str], errcode: int
) -> None:
    assert (await token_of(client, **change))["errcode"] == errcode


async def test_tokens_end(
    simulators: Simulators, client: httpx.AsyncClient, clock: ManualClock, token: str
) -> None:
    simulators.wechat.write_message("o1", "停水了")
    assert await say(client, "never given") == 40001
    clock.advance(timedelta(seconds=7199))
    assert await say(client, token) == 0
    clock.advance(timedelta(seconds=1))
    assert await say(client, token) == 42001


async def test_the_stable_token_stays_and_a_forced_one_lets_the_old_live_on_a_little(
    client: httpx.AsyncClient, clock: ManualClock, token: str, simulators: Simulators
) -> None:
    simulators.wechat.write_message("o1", "停水了")
    clock.advance(timedelta(hours=1))
    again = await token_of(client)
    assert (again["access_token"], again["expires_in"]) == (token, 3600)
    forced = (await token_of(client, force_refresh=True))["access_token"]
    assert forced != token
    assert [await say(client, one) for one in (token, forced)] == [0, 0]
    clock.advance(timedelta(minutes=5))
    assert [await say(client, one) for one in (token, forced)] == [42001, 0]


async def test_our_token_cache_gets_along_with_a_token_that_ended_early(
    simulators: Simulators, client: httpx.AsyncClient, clock: ManualClock
) -> None:
    simulators.wechat.write_message("o1", "停水了")
    client.base_url = httpx.URL("http://simulators.test/wechat")
    cache = AccessToken(
        client,
        stable_token(client, SETTINGS.wechat_app_id, SETTINGS.wechat_app_secret),
        clock.now,
    )
    first = await cache.current()
    simulators.wechat.tokens.expire_all()
    used: list[str] = []

    async def send(token: str) -> dict[str, Any]:
        used.append(token)
        body = {"touser": "o1", "msgtype": "text", "text": {"content": "已修好"}}
        response = await client.post(
            "/cgi-bin/message/custom/send", params={"access_token": token}, json=body
        )
        answer: dict[str, Any] = response.json()
        return answer

    assert (await cache.call(send))["errcode"] == 0
    assert used[0] == first != used[1]


async def test_a_message_cut_after_accepting_was_sent(
    simulators: Simulators, client: httpx.AsyncClient, token: str
) -> None:
    simulators.wechat.write_message("o1", "停水了")
    simulators.wechat.failures.add(FailureMode.TIMEOUT_AFTER_ACCEPTING)
    with pytest.raises(httpx.ReadTimeout):
        await say(client, token)
    assert len(list(simulators.journal.entries("wechat", "customer_message"))) == 1


@pytest.mark.parametrize("body", [b"", b"[]", b"{"])
async def test_a_body_that_is_no_object_is_refused(
    client: httpx.AsyncClient, token: str, body: bytes
) -> None:
    response = await client.post(
        f"{API}/message/custom/send", params={"access_token": token}, content=body
    )
    assert response.json()["errcode"] == 47001
