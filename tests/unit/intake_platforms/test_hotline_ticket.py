"""What a city's order says, as a table; and that no order, however odd, breaks the reading."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.keyed_hashes import KeyedHashes
from services.intake.platforms.fields import encoded
from services.intake.platforms.hotline_12345 import parse_ticket, read_push, read_ticket
from services.intake.platforms.incoming import (
    Incoming,
    Kind,
    MalformedMessage,
    Platform,
    Resident,
    Unreadable,
)
from shared.platform_kit.request_signing import BadSignature, StaleTimestamp, sign

COUNTY = "610122"
TICKET: Mapping[str, object] = {
    "issueNumber": "XA20261123000017",
    "issueTime": "2026-11-23 09:15:00",
    "issueSource": "电话",
    "issueType": "投诉",
    "issueSubject": "三组停水两天",
    "issueDesc": "村里三组从昨天早上开始没有水，麻烦尽快来修。",
    "requestorName": "测试甲",
    "requestorTel": "13800000000",
    "requestorAddress": "某镇某村三组12号",
    "timeLimit": "5个工作日",
    "hasModLimit": False,
    "emrgencyLevel": "一般",
    "isMultiExector": 0,
    "evaluationStatus": None,
    "x": 109.32,
    "y": 34.15,
    "addrDesc": "",
    "changeTime": "2026-11-24 10:00:00",
    "changeType": "new",
    "changeId": "c-1",
}
CHANGED_AT = datetime(2026, 11, 24, 2, tzinfo=UTC)
READ = Incoming(
    platform=Platform.HOTLINE_12345,
    external_id="XA20261123000017",
    delivery_id="c-1",
    kind=Kind.COMPLAINT,
    county=COUNTY,
    title="三组停水两天",
    text="村里三组从昨天早上开始没有水，麻烦尽快来修。",
    sent_at=datetime(2026, 11, 23, 1, 15, tzinfo=UTC),
    raw=b"raw",
    changed_at=CHANGED_AT,
    time_limit="5个工作日",
    resident=Resident(name="测试甲", phone="13800000000", address_line="某镇某村三组12号"),
)


def ticket(**changes: object) -> dict[str, object]:
    return {**TICKET, **changes}


@pytest.mark.parametrize(
    ("dto", "expected"),
    [
        pytest.param(TICKET, READ, id="a whole order"),
        pytest.param(ticket(changeType="edit"), READ, id="an edit is the order as it stands now"),
        pytest.param(
            ticket(changeType="chase"),
            replace(READ, kind=Kind.CHASE),
            id="a chase",
        ),
        pytest.param(
            ticket(changeType="supervise"),
            replace(READ, kind=Kind.CHASE, supervised=True),
            id="a supervision",
        ),
        pytest.param(
            ticket(changeType="chase", changeTime=""),
            replace(READ, kind=Kind.CHASE, changed_at=None),
            id="a chase that names no time of its own",
        ),
        pytest.param(ticket(timeLimit=""), replace(READ, time_limit=None), id="no limit printed"),
        pytest.param(
            ticket(timeLimit=5), replace(READ, time_limit="5"), id="a bare number as limit"
        ),
        pytest.param(ticket(emrgencyLevel="紧急"), replace(READ, printed_urgent=True), id="urgent"),
        pytest.param(
            ticket(emrgencyLevel="特急"), replace(READ, printed_urgent=True), id="most urgent"
        ),
        pytest.param(ticket(hasModLimit="0"), READ, id="its limit was not changed"),
        pytest.param(
            ticket(hasModLimit=True), replace(READ, limit_changes="1"), id="its limit was changed"
        ),
        pytest.param(
            ticket(hasModLimit="2"), replace(READ, limit_changes="2"), id="its limit stays"
        ),
        pytest.param(ticket(emrgencyLevel="不紧急"), READ, id="an unknown level is not urgent"),
        pytest.param(
            ticket(issueSubject=None),
            replace(READ, title="村里三组从昨天早上开始没有水，麻烦尽快来修"),
            id="without a subject the first sentence is the title",
        ),
        pytest.param(
            ticket(issueDesc=" \n"),
            replace(READ, text="三组停水两天"),
            id="without a description the subject is the text",
        ),
        pytest.param(
            ticket(addrDesc="村口水塔旁"),
            replace(READ, resident=replace(READ.resident, address_line="村口水塔旁")),
            id="where the fault is comes before where the person lives",
        ),
        pytest.param(
            {
                name: TICKET[name]
                for name in ("issueNumber", "issueTime", "issueDesc", "changeType", "changeId")
            },
            replace(
                READ,
                title="村里三组从昨天早上开始没有水，麻烦尽快来修",
                changed_at=None,
                time_limit=None,
                resident=Resident(),
            ),
            id="number, time and content are enough",
        ),
        pytest.param(
            ticket(issueNumber=20261123), replace(READ, external_id="20261123"), id="bare number"
        ),
        pytest.param(ticket(issueTime="2026/11/23 09:15:00"), READ, id="time with slashes"),
        pytest.param(ticket(issueTime="2026-11-23T09:15"), READ, id="ISO time without seconds"),
        pytest.param(ticket(issueTime="2026-11-23T01:15:00Z"), READ, id="time with its own offset"),
        pytest.param(
            ticket(requestorName="测\x00试\ud800甲"),
            replace(READ, resident=replace(READ.resident, name="测\ufffd试\ufffd甲")),
            id="characters no database holds",
        ),
    ],
)
def test_a_ticket_is_read(dto: Mapping[str, object], expected: Incoming) -> None:
    assert parse_ticket(dto, b"raw", COUNTY) == expected


@pytest.mark.parametrize(
    ("dto", "field"),
    [
        (ticket(issueNumber=""), "issueNumber"),
        (ticket(issueNumber="8" * 101), "issueNumber"),
        (ticket(issueNumber=True), "issueNumber"),
        (ticket(changeId=None), "changeId"),
        (ticket(changeType="cancel"), "changeType"),
        (ticket(issueTime=None), "issueTime"),
        (ticket(issueTime="2026-11-23"), "issueTime"),
        (ticket(issueTime="23.11.2026 09:15"), "issueTime"),
        (ticket(issueSubject="", issueDesc=None), "issueDesc"),
        (ticket(issueDesc=["秘密"]), "issueDesc"),
        (ticket(requestorTel={"秘密": 1}), "requestorTel"),
        ([TICKET], "ticket"),
        (None, "ticket"),
    ],
)
def test_what_cannot_be_read_names_the_field_and_not_its_content(dto: object, field: str) -> None:
    with pytest.raises(MalformedMessage, match=field) as caught:
        parse_ticket(dto, b"raw", COUNTY)
    assert "秘密" not in str(caught.value)
    assert "888" not in str(caught.value)


def test_an_unreadable_ticket_is_kept_with_its_number() -> None:
    dto = ticket(issueTime="soon")
    kept = read_ticket(dto, COUNTY)
    assert isinstance(kept, Unreadable)
    assert kept.external_id == "XA20261123000017"
    assert json.loads(kept.raw) == dto


arbitrary_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(TICKET)), arbitrary_json) | arbitrary_json)
def test_no_ticket_breaks_the_parser(dto: object) -> None:
    read = read_ticket({**TICKET, **dto} if isinstance(dto, dict) else dto, COUNTY)
    if isinstance(read, Incoming):
        assert read.sent_at.utcoffset() == timedelta(0)
        (read.text + read.title + read.external_id).encode()
        assert "\x00" not in read.text + read.title


@settings(deadline=None)
@given(st.integers(0, 3_000_000_000))
def test_office_time_is_eight_hours_ahead(seconds: int) -> None:
    moment = datetime(2001, 1, 1, tzinfo=timezone(timedelta(hours=8))) + timedelta(seconds=seconds)
    read = parse_ticket(ticket(issueTime=f"{moment:%Y-%m-%d %H:%M:%S}"), b"", COUNTY)
    assert read.sent_at == moment


NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
WEBHOOK = "/platforms/12345/webhook"


def pushed(body: bytes, *, secret: str = "s", at: datetime = NOW) -> Incoming | Unreadable:
    headers = sign("city", secret, "POST", WEBHOOK, body, at, "n")
    return read_push(headers, WEBHOOK, body, secret="s", county=COUNTY, now=NOW)


def test_a_push_reads_as_the_same_delivery_as_the_pull() -> None:
    body = encoded(TICKET)
    assert pushed(body) == replace(READ, raw=body)


def test_a_push_that_cannot_be_read_is_kept() -> None:
    assert pushed(b"{") == Unreadable(b"{", "the body is not JSON", None)
    assert pushed(b'{"issueNumber":"7"}') == Unreadable(
        b'{"issueNumber":"7"}', "changeType is missing", "7"
    )


def test_a_push_by_another_is_not_believed() -> None:
    with pytest.raises(BadSignature):
        pushed(encoded(TICKET), secret="guessed")
    with pytest.raises(StaleTimestamp):
        pushed(encoded(TICKET), at=NOW - timedelta(minutes=6))


@pytest.mark.parametrize(
    "stated", ["2199-01-01 12:00:00", "0001-01-01 00:00:00", "9999-12-31 23:59:59-12:00"]
)
def test_a_date_that_cannot_be_is_read_as_it_is_stated(stated: str) -> None:
    assert f"{parse_ticket(ticket(issueTime=stated), b'', COUNTY).sent_at.year:04}" == stated[:4]


def test_a_request_for_time_that_was_declined_makes_an_edit_of_the_ticket() -> None:
    """Nothing else of it has changed."""
    hashes = KeyedHashes("a secret of more than thirty-two characters")
    declined = parse_ticket(ticket(changeType="edit", hasModLimit="2"), b"raw", COUNTY)
    assert hashes.of_content(declined) != hashes.of_content(READ)
    unchanged = parse_ticket(ticket(changeType="edit", hasModLimit="0"), b"raw", COUNTY)
    assert hashes.of_content(unchanged) == hashes.of_content(READ)
