"""What platforms send us: stored before it is answered, and only where it is theirs."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import jsonschema
import pytest
from sqlalchemy import event, text

from services.intake.models import Complaint, RawMessage
from services.intake.rules.classification import Classification
from services.intake.rules.classification import classify as really_classify
from services.intake.rules.gazetteer import Gazetteer
from shared.db import Database
from shared.platform_kit.request_signing import sign
from shared.platform_kit.wechat_crypto import url_signature
from shared.platform_kit.wechat_xml import fields_of
from tests.conftest import NOW
from tests.integration.intake.conftest import Intake
from tests.integration.intake.requests import CALLBACK, DRY, PULL, WEBHOOK, push, ticket_body
from tests.integration.intake.steps import count, the_complaint
from waterdesk.simulators.failure_modes import FailureMode
from waterdesk.simulators.settings import SimulatorSettings

DRY_MESSAGE = "三里镇樊家村三组停水了，一滴水都没有"


async def test_a_pushed_ticket_is_stored_and_then_answered(
    intake: Intake, database: Database
) -> None:
    number = intake.simulators.hotline.add_ticket(DRY)

    assert await intake.simulators.deliver_pushes() == 1
    assert (await the_complaint(database)).external_id == number


async def test_a_ticket_that_is_pushed_and_pulled_is_ingested_once(
    intake: Intake, database: Database
) -> None:
    intake.simulators.hotline.add_ticket(DRY)
    await intake.simulators.deliver_pushes()

    assert await intake.drain(PULL) == 0
    assert await count(database, Complaint) == 1


@pytest.mark.parametrize("fault", [FailureMode.DUPLICATE, FailureMode.DISORDER, FailureMode.LATE])
async def test_pushes_twice_disordered_or_late_come_to_one_complaint(
    intake: Intake, database: Database, fault: FailureMode
) -> None:
    hotline = intake.simulators.hotline
    number = hotline.add_ticket(DRY)
    intake.clock.advance(timedelta(minutes=1))
    hotline.edit_ticket(number, {"timeLimit": "24小时"})
    hotline.failures.add(fault, on="push")
    await intake.simulators.deliver_pushes(everything=True)
    await intake.simulators.deliver_pushes(everything=True)

    assert (await the_complaint(database)).time_limit == "24小时"


async def test_an_answer_lost_on_the_way_brings_the_ticket_again_and_it_is_stored_once(
    intake: Intake, database: Database
) -> None:
    intake.simulators.hotline.add_ticket(DRY)
    intake.doorway.answers_lost = 1

    assert await intake.simulators.deliver_pushes() == 0
    assert await intake.simulators.deliver_pushes(everything=True) == 1
    assert await count(database, RawMessage) == 1


async def test_a_push_that_could_not_be_committed_is_answered_503_and_comes_again(
    intake: Intake, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any, **__: Any) -> None:
        raise ConnectionRefusedError

    intake.simulators.hotline.add_ticket(DRY)
    with monkeypatch.context() as patched:
        patched.setattr("services.intake.batching.ingest", away)
        response = await push(intake, b"{}")
        assert await intake.simulators.deliver_pushes() == 0
    assert response.status_code == 503
    assert response.headers["content-type"] == "application/problem+json"
    assert await intake.simulators.deliver_pushes(everything=True) == 1
    assert await count(database, Complaint) == 1


async def test_a_push_that_is_not_signed_by_the_city_is_refused_and_not_stored(
    intake: Intake, database: Database
) -> None:
    body = json.dumps({"issueNumber": "1"}).encode()
    forged = await push(intake, body, secret="another secret")
    unsigned = await intake.client.post(WEBHOOK, content=body)
    right = sign("w", "simulated-hotline-secret", "POST", WEBHOOK, body, intake.clock.now(), "n")
    intake.clock.advance(timedelta(minutes=6))
    stale = await intake.client.post(WEBHOOK, content=body, headers=right)

    assert [forged.status_code, unsigned.status_code, stale.status_code] == [401, 401, 401]
    assert await count(database, RawMessage) == 0


@pytest.mark.parametrize("body", [b"{broken", b"[]", b"{}", b'{"issueNumber": "9"}', b"\xff\xfe"])
async def test_an_unreadable_push_is_stored_and_answered_so_that_it_is_not_lost(
    intake: Intake, database: Database, body: bytes
) -> None:
    for _ in range(2):
        response = await push(intake, body)
        assert (response.status_code, response.json()) == (200, {"code": 0})

    waiting = await intake.client.get("/waiting", headers=intake.signed_in())
    (message,) = waiting.json()["unreadable"]
    shown = await intake.client.get(f"/unreadable/{message['raw_id']}", headers=intake.signed_in())
    assert shown.json()["body"] == body.decode("utf-8", "replace")
    assert await count(database, RawMessage) == 1


async def test_a_signed_push_with_a_nul_is_stored_and_answered(
    intake: Intake, database: Database
) -> None:
    """The platform would send what we refuse for ever, and the complaint would be lost."""
    body = ticket_body(1, DRY["issueDesc"] + "HERE").replace(b"HERE", rb"\u0000\ud800")
    headers = sign(
        "waterdesk", "simulated-hotline-secret", "POST", WEBHOOK, body, intake.clock.now(), "nonce"
    )
    json_headers = {**headers, "Content-Type": "application/json"}
    response = await intake.client.post(WEBHOOK, content=body, headers=json_headers)

    assert response.status_code == 200
    assert await count(database, RawMessage) == 1


async def test_a_body_without_end_is_not_read_to_its_end(intake: Intake) -> None:
    response = await push(intake, b"x" * 1_000_001)

    assert response.status_code == 413


async def test_pushes_that_come_together_share_a_transaction_and_are_each_answered(
    intake: Intake, database: Database
) -> None:
    commits: list[object] = []
    event.listen(database.engine.sync_engine, "commit", commits.append)
    bodies = [*map(ticket_body, range(40)), b"{broken"]
    responses = await asyncio.gather(*(push(intake, body) for body in bodies))

    assert {response.status_code for response in responses} == {200}
    assert (await count(database, Complaint), await count(database, RawMessage)) == (40, 41)
    assert len(commits) < 10


async def test_a_push_that_fails_by_itself_fails_no_other(
    intake: Intake, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def classify(gazetteer: Gazetteer, title: str, text: str, **more: Any) -> Classification:
        if "毒" in text:
            raise ZeroDivisionError
        return really_classify(gazetteer, title, text, **more)

    monkeypatch.setattr("services.intake.handlers.ingest.classify", classify)
    bodies = [ticket_body(1), ticket_body(2, "水里有毒"), ticket_body(3), ticket_body(4)]
    responses = await asyncio.gather(*(push(intake, body) for body in bodies))

    assert {response.status_code for response in responses} == {200}
    assert (await count(database, Complaint), await count(database, RawMessage)) == (3, 4)


SAFE = SimulatorSettings(push_to="http://intake")
PLAIN = replace(SAFE, wechat_safe_mode=False)
BOTH_MODES = pytest.mark.parametrize(
    "platforms", [pytest.param(SAFE, id="safe"), pytest.param(PLAIN, id="plain")]
)


@BOTH_MODES
async def test_wechat_finds_our_address(intake: Intake) -> None:
    assert await intake.simulators.wechat.server_check()


@BOTH_MODES
async def test_a_message_is_ingested_once_however_often_wechat_delivers_it(
    intake: Intake, database: Database
) -> None:
    intake.simulators.wechat.write_message("oTest0001", DRY_MESSAGE)
    intake.doorway.answers_lost = 2

    assert await intake.simulators.deliver_pushes(everything=True) == 0
    assert await intake.simulators.deliver_pushes(everything=True) == 0
    assert await intake.simulators.deliver_pushes(everything=True) == 1
    assert (await the_complaint(database)).platform == "wechat"
    assert await count(database, RawMessage) == 1


@BOTH_MODES
async def test_a_message_that_was_tampered_with_is_refused_and_not_stored(
    intake: Intake, database: Database, platforms: SimulatorSettings
) -> None:
    wrong = {"signature": "0" * 40, "timestamp": "1", "nonce": "n", "msg_signature": "0" * 40}
    body = b"<xml><Encrypt>AAAA</Encrypt></xml>"

    assert (await intake.client.post(CALLBACK, params=wrong, content=body)).status_code == 403
    assert (await intake.client.get(CALLBACK, params=wrong)).status_code == 403
    assert await count(database, RawMessage) == 0


@pytest.mark.parametrize("platforms", [SAFE])
async def test_in_safe_mode_a_plain_message_is_not_believed(
    intake: Intake, database: Database, platforms: SimulatorSettings
) -> None:
    signed = _signed(platforms)
    response = await intake.client.post(CALLBACK, params=signed, content=_event("subscribe"))

    assert response.status_code == 403
    assert await count(database, RawMessage) == 0


@BOTH_MODES
async def test_a_message_replayed_outside_the_time_window_is_refused_and_not_stored(
    intake: Intake, database: Database, platforms: SimulatorSettings
) -> None:
    requests: list[httpx.Request] = []
    intake.doorway.seen = requests.append
    intake.simulators.wechat.write_message("oTest0001", DRY_MESSAGE)
    intake.doorway.answers_lost = 1
    await intake.simulators.deliver_pushes()
    async with database.connect() as connection:
        await connection.execute(text("TRUNCATE raw_message, complaint, words, resident"))

    async def replayed() -> int:
        (sent,) = requests
        answer = await intake.client.post(str(sent.url), content=sent.content)
        return answer.status_code

    intake.clock.advance(timedelta(minutes=6))
    assert await replayed() == 403
    assert await count(database, RawMessage) == 0


@pytest.mark.parametrize("platforms", [PLAIN])
async def test_an_event_is_answered_and_is_no_complaint(
    intake: Intake, database: Database, platforms: SimulatorSettings
) -> None:
    signed = _signed(platforms)
    response = await intake.client.post(CALLBACK, params=signed, content=_event("subscribe"))

    assert response.text == "success"
    assert await count(database, RawMessage) == 0


@pytest.mark.parametrize("platforms", [PLAIN])
async def test_an_unreadable_message_is_stored_and_answered(
    intake: Intake, database: Database, platforms: SimulatorSettings
) -> None:
    response = await intake.client.post(CALLBACK, params=_signed(platforms), content=b"<xml>")

    assert response.text == "success"
    assert await count(database, RawMessage) == 1


@BOTH_MODES
async def test_what_platforms_send_is_what_the_document_says(intake: Intake) -> None:
    sent: list[httpx.Request] = []
    intake.doorway.seen = sent.append
    assert await intake.simulators.wechat.server_check()
    intake.simulators.wechat.write_message("oTest0001", DRY_MESSAGE)
    intake.simulators.hotline.add_ticket(DRY)
    assert await intake.simulators.deliver_pushes() == 2

    paths = intake.service.app.openapi()["paths"]
    for request in sent:
        operation = paths[request.url.path][request.method.lower()]
        sent_as: Mapping[str, Mapping[str, str]]
        sent_as = {"query": request.url.params, "header": request.headers}
        for parameter in operation["parameters"]:
            value = sent_as[parameter["in"]].get(parameter["name"])
            assert value is not None or not parameter["required"], parameter
            if value is not None:
                jsonschema.validate(value, parameter["schema"])
        assert set(request.url.params) <= {each["name"] for each in operation["parameters"]}
        for kind, body in operation.get("requestBody", {}).get("content", {}).items():
            is_json = kind == "application/json"
            fields = json.loads(request.content) if is_json else fields_of(request.content)
            jsonschema.validate(fields, body["schema"])
            assert is_json or fields.keys() <= body["schema"]["properties"].keys()


def _signed(platforms: SimulatorSettings, at: datetime = NOW) -> Mapping[str, str]:
    timestamp = str(int(at.timestamp()))
    signature = url_signature(platforms.wechat_token, timestamp, "n")
    return {"signature": signature, "timestamp": timestamp, "nonce": "n"}


def _event(name: str) -> bytes:
    return (
        "<xml><ToUserName>a</ToUserName><FromUserName>o1</FromUserName>"
        "<CreateTime>1792000000</CreateTime><MsgType>event</MsgType>"
        f"<Event>{name}</Event></xml>"
    ).encode()
