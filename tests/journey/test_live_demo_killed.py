"""The live demo, everything over real sockets, killed in the middle of its traffic."""

import json
import signal
from collections import Counter
from pathlib import Path

import pytest

from tests.journey.books import Books, Rows, read_journal
from tests.journey.conftest import books_of
from tests.journey.process_group import (
    WATERDESK,
    comes_true,
    ports_of_services,
    started,
    waterdesk,
)
from waterdesk.audit.platforms import JOURNAL
from waterdesk.simulators.said import SpokenTo

pytestmark = pytest.mark.timeout(600)  # whoever comes first lives the year

_KILLS = 3
_MORE_SAID = 40
"""How much residents say before the next kill."""
_STARTS_AND_SPEAKS_WITHIN = 80.0
_BUSY, _QUIET = "1200", "0.01"
"""Utterances a minute."""


async def test_nothing_is_lost_or_doubled_however_often_it_is_killed(
    copy_of_the_year: Path,
) -> None:
    home, ports = copy_of_the_year, ports_of_services()
    for _ in range(_KILLS):
        already = _said(read_journal(home / JOURNAL)).total()

        async def much_is_said(already: int = already) -> bool:
            return _said(read_journal(home / JOURNAL)).total() >= already + _MORE_SAID

        async with started([WATERDESK, "demo", "--rate", _BUSY], home, ports) as demo:
            await comes_true(much_is_said, _STARTS_AND_SPEAKS_WITHIN, [demo])
            assert demo.holds_postgres()
            await demo.kill()

    async def all_is_taken() -> bool:
        if _still_to_push(read_journal(home / JOURNAL)):
            return False
        books = await books_of(home)
        return _threads_taken(books) == _threads_posted(books)

    async with started([WATERDESK, "demo", "--rate", _QUIET], home, ports) as demo:
        await comes_true(all_is_taken, _STARTS_AND_SPEAKS_WITHIN, [demo])
        status, out = await waterdesk("verify", "--json", home=home)
        assert (status, json.loads(out)["findings"]) == (0, [])
        demo.process.send_signal(signal.SIGINT)
        assert await demo.process.wait() == 0

    books = await books_of(home)
    assert _threads_taken(books) == _threads_posted(books)
    assert Counter(
        (row["platform"], row["delivery_id"])
        for row in books.deliveries
        if row["platform"] != SpokenTo.BOARD  # which does not number its edits
    ) == Counter(
        [(SpokenTo.HOTLINE, data["changeId"]) for data in books.at_platforms("hotline", "changed")]
        + [
            (SpokenTo.WECHAT, data["messageId"])
            for data in books.at_platforms("wechat", "user_spoke")
        ]
    )
    left = ("sending", "awaiting_receipt", "delivered", "stuck")
    assert books.given() <= books.replies_in(*left)


def _said(journal: Rows) -> Counter[str]:
    return Counter(
        entry["kind"]
        for entry in journal
        if entry["kind"] in ("changed", "posted", "edited", "user_spoke")
    )


def _still_to_push(journal: Rows) -> int:
    ended = sum(entry["kind"] == "push_ended" for entry in journal)
    said = _said(journal)
    return int(said["changed"] + said["user_spoke"] - ended)


def _threads_posted(books: Books) -> list[str]:
    return sorted(str(data["tid"]) for data in books.at_platforms("board", "posted"))


def _threads_taken(books: Books) -> list[str]:
    return sorted(row["external_id"] for row in books.taken if row["platform"] == SpokenTo.BOARD)
