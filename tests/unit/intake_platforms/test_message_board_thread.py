"""What a thread of the message board says, as a table."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.platforms.incoming import (
    Incoming,
    Kind,
    MalformedMessage,
    Platform,
    Resident,
)
from services.intake.platforms.message_board import parse_thread

COUNTY = "610122"
THREAD: Mapping[str, object] = {
    "tid": 18000001,
    "fid": 5050,
    "subject": "村里水压太低",
    "content": "二楼整天上不来水。\n望解决",
    "dateline": 1795396500,
    "nickName": "网友乙",
    "stateInfo": "待回复",
    "typeName": "投诉/求助",
    "attachment": [],
}
READ = Incoming(
    platform=Platform.MESSAGE_BOARD,
    external_id="18000001",
    delivery_id="",
    kind=Kind.COMPLAINT,
    county=COUNTY,
    title="村里水压太低",
    text="二楼整天上不来水。\n望解决",
    sent_at=datetime(2026, 11, 23, 1, 15, tzinfo=UTC),
    raw=b"raw",
    resident=Resident(name="网友乙"),
)


def thread(**changes: object) -> dict[str, object]:
    return {**THREAD, **changes}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        pytest.param(THREAD, READ, id="a whole thread"),
        pytest.param(thread(dateline="1795396500"), READ, id="seconds in quotes"),
        pytest.param(
            thread(dateline=None, createDateline=1795396500), READ, id="as the search prints it"
        ),
        pytest.param(
            thread(nickName=None), replace(READ, resident=Resident()), id="without a nickname"
        ),
        pytest.param(
            thread(subject=""), replace(READ, title="二楼整天上不来水"), id="without a subject"
        ),
        pytest.param(
            thread(content=None), replace(READ, text="村里水压太低"), id="without content"
        ),
    ],
)
def test_a_thread_is_read(message: Mapping[str, object], expected: Incoming) -> None:
    read = parse_thread(message, b"raw", COUNTY)
    assert replace(read, delivery_id="") == expected


def test_a_thread_read_again_is_the_same_delivery_until_its_words_change() -> None:
    first = parse_thread(THREAD, b"", COUNTY).delivery_id
    assert parse_thread(thread(stateInfo="已办理"), b"", COUNTY).delivery_id == first
    assert parse_thread(thread(content="有水了"), b"", COUNTY).delivery_id != first
    assert parse_thread(thread(tid=18000002), b"", COUNTY).delivery_id != first


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (thread(tid=None), "tid"),
        (thread(tid=1.5), "tid"),
        (thread(dateline=None), "dateline"),
        (thread(dateline="昨天"), "dateline"),
        (thread(dateline=-1), "dateline"),
        (thread(subject=None, content=""), "content"),
        ("秘密", "thread"),
    ],
)
def test_what_cannot_be_read_names_the_field_and_not_its_content(
    message: object, field: str
) -> None:
    with pytest.raises(MalformedMessage, match=field) as caught:
        parse_thread(message, b"", COUNTY)
    assert not {"秘密", "昨天"} & set(str(caught.value).split())


@settings(deadline=None)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            name: st.none() | st.integers() | st.floats() | st.text() | st.lists(st.text())
            for name in THREAD
        },
    )
)
def test_no_thread_breaks_the_parser(changes: dict[str, object]) -> None:
    try:
        read = parse_thread(thread(**changes), b"", COUNTY)
    except MalformedMessage:
        return
    assert read.delivery_id.startswith(read.external_id)
    assert len(read.delivery_id) <= 100
    assert read.sent_at.tzinfo is UTC


def test_a_time_after_the_year_9999_is_its_last_second() -> None:
    in_milliseconds = parse_thread(thread(dateline=1795396500000), b"", COUNTY)
    assert in_milliseconds.sent_at == datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
