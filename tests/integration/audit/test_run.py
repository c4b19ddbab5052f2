"""The audit finds each inconsistency in the databases, and nothing else."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest

from shared.clock import SystemClock
from tests.conftest import NOW
from tests.integration.audit.sample_data import HOUR, KEY, SampleData
from waterdesk.audit.rules import MEANINGS

Breaking = Sequence[tuple[str, str]]
"""Statements by the service whose database they break."""

_SECOND_WORK_ORDER = (
    "dispatch",
    'INSERT INTO work_order SELECT (jsonb_populate_record(w, \'{"id": "w-2"}\')).*'
    " FROM work_order w WHERE id = 'w-c1'",
)

BROKEN: Mapping[str, tuple[str, str, Breaking]] = {
    "a raw message lost its complaint": (
        "readable_message_without_complaint",
        "r-c1",
        [("intake", "UPDATE raw_message SET complaint_id = NULL WHERE id = 'r-c1'")],
    ),
    "a raw message names a complaint that is not there": (
        "readable_message_without_complaint",
        "r-c1",
        [("intake", "UPDATE raw_message SET complaint_id = 'c0' WHERE id = 'r-c1'")],
    ),
    "dispatch does not know it": (
        "unknown_to_dispatch",
        "c2",
        [("dispatch", "DELETE FROM complaint WHERE id = 'c2'")],
    ),
    "reply does not know it": (
        "unknown_to_reply",
        "c2",
        [("reply", "DELETE FROM complaint WHERE id = 'c2'")],
    ),
    "intake lost it": (
        "unknown_to_intake",
        "c2",
        [
            ("intake", "DELETE FROM raw_message WHERE complaint_id = 'c2'"),
            ("intake", "DELETE FROM complaint WHERE id = 'c2'"),
        ],
    ),
    "a decision did not reach dispatch": (
        "decision_differs",
        "c2",
        [("dispatch", "UPDATE complaint SET needs_human = false WHERE id = 'c2'")],
    ),
    "a decision did not reach reply": (
        "decision_differs",
        "c1",
        [("reply", "UPDATE complaint SET is_ours = false WHERE id = 'c1'")],
    ),
    "it is linked to nothing": (
        "neither_linked_nor_waiting_nor_returned",
        "c1",
        [
            ("dispatch", "UPDATE complaint SET work_order_id = NULL WHERE id = 'c1'"),
            ("reply", "DELETE FROM link WHERE complaint_id = 'c1'"),
        ],
    ),
    "it stayed behind on a work order that was merged": (
        "neither_linked_nor_waiting_nor_returned",
        "c1",
        [("dispatch", "UPDATE work_order SET state = 'closed', outcome = 'merged'")],
    ),
    "the return is missing": (
        "neither_linked_nor_waiting_nor_returned",
        "c3",
        [("reply", "UPDATE reply SET state = 'superseded' WHERE complaint_id = 'c3'")],
    ),
    "reply saw another link last": (
        "linked_elsewhere_at_reply",
        "c1",
        [("reply", "INSERT INTO link VALUES ('c1', 9, 'w-2', '2030-01-01T00:00Z')")],
    ),
    "reply does not know of a link": (
        "linked_elsewhere_at_reply",
        "c1",
        [
            _SECOND_WORK_ORDER,
            ("dispatch", "UPDATE complaint SET work_order_id = 'w-2' WHERE id = 'c1'"),
        ],
    ),
    "repaired, and nobody drafted": (
        "repaired_without_reply",
        "c1",
        [
            ("reply", "DELETE FROM reply WHERE complaint_id = 'c1'"),
            ("reply", "UPDATE complaint SET state = 'open' WHERE id = 'c1'"),
        ],
    ),
    "no deadline was counted": (
        "without_deadlines",
        "c2",
        [("reply", "DELETE FROM deadline WHERE complaint_id = 'c2'")],
    ),
    "said to be answered": (
        "answered_without_delivery",
        "c2",
        [("reply", "UPDATE complaint SET state = 'answered' WHERE id = 'c2'")],
    ),
    "a miss passed in silence": (
        "overdue_not_recorded",
        "c2/reply",
        [
            (
                "reply",
                "UPDATE deadline SET due_at = '2026-10-12T01:29Z', standing = 'warned'"
                " WHERE complaint_id = 'c2' AND stage = 'reply'",
            )
        ],
    ),
    "no sweep will look": (
        "deadline_not_watched",
        "c2/accept",
        [
            (
                "reply",
                "UPDATE deadline SET next_at = NULL WHERE complaint_id = 'c2' AND stage = 'accept'",
            )
        ],
    ),
    "paused, and no pause that will end": (
        "deadline_not_watched",
        "c2/accept",
        [
            (
                "reply",
                "UPDATE deadline SET next_at = NULL, paused_since = now(), paused_for = 'parts'"
                " WHERE complaint_id = 'c2' AND stage = 'accept'",
            )
        ],
    ),
    "kept and missed": (
        "deadline_contradicts_itself",
        "c2/accept",
        [
            (
                "reply",
                "UPDATE deadline SET standing = 'met', next_at = NULL,"
                " met_at = '2026-10-12T01:00Z', missed_recorded_at = now()"
                " WHERE complaint_id = 'c2' AND stage = 'accept'",
            )
        ],
    ),
    "delivered without a receipt": (
        "delivered_without_receipt",
        "c1/1",
        [("reply", "UPDATE reply SET receipt = NULL WHERE complaint_id = 'c1'")],
    ),
}


async def test_nothing_is_found_in_consistent_data(data: SampleData) -> None:
    found = await data.audit()
    assert found.findings == {}
    assert {name: n for name, n in found.counts.items() if n} == {
        "complaints": 3,
        "complaints_linked": 1,
        "complaints_waiting_for_person": 1,
        "complaints_not_ours": 1,
        "complaints_answered": 1,
        "work_orders_repaired": 1,
        "deadlines_open": 6,
        "replies_draft": 1,
        "replies_delivered": 1,
    }


async def test_nothing_is_found_in_empty_databases(data: SampleData) -> None:
    await data.empty()
    found = await data.audit()
    assert (found.findings, found.counts.total()) == ({}, 0)


@pytest.mark.parametrize(("rule", "offender", "breaking"), BROKEN.values(), ids=BROKEN)
async def test_an_inconsistency_is_found_by_its_id_and_nothing_else(
    data: SampleData, rule: str, offender: str, breaking: Breaking
) -> None:
    for service, statement in breaking:
        await data.change(service, statement)
    assert (await data.audit()).findings == {rule: {offender}}
    assert rule in MEANINGS


async def test_an_event_that_stays_in_an_outbox_is_found(data: SampleData) -> None:
    await data.add("dispatch", "outbox", topic="t", key="w-c1")
    assert (await data.audit()).findings == {"event_not_sent": {"dispatch:1:w-c1"}}


async def test_a_parked_event_is_found_until_a_person_has_seen_it(data: SampleData) -> None:
    await data.add("reply", "parked", consumer="reply", topic="t", key="c2", cause="ValueError")
    assert (await data.audit()).findings == {"parked_unseen": {"reply:1:c2"}}
    await data.change("reply", "UPDATE parked SET seen_at = now(), seen_by = 'wang'")
    found = await data.audit()
    assert (found.findings, found.counts["parked_seen"]) == ({}, 1)


@pytest.mark.parametrize(
    ("waited", "found"), [(timedelta(hours=1), set()), (timedelta(days=2), {"reply:1:c2"})]
)
async def test_an_event_that_waits_for_another_is_found_when_it_has_waited_long(
    data: SampleData, waited: timedelta, found: set[str]
) -> None:
    await data.add(
        "reply",
        "parked",
        consumer="reply",
        topic="t",
        key="c2",
        cause="waits for c2",
        waits_for="c2",
        parked_at=SystemClock().now() - waited,
    )
    assert (await data.audit()).findings.get("parked_unseen", set()) == found


@pytest.mark.parametrize("key", ["c1", "w-c1"])
async def test_a_difference_caused_by_a_parked_event_is_no_finding(
    data: SampleData, key: str
) -> None:
    await data.add("reply", "parked", consumer="reply", topic="t", key=key, seen_at=NOW)
    await data.change("reply", "DELETE FROM link WHERE complaint_id = 'c1'")
    assert (await data.audit()).findings == {}


async def test_a_difference_that_disappears_between_two_passes_is_no_finding(
    data: SampleData,
) -> None:
    await data.add("intake", "outbox", topic="t", key="c2")
    await data.change("reply", "UPDATE complaint SET needs_human = false WHERE id = 'c2'")

    async def news_arrives() -> None:
        await data.change("intake", "DELETE FROM outbox_unsent")
        await data.change("reply", "UPDATE complaint SET needs_human = true WHERE id = 'c2'")

    assert (await data.audit(news_arrives)).findings == {}


async def test_a_different_unsent_event_in_each_pass_is_no_finding(
    data: SampleData,
) -> None:
    await data.add("intake", "outbox", topic="t", key="c2")

    async def relay_goes_on() -> None:
        await data.change("intake", "DELETE FROM outbox_unsent")
        await data.add("intake", "outbox", topic="t", key="c2")

    assert (await data.audit(relay_goes_on)).findings == {}


async def test_a_deadline_due_since_the_last_sweep_is_counted_and_no_finding(
    data: SampleData,
) -> None:
    """The system was stopped; the next sweep records it."""
    data.clock.advance(2 * HOUR)
    found = await data.audit()
    assert (found.findings, found.counts["deadlines_due_since_last_sweep"]) == ({}, 6)


async def test_an_unreadable_message_waits_for_a_person(data: SampleData) -> None:
    await data.add("intake", "raw_message", id="r-x", delivery_id="x", result="unreadable")
    found = await data.audit()
    assert (found.findings, found.counts["unreadable_messages_waiting"]) == ({}, 1)
    await data.change("intake", "UPDATE raw_message SET handled_at = now() WHERE id = 'r-x'")
    assert (await data.audit()).counts["unreadable_messages_waiting"] == 0


async def test_a_complaint_answered_before_the_decision_changed_needs_no_return(
    data: SampleData,
) -> None:
    for service in data.databases:
        await data.change(service, "UPDATE complaint SET is_ours = false WHERE id = 'c1'")
    await data.change(
        "dispatch", "UPDATE complaint SET state = 'not_ours', work_order_id = NULL WHERE id = 'c1'"
    )
    assert (await data.audit()).findings == {}


def _ticket(number: str) -> tuple[str, str, dict[str, Any]]:
    return "hotline", "changed", {"issueNumber": number}


def _stored(request_id: str, kind: str = "replied") -> tuple[str, str, dict[str, Any]]:
    return "hotline", kind, {"receipt": {"requestId": request_id}}


async def test_a_delivery_in_the_journal_is_counted(data: SampleData) -> None:
    data.add_to_journal(_ticket("n-c1"), _ticket("n-c3"), _stored("q-c1-1"))
    found = await data.audit()
    assert (found.findings, found.counts["replies_found_at_platform"]) == ({}, 1)


async def test_a_version_that_the_platform_stored_twice_is_found(data: SampleData) -> None:
    data.add_to_journal(_ticket("n-c1"), _stored("q-c1-1"), _stored("q-c1-1"))
    assert (await data.audit()).findings == {"delivered_more_than_once": {"c1/1"}}


async def test_a_receipt_without_a_reply_at_the_platform_is_found(data: SampleData) -> None:
    data.add_to_journal(_ticket("n-c1"))
    assert (await data.audit()).findings == {"delivered_but_not_at_platform": {"c1/1"}}


async def test_a_complaint_of_a_real_platform_is_not_expected_in_the_journal(
    data: SampleData,
) -> None:
    data.add_to_journal(_ticket("another"))
    assert (await data.audit()).findings == {}


async def test_a_reply_that_a_person_confirmed_is_not_expected_in_the_journal(
    data: SampleData,
) -> None:
    await data.change("reply", "UPDATE reply SET resolved_by = 'wang' WHERE complaint_id = 'c1'")
    data.add_to_journal(_ticket("n-c1"))
    assert (await data.audit()).findings == {}


async def test_an_incomplete_last_line_of_the_journal_is_skipped(data: SampleData) -> None:
    data.add_to_journal(_ticket("n-c1"), _stored("q-c1-1"))
    with data.journal.open("a") as journal:
        journal.write('{"number": 3, "simula')
    assert (await data.audit()).findings == {}


@pytest.mark.parametrize(
    ("stored", "rule"),
    [(1, "delivered_but_not_at_platform"), (2, None), (3, "delivered_more_than_once")],
)
async def test_equal_texts_to_one_person_on_wechat_are_counted_together(
    data: SampleData, stored: int, rule: str | None
) -> None:
    ids = {"c1/1", "c2/1"}
    await data.change("reply", "DELETE FROM reply WHERE complaint_id = 'c1'")
    for complaint_id, message_id in (("c1", "m1"), ("c2", "m2")):
        await data.change(
            "reply",
            f"UPDATE complaint SET platform = 'wechat', external_id = '{message_id}',"
            f" state = 'answered' WHERE id = '{complaint_id}'",
        )
        await data.reply(
            complaint_id,
            state="delivered",
            platform="wechat",
            text="已修好。",
            receipt=f"q-{complaint_id}-1",
            delivered_at=NOW,
            sent_at=NOW,
        )
        said = {"messageId": message_id, "openid": "o1"}
        data.add_to_journal(("wechat", "user_spoke", said))
    told = ("wechat", "customer_message", {"openid": "o1", "content": "已修好。"})
    data.add_to_journal(*[told] * stored)
    assert (await data.audit()).findings == ({rule: ids} if rule else {})


@pytest.mark.parametrize(
    ("table", "values", "name"),
    [
        ("raw_message", {"id": "r-x", "delivery_id": "x", "complaint_id": "c1"}, "raw_message/r-x"),
        ("words", {"raw_message_id": "r-x", "complaint_id": "c1"}, "words/r-x"),
        ("resident", {"complaint_id": "c1"}, "resident/c1"),
    ],
)
async def test_what_no_key_of_ours_opens_is_found(
    data: SampleData, table: str, values: dict[str, Any], name: str
) -> None:
    column = "sealed_body" if table == "raw_message" else "sealed"
    await data.add("intake", table, **values, **{column: bytes.fromhex(KEY) + b"sealed"})
    assert (await data.audit()).findings == {}
    await data.change(
        "intake", f"UPDATE {table} SET {column} = '\\xfedcba9876543210aa' WHERE {column} <> ''"
    )
    assert (await data.audit()).findings == {"sealed_without_key": {name}}
