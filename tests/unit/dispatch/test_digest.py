"""The morning digest."""

from datetime import UTC, date, datetime, time

import pytest

from services.dispatch.console.digest_messages import body
from services.dispatch.rules.digest import Digest, digest_id, is_time, lines

MORNING = Digest(
    today=date(2026, 11, 28),
    received=12,
    answered=10,
    due_today=5,
    overdue=3,
    stuck=1,
    hotspots=2,
    outages=["hotline_12345"],
)


def test_each_number_opens_the_list_of_what_it_counts() -> None:
    addresses = {line.key: line.address for line in lines(MORNING)}
    assert "from=2026-11-27&to=2026-11-27" in addresses["received"]
    assert "delivered_on=2026-11-27" in addresses["answered"]
    assert len(set(addresses.values())) == len(addresses) == 7


def test_a_message_is_no_longer_than_a_card_shows() -> None:
    assert len(body(MORNING)) <= 100
    assert "12345" in body(MORNING)


@pytest.mark.parametrize(
    ("hour", "minute", "due"),
    [(7, 59, False), (8, 0, True), (11, 59, True), (12, 0, False), (23, 0, False)],
)
def test_it_is_told_in_the_morning(hour: int, minute: int, due: bool) -> None:
    now = datetime(2026, 11, 27, (hour - 8) % 24, minute, tzinfo=UTC)
    now = now.replace(day=27 if hour >= 8 else 26)
    assert is_time(time(8), now) is due


def test_a_day_has_one_digest_a_county() -> None:
    assert digest_id("610122", date(2026, 11, 28)) == "digest-610122-2026-11-28"
