"""What followers of the official account send, in plain and in safe mode."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.platforms.incoming import (
    Incoming,
    Kind,
    MalformedMessage,
    Platform,
    Resident,
    Unreadable,
)
from services.intake.platforms.wechat import (
    WeChatCallback,
    parse_message,
)
from shared.platform_kit.signatures import BadSignature, StaleTimestamp
from shared.platform_kit.wechat_crypto import MessageCrypto, url_signature
from shared.platform_kit.wechat_xml import encrypted_envelope, to_xml

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "vectors" / "protocol_vectors.json").read_text("utf-8")
)
COUNTY = "610122"
KEY, OLD_KEY = "k" * 43, "o" * 43
PLAIN = WeChatCallback(county=COUNTY, token="t")
SAFE = WeChatCallback(county=COUNTY, token="t", app_id="wx1", aes_key=KEY, previous_aes_key=OLD_KEY)
READ = Incoming(
    platform=Platform.WECHAT,
    external_id="24000000000000001",
    delivery_id="24000000000000001",
    kind=Kind.COMPLAINT,
    county=COUNTY,
    title="我们村又停水了",
    text="我们村又停水了！什么时候来？",
    sent_at=datetime(2026, 11, 23, 1, 15, tzinfo=UTC),
    raw=b"",
    resident=Resident(handle="o-test-1"),
)


def xml(**changes: str | int) -> bytes:
    fields: dict[str, str | int] = {
        "ToUserName": "gh_1",
        "FromUserName": "o-test-1",
        "CreateTime": 1795396500,
        "MsgType": "text",
        "Content": "我们村又停水了！什么时候来？",
        "MsgId": 24000000000000001,
    }
    return to_xml(
        {name: value for name, value in {**fields, **changes}.items() if value != ""}
    ).encode()


@pytest.mark.parametrize(
    ("message", "title", "text"),
    [
        (xml(), "我们村又停水了", "我们村又停水了！什么时候来？"),
        (xml(Content="水" * 50), "水" * 30, "水" * 50),
        (xml(Content="……\n\n浑水"), "……", "……\n\n浑水"),
        (xml(MsgType="image", Content="", PicUrl="http://x/y", MediaId="m"), "[图片]", "[图片]"),
        (xml(MsgType="voice", Content=""), "[语音]", "[语音]"),
        (
            xml(MsgType="voice", Content="", Recognition="没水了。"),
            "[语音] 没水了",
            "[语音] 没水了。",
        ),
        (xml(MsgType="location", Content="", Label="某村口"), "[位置] 某村口", "[位置] 某村口"),
        (xml(MsgType="video", Content=""), "[视频]", "[视频]"),
        (xml(MsgType="something_new", Content=""), "[未识别的消息]", "[未识别的消息]"),
    ],
)
def test_every_kind_of_message_is_ingested(message: bytes, title: str, text: str) -> None:
    assert parse_message(message, COUNTY) == replace(READ, title=title, text=text, raw=message)


@pytest.mark.parametrize("event", ["subscribe", "unsubscribe", "CLICK", "TEMPLATESENDJOBFINISH"])
def test_an_event_is_no_complaint(event: str) -> None:
    assert parse_message(xml(MsgType="event", Event=event, Content="", MsgId=""), COUNTY) is None


def test_a_message_without_id_is_told_apart_by_sender_and_second() -> None:
    first, again, later, other = (
        parse_message(message, COUNTY)
        for message in (
            xml(MsgId=""),
            xml(MsgId=""),
            xml(MsgId="", CreateTime=1795396501),
            xml(MsgId="", FromUserName="o-test-2"),
        )
    )
    assert first
    assert again
    assert later
    assert other
    assert first.delivery_id == again.delivery_id
    assert len({first.delivery_id, later.delivery_id, other.delivery_id}) == 3
    assert "o-test" not in first.external_id


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (xml(MsgType=""), "MsgType"),
        (xml(FromUserName=""), "FromUserName"),
        (xml(CreateTime="gestern"), "CreateTime"),
        (xml(Content=" "), "Content"),
        (b"<xml>", "well-formed"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><xml>&b;</xml>', "entities"),
    ],
)
def test_what_cannot_be_read_names_the_field(message: bytes, field: str) -> None:
    with pytest.raises(MalformedMessage, match=field):
        parse_message(message, COUNTY)


@settings(deadline=None)
@given(st.binary() | st.text().map(str.encode) | st.text().map(lambda t: xml(Content=t)))
def test_no_message_breaks_the_parser(message: bytes) -> None:
    try:
        parse_message(message, COUNTY)
    except MalformedMessage:
        return


AT = 1792000000
NOW = datetime.fromtimestamp(AT, UTC)


def plain_query(token: str = "t", at: int = AT) -> dict[str, str]:
    return {"timestamp": str(at), "nonce": "2", "signature": url_signature(token, str(at), "2")}


def parsed(callback: WeChatCallback, query: dict[str, str], body: bytes) -> object:
    callback.check_query(query, NOW)
    return callback.parse(query, body)


def safe_delivery(
    message: bytes, *, key: str = KEY, app_id: str = "wx1", at: int = AT
) -> tuple[dict[str, str], bytes]:
    crypto = MessageCrypto("t", key, app_id)
    encrypted = crypto.encrypt(message.decode())
    signature = crypto.signature(str(at), "2", encrypted)
    query = {**plain_query(at=at), "encrypt_type": "aes", "msg_signature": signature}
    return query, encrypted_envelope("gh_1", encrypted).encode()


def test_the_server_check_is_answered_with_its_echo() -> None:
    assert PLAIN.verify_url({**plain_query(), "echostr": "42"}, NOW) == "42"
    assert SAFE.verify_url({**plain_query(), "echostr": "42"}, NOW) == "42"
    with pytest.raises(BadSignature):
        PLAIN.verify_url({**plain_query("guessed"), "echostr": "42"}, NOW)


def test_the_published_server_check_is_believed() -> None:
    vector = next(v for v in VECTORS if v["kind"] == "url_signature")
    callback = WeChatCallback(county=COUNTY, token=vector["token"])
    query = {name: vector[name] for name in ("timestamp", "nonce", "signature")}
    at = datetime.fromtimestamp(int(vector["timestamp"]), UTC)
    assert callback.verify_url({**query, "echostr": "e"}, at) == "e"


def test_a_plain_message_is_read() -> None:
    assert parsed(PLAIN, plain_query(), xml()) == replace(READ, raw=xml())


@pytest.mark.parametrize("key", [KEY, OLD_KEY])
def test_an_encrypted_message_is_read_and_kept_as_it_was_written(key: str) -> None:
    query, body = safe_delivery(xml(), key=key)
    assert parsed(SAFE, query, body) == replace(READ, raw=xml())


def test_a_published_text_message_is_read() -> None:
    vector = next(v for v in VECTORS if v["name"] == "WeCom: text message")
    callback = WeChatCallback(
        county=COUNTY,
        token=vector["token"],
        app_id=vector["receiver_id"],
        aes_key=vector["encoding_aes_key"],
    )
    query = {name: vector[name] for name in ("timestamp", "nonce", "msg_signature")}
    read = callback.parse(query, encrypted_envelope("x", vector["encrypted"]).encode())
    assert isinstance(read, Incoming)
    assert read.raw.decode() == vector["plaintext"]
    assert f"<MsgId>{read.delivery_id}</MsgId>" in vector["plaintext"]


@pytest.mark.parametrize(
    ("callback", "query", "body"),
    [
        pytest.param(PLAIN, plain_query("guessed"), xml(), id="plain, signed by another"),
        pytest.param(PLAIN, {}, xml(), id="plain, not signed"),
        pytest.param(SAFE, plain_query(), xml(), id="plain where encryption is agreed"),
        pytest.param(SAFE, plain_query(), b"{", id="not even XML"),
        pytest.param(
            SAFE,
            {**safe_delivery(xml())[0], "msg_signature": "0" * 40},
            safe_delivery(xml())[1],
            id="encrypted, signature changed",
        ),
    ],
)
def test_a_delivery_by_another_is_not_believed(
    callback: WeChatCallback, query: dict[str, str], body: bytes
) -> None:
    with pytest.raises(BadSignature):
        parsed(callback, query, body)


@pytest.mark.parametrize(
    ("message", "key", "app_id"),
    [
        pytest.param(xml(), "z" * 43, "wx1", id="a key we do not have"),
        pytest.param(xml(), KEY, "wx2", id="for another account"),
        pytest.param(xml(CreateTime=""), KEY, "wx1", id="a field is missing"),
    ],
)
def test_a_signed_message_nobody_can_read_is_kept(message: bytes, key: str, app_id: str) -> None:
    query, body = safe_delivery(message, key=key, app_id=app_id)
    kept = parsed(SAFE, query, body)
    assert isinstance(kept, Unreadable)
    assert kept.raw in (body, message)


@pytest.mark.parametrize("mode", ["plain", "safe"])
@pytest.mark.parametrize(("minutes", "accepted"), [(0, True), (4, True), (6, False), (-6, False)])
def test_a_replay_outside_the_time_window_is_stale(mode: str, minutes: int, accepted: bool) -> None:
    at = AT - 60 * minutes
    callback = PLAIN if mode == "plain" else SAFE
    query, body = (plain_query(at=at), xml()) if mode == "plain" else safe_delivery(xml(), at=at)
    if accepted:
        assert isinstance(parsed(callback, query, body), Incoming)
        return
    with pytest.raises(StaleTimestamp):
        parsed(callback, query, body)
    with pytest.raises(StaleTimestamp):
        callback.verify_url(query, NOW)
