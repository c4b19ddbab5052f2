"""A county's year, with failing platforms and a desk that is killed again and again.

Beside the ledger's own word stands what was really said, and what the platforms wrote down.
"""

import json
from collections import Counter

import pytest

from tests.journey.conftest import Year
from tests.journey.lives import COMPLAINTS_A_YEAR, LIVES
from tests.journey.process_group import waterdesk
from tests.journey.troubles import TROUBLES, name_of
from waterdesk.simulators.said import Said, SpokenTo

pytestmark = pytest.mark.timeout(600)  # whoever comes first lives the year


async def test_the_ledger_holds_when_the_year_is_over(year: Year) -> None:
    status, out = await waterdesk("verify", "--json", home=year.home)
    ledger = json.loads(out)
    assert ledger["findings"] == []
    assert (status, ledger["holds"]) == (0, True)


def test_postgres_was_killed_and_recovered_every_time(year: Year) -> None:
    recoveries = (year.home / "postgres.log").read_text().count("was not properly shut down")
    assert recoveries == len(LIVES) - 1


def test_every_trouble_has_happened(year: Year) -> None:
    assert set(year.happened) == {name_of(*trouble) for trouble in TROUBLES}


def test_every_complaint_is_taken_exactly_once(year: Year) -> None:
    said = [one for one in year.said if one.is_complaint]
    assert len(said) == COMPLAINTS_A_YEAR
    taken = Counter((row["platform"], row["external_id"]) for row in year.books.taken)
    assert set(taken.values()) == {1}
    asked_again_later = taken.keys() - {_name(one) for one in said}
    assert {_name(one) for one in said} <= taken.keys()
    # Nothing is numbered on WeChat: who asks again after days is taken for somebody new.
    of_wechat = {_name(one) for one in year.said if one.platform is SpokenTo.WECHAT}
    assert asked_again_later <= of_wechat


def test_every_delivery_of_a_platform_is_stored_exactly_once(year: Year) -> None:
    stored = Counter(
        (row["platform"], row["delivery_id"])
        for row in year.books.deliveries
        if row["platform"] != SpokenTo.BOARD  # which does not number its edits
    )
    said = [one for one in year.said if one.platform is not SpokenTo.BOARD]
    assert stored == Counter((one.platform.value, one.key) for one in said)


def test_every_chase_is_counted_once_by_everybody(year: Year) -> None:
    chased = Counter(one.chase_of for one in year.said if one.chase_of)
    assert chased
    for row in year.books.taken:
        if row["platform"] == SpokenTo.HOTLINE:
            assert row["chases"] == chased[row["external_id"]], row["external_id"]
    messages = [one for one in year.said if one.platform is SpokenTo.WECHAT]
    of_wechat = [row for row in year.books.taken if row["platform"] == SpokenTo.WECHAT]
    assert len(of_wechat) + sum(row["chases"] for row in of_wechat) == len(messages)

    counted = {row["id"]: row["chases"] for row in year.books.taken}
    assert {row["id"]: row["chases"] for row in year.books.dispatched} == counted
    assert {row["id"]: row["chases"] for row in year.books.deadlined} == counted


def test_a_reply_reaches_its_platform_once_and_only_what_is_answered_has_one(year: Year) -> None:
    books = year.books
    assert books.given() == books.replies_in("delivered")
    messages = books.at_platforms("wechat", "customer_message", "template_message")
    assert messages

    number = {row["id"]: (row["platform"], row["external_id"]) for row in books.taken}
    answered = {number[row["id"]] for row in books.deadlined if row["state"] != "open"}
    spoken_to = {(row["openid"]) for row in messages}
    assert {name for name in answered if name[0] != SpokenTo.WECHAT} == {
        *(
            (SpokenTo.HOTLINE.value, data["issueNumber"])
            for data in books.at_platforms("hotline", "replied", "returned")
        ),
        *(
            (SpokenTo.BOARD.value, str(data["tid"]))
            for data in books.at_platforms("board", "answered")
        ),
    }
    openids = {_name(one): one.openid for one in year.said if one.platform is SpokenTo.WECHAT}
    assert {openids[name] for name in answered if name[0] == SpokenTo.WECHAT} == spoken_to


def test_nobody_is_forgotten(year: Year) -> None:
    """All but the last days' complaints have their answer."""
    number = {row["id"]: (row["platform"], row["external_id"]) for row in year.books.taken}
    open_ones = {number[row["id"]] for row in year.books.deadlined if row["state"] == "open"}
    end = year.said[-1].at
    assert [one for one in year.said if _name(one) in open_ones and (end - one.at).days > 30] == []


def test_a_village_that_speaks_at_once_gets_few_work_orders(year: Year) -> None:
    faults = Counter(one.fault for one in year.said if one.fault and one.is_complaint)
    ((burst, _),) = faults.most_common(1)
    households = [
        one for one in year.said if one.fault == burst and one.is_complaint and not one.duplicate_of
    ]
    assert len(households) > 20
    ids = {(row["platform"], row["external_id"]): row["id"] for row in year.books.taken}
    order = {row["id"]: row["work_order_id"] for row in year.books.dispatched}
    orders = {order[ids[_name(one)]] for one in households}
    assert None not in orders
    assert len(orders) <= 2


def _name(one: Said) -> tuple[str, str]:
    return one.platform.value, one.number
