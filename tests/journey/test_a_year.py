"""A year with failing platforms and processes that are killed.

Checked against the submissions and the simulators' journal, besides the product's own audit.
"""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from tests.journey.conftest import Year
from tests.journey.platform_failures import PLATFORM_FAILURES, name_of
from tests.journey.process_group import waterdesk
from tests.journey.process_runs import COMPLAINTS_A_YEAR, RUNS
from waterdesk.demo.simulated_staff import ANSWER_KEY, ANSWER_NUMBER
from waterdesk.simulators.submissions import Platform, Submission

pytestmark = pytest.mark.timeout(600)  # the first test makes the year


async def test_the_audit_finds_nothing_after_the_year(year: Year) -> None:
    status, out = await waterdesk("verify", "--json", home=year.home)
    ledger = json.loads(out)
    assert ledger["findings"] == []
    assert (status, ledger["holds"]) == (0, True)


def test_postgres_was_killed_and_recovered_every_time(year: Year) -> None:
    recoveries = (year.home / "postgres.log").read_text().count("was not properly shut down")
    assert recoveries == len(RUNS) - 1


def test_every_platform_failure_has_happened(year: Year) -> None:
    assert set(year.failures) == {name_of(*failure) for failure in PLATFORM_FAILURES}


def test_every_complaint_is_stored_exactly_once(year: Year) -> None:
    complaints = [one for one in year.submissions if one.is_complaint]
    assert len(complaints) == COMPLAINTS_A_YEAR
    stored = Counter(
        (row["platform"], row["external_id"]) for row in year.records.intake_complaints
    )
    assert set(stored.values()) == {1}
    repeated_later = stored.keys() - {_name(one) for one in complaints}
    assert {_name(one) for one in complaints} <= stored.keys()
    # WeChat has no complaint numbers: a chase after days becomes a new complaint.
    of_wechat = {_name(one) for one in year.submissions if one.platform is Platform.WECHAT}
    assert repeated_later <= of_wechat


def test_every_delivery_of_a_platform_is_stored_exactly_once(year: Year) -> None:
    stored = Counter(
        (row["platform"], row["delivery_id"])
        for row in year.records.raw_messages
        if row["platform"] != Platform.BOARD  # it has no ids for edits
        and not _is_answer(row)
    )
    numbered = [one for one in year.submissions if one.platform is not Platform.BOARD]
    assert stored == Counter((one.platform.value, one.key) for one in numbered)


def _is_answer(row: Mapping[str, Any]) -> bool:
    """What a resident said only because they were asked whether it is solved."""
    begins_with = ANSWER_NUMBER if row["platform"] == Platform.WECHAT else ANSWER_KEY
    return str(row["delivery_id"]).startswith(begins_with)


def test_residents_say_whether_it_is_solved_and_some_faults_are_reworked(year: Year) -> None:
    records = year.records
    said = [row["satisfied"] for row in records.call_backs if row["satisfied"] is not None]
    assert len(said) > len(records.call_backs) / 3
    assert 0.8 < sum(said) / len(said) < 1
    not_solved = [row for row in records.call_backs if row["satisfied"] is False]
    decided = Counter((row["complaint_id"], row["version"]) for row in records.reworks)
    assert decided == Counter((row["complaint_id"], row["version"]) for row in not_solved)
    opened = {row["work_order_id"] for row in records.reworks if row["outcome"] == "opened"}
    reworks = {row["id"] for row in records.work_orders if row["rework_of"] is not None}
    assert opened == reworks


def test_every_service_counts_every_chase_once(year: Year) -> None:
    chased = Counter(one.chase_of for one in year.submissions if one.chase_of)
    assert chased
    for row in year.records.intake_complaints:
        if row["platform"] == Platform.HOTLINE:
            assert row["chases"] == chased[row["external_id"]], row["external_id"]
    messages = [one for one in year.submissions if one.platform is Platform.WECHAT]
    of_wechat = [
        row for row in year.records.intake_complaints if row["platform"] == Platform.WECHAT
    ]
    # Somebody who asks again after an answer says that it is not solved.
    answers = [
        row
        for row in year.records.raw_messages
        if row["platform"] == Platform.WECHAT
        and row["result"] == "evaluated"
        and not _is_answer(row)
    ]
    chases = sum(row["chases"] for row in of_wechat)
    assert len(of_wechat) + chases + len(answers) == len(messages)

    counted = {row["id"]: row["chases"] for row in year.records.intake_complaints}
    assert {row["id"]: row["chases"] for row in year.records.dispatch_complaints} == counted
    assert {row["id"]: row["chases"] for row in year.records.reply_complaints} == counted


def test_each_reply_reaches_its_platform_once_and_only_answered_complaints_have_one(
    year: Year,
) -> None:
    records = year.records
    arrived, delivered = records.replies_at_platforms(), records.replies_in("delivered")
    assert delivered <= arrived <= delivered + records.interim_replies_in_doubt()
    messages = records.journal_data("wechat", "customer_message", "template_message")
    assert messages

    number = {row["id"]: (row["platform"], row["external_id"]) for row in records.intake_complaints}
    # Open again, where a resident says that it is not solved.
    answered = {
        number[row["complaint_id"]] for row in records.replies if row["state"] == "delivered"
    }
    answered_openids = {(row["openid"]) for row in messages}
    assert {name for name in answered if name[0] != Platform.WECHAT} == {
        *(
            (Platform.HOTLINE.value, data["issueNumber"])
            for data in records.journal_data("hotline", "replied", "returned")
        ),
        *(
            (Platform.BOARD.value, str(data["tid"]))
            for data in records.journal_data("board", "answered")
        ),
    }
    openids = {
        _name(one): one.openid for one in year.submissions if one.platform is Platform.WECHAT
    }
    assert {openids[name] for name in answered if name[0] == Platform.WECHAT} == answered_openids


def test_every_complaint_but_those_of_the_last_month_is_answered(year: Year) -> None:
    number = {
        row["id"]: (row["platform"], row["external_id"]) for row in year.records.intake_complaints
    }
    still_open = {
        number[row["id"]] for row in year.records.reply_complaints if row["state"] == "open"
    }
    end = year.submissions[-1].at
    assert [
        one for one in year.submissions if _name(one) in still_open and (end - one.at).days > 30
    ] == []


def test_a_village_that_complains_at_once_gets_few_work_orders(year: Year) -> None:
    faults = Counter(one.fault for one in year.submissions if one.fault and one.is_complaint)
    ((burst, _),) = faults.most_common(1)
    households = [
        one
        for one in year.submissions
        if one.fault == burst and one.is_complaint and not one.duplicate_of
    ]
    assert len(households) > 20
    ids = {
        (row["platform"], row["external_id"]): row["id"] for row in year.records.intake_complaints
    }
    work_order = {row["id"]: row["work_order_id"] for row in year.records.dispatch_complaints}
    work_orders = {work_order[ids[_name(one)]] for one in households}
    assert None not in work_orders
    assert len(work_orders) <= 2


def _name(one: Submission) -> tuple[str, str]:
    return one.platform.value, one.number
