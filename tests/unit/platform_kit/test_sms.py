"""A provider of text messages as its file describes it: sent, signed, understood, refused."""

import base64
import hashlib
import hmac
import json
from pathlib import Path

import httpx
import pytest

from shared.clock import ManualClock
from shared.http import PlatformUnavailable
from shared.platform_kit.sms import Sms
from shared.platform_kit.sms_provider import read_provider, value_at
from shared.send_once import Refused
from shared.yaml_file import FileInvalid
from tests.conftest import NOW

BASE = """\
url: https://sms.example.cn/send
body: {to: ["{phone}"], params: {text: "{text}"}, ref: "{id}"}
success: {path: code, equals: [0]}
number: data.0.id
"""


def provider(
    tmp_path: Path, text: str, *answers: httpx.Response
) -> tuple[Sms, list[httpx.Request]]:
    file = tmp_path / "provider.yaml"
    file.write_text(text, encoding="utf-8")
    asked: list[httpx.Request] = []
    waiting = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return waiting.pop(0)

    transport = httpx.MockTransport(answer)
    return Sms(read_provider(file), "key", ManualClock(NOW), transport=transport), asked


async def test_json_is_filled_and_the_number_is_found(tmp_path: Path) -> None:
    answer = httpx.Response(200, json={"code": 0, "data": [{"id": 77}]})
    sms, asked = provider(tmp_path, BASE, answer)
    assert await sms.send("m-1", "13900000001", '水压"低"{id}') == "77"
    assert json.loads(asked[0].content) == {
        "to": ["13900000001"],
        "params": {"text": '水压"低"{id}'},  # what is put in is not filled again
        "ref": "m-1",
    }


async def test_a_form_with_basic_authentication(tmp_path: Path) -> None:
    text = """\
url: https://sms.example.cn/send?ref={id}
format: form
body: {mobile: "{phone}", content: "{text}"}
auth: {kind: basic, user: water}
success: {path: status, equals: [ok]}
"""
    sms, asked = provider(tmp_path, text, httpx.Response(200, json={"status": "ok"}))
    assert await sms.send("m/1", "13900000001", "停水") is None
    assert asked[0].url.query == b"ref=m%2F1"
    assert asked[0].content == b"mobile=13900000001&content=%E5%81%9C%E6%B0%B4"
    assert asked[0].headers["authorization"] == "Basic " + base64.b64encode(b"water:key").decode()


async def test_the_signature_is_over_the_body_as_sent(tmp_path: Path) -> None:
    text = BASE + 'auth: {kind: hmac, header: X-Sign, over: "{timestamp}.{body}"}\n'
    sms, asked = provider(tmp_path, text, httpx.Response(200, json={"code": 0}))
    await sms.send("m-1", "13900000001", "停水")
    over = f"{int(NOW.timestamp())}.".encode() + asked[0].content
    assert asked[0].headers["x-sign"] == hmac.new(b"key", over, hashlib.sha256).hexdigest()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(200, json={"code": 9}), Refused),
        (httpx.Response(200, json={"code": False}), Refused),  # not the number 0
        (httpx.Response(200, json={"code": 5}), PlatformUnavailable),
        (httpx.Response(503), PlatformUnavailable),  # nobody can be asked: taken at its word
    ],
)
async def test_what_the_answers_say(
    tmp_path: Path, answer: httpx.Response, error: type[Exception]
) -> None:
    sms, _ = provider(tmp_path, BASE + "busy: {path: code, equals: [5]}\n", answer)
    with pytest.raises(error) as caught:
        await sms.send("m-1", "13900000001", "停水")
    assert "139" not in str(caught.value)


@pytest.mark.parametrize(("segments", "longest"), [(1, 70), (3, 201)])
def test_a_long_text_is_cut(tmp_path: Path, segments: int, longest: int) -> None:
    sms, _ = provider(tmp_path, BASE + f"segments: {segments}\n")
    assert sms.cut("水" * longest) == "水" * longest
    assert sms.cut("水" * (longest + 1)) == "水" * (longest - 1) + "…"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BASE.replace("https://", "sms:"), "line 1: url: not a URL"),
        (BASE.replace("{text}", "{words}"), "line 2: body: {words} is not one of"),
        (BASE.replace("{phone}", "x"), "{phone} stands neither in url nor in body"),
        (BASE + "auth: {kind: oauth}\n", "line 5: auth"),
        (BASE + "sucess: {}\n", "line 5: sucess"),
        (BASE + "status: {url: https://x/}\n", "line 5: status.has_it"),
    ],
)
def test_a_wrong_description_is_refused_by_line_and_field(
    tmp_path: Path, text: str, said: str
) -> None:
    file = tmp_path / "provider.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(FileInvalid) as caught:
        read_provider(file)
    assert said in str(caught.value)


def test_a_path_leads_into_lists_and_nowhere() -> None:
    answer = {"data": [{"id": "a"}]}
    assert value_at(answer, "data.0.id") == "a"
    assert value_at(answer, "data.1.id") is None
    assert value_at(answer, "data.id") is None
