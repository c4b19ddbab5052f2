"""WeChat's XML: what people type survives, and what an attacker sends does nothing."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.platform_kit import wechat_xml
from shared.platform_kit.wechat_xml import MalformedXml

from .vectors import Vector, of_kind

AT = datetime(2026, 11, 23, 1, 15, tzinfo=UTC)
wecom_text = [p for p in of_kind("encrypted_message") if "<xml>" in str(p)]


@pytest.mark.parametrize("vector", wecom_text)
def test_the_published_text_message_is_read(vector: Vector) -> None:
    assert wechat_xml.fields_of(vector["plaintext"]) == {
        "ToUserName": vector["receiver_id"],
        "FromUserName": "mycreate",
        "CreateTime": "1409659813",
        "MsgType": "text",
        "Content": "hello",
        "MsgId": "4561255354251345929",
        "AgentID": "218",
    }


@given(content=st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=300))
def test_any_words_survive_the_xml(content: str) -> None:
    xml = wechat_xml.text_message("gh_1", "o1", AT, content, "23")
    assert wechat_xml.fields_of(xml.encode()) == {
        "ToUserName": "gh_1",
        "FromUserName": "o1",
        "CreateTime": "1795396500",
        "MsgType": "text",
        "Content": content.replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd"),
        "MsgId": "23",
    }


def test_the_end_of_cdata_can_be_written() -> None:
    xml = wechat_xml.text_message("o1", "gh_1", AT, "a]]>b<c>&amp;\x00", "1")
    assert wechat_xml.fields_of(xml)["Content"] == "a]]>b<c>&amp;\ufffd"


def test_an_envelope_holds_its_encrypted_text() -> None:
    envelope = wechat_xml.encrypted_envelope("gh_1", "abc=")
    assert wechat_xml.fields_of(envelope) == {"ToUserName": "gh_1", "Encrypt": "abc="}


BOMB = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;">]><xml><Content>&b;</Content></xml>'
)
FILE = '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><xml><Content>&f;</Content></xml>'


@pytest.mark.parametrize(
    "xml",
    [
        pytest.param(BOMB, id="entity bomb"),
        pytest.param(FILE, id="external entity"),
        pytest.param("<!DOCTYPE xml><xml/>", id="any DTD"),
        pytest.param("", id="nothing"),
        pytest.param(b"\xff\xfe\x00<", id="not text"),
        pytest.param("<xml><a>", id="cut off"),
        pytest.param(b'<?xml version="1.0" encoding="no-such"?><xml/>', id="unknown encoding"),
    ],
)
def test_what_is_not_safe_xml_is_refused(xml: str | bytes) -> None:
    with pytest.raises(MalformedXml):
        wechat_xml.fields_of(xml)
