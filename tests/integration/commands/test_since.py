"""Which times `replay` and `republish` take, and what they say of the others."""

from datetime import datetime, timedelta

import pytest
import typer

from shared.clock import SHANGHAI, SystemClock
from waterdesk.commands.since import read_kept_since


def test_a_time_without_offset_is_shanghai_s() -> None:
    yesterday = (datetime.now(SHANGHAI) - timedelta(days=1)).replace(microsecond=0, tzinfo=None)
    assert read_kept_since(yesterday.isoformat(), 400) == yesterday.replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("yesterday", "not a time"),
        ("", "not a time"),
        ("0001-01-01T00:00", "not a time"),
        ("0001-01-01T00:00+23:59", "not a time"),
        ("2001-01-01", "kept for 400 days"),
        ("9999-12-31T23:59:59", "outside the years"),
        ("9999-12-31T23:59:59-23:59", "not a time"),
        ("2099-01-01", "yet to come"),
    ],
)
def test_what_cannot_be_read_again_is_refused_in_words(written: str, says: str) -> None:
    with pytest.raises(typer.BadParameter, match=says):
        read_kept_since(written, 400)


def test_the_setting_says_how_far_back_it_goes() -> None:
    ten_days_ago = (SystemClock().now() - timedelta(days=10)).isoformat()
    assert read_kept_since(ten_days_ago, 11)
    with pytest.raises(typer.BadParameter, match="kept for 9 days"):
        read_kept_since(ten_days_ago, 9)
