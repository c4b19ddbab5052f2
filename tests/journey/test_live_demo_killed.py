"""The live demo over real sockets, killed in the middle of its traffic."""

import json
import signal
from collections import Counter
from pathlib import Path

import pytest

from tests.journey.conftest import records_of
from tests.journey.process_group import (
    WATERDESK,
    comes_true,
    ports_of_services,
    started,
    waterdesk,
)
from tests.journey.records import Records, Rows, read_journal
from waterdesk.audit.simulator_journal import JOURNAL
from waterdesk.simulators.submissions import Platform

pytestmark = pytest.mark.timeout(600)  # the first test makes the year

_KILLS = 3
_MORE_SUBMISSIONS = 40
"""Submissions before the next kill."""
_WITHIN_SECONDS = 80.0
_BUSY, _QUIET = "1200", "0.01"
"""Submissions a minute."""


async def test_nothing_is_lost_or_doubled_however_often_it_is_killed(
    copy_of_the_year: Path,
) -> None:
    home, ports = copy_of_the_year, ports_of_services()
    for _ in range(_KILLS):
        already = _submissions(read_journal(home / JOURNAL)).total()

        async def more_was_submitted(already: int = already) -> bool:
            return _submissions(read_journal(home / JOURNAL)).total() >= already + _MORE_SUBMISSIONS

        async with started([WATERDESK, "demo", "--rate", _BUSY], home, ports) as demo:
            await comes_true(more_was_submitted, _WITHIN_SECONDS, [demo])
            assert demo.holds_postgres()
            await demo.kill()

    async def all_is_stored() -> bool:
        if _pending_pushes(read_journal(home / JOURNAL)):
            return False
        records = await records_of(home)
        return _threads_stored(records) == _threads_posted(records)

    async with started([WATERDESK, "demo", "--rate", _QUIET], home, ports) as demo:
        await comes_true(all_is_stored, _WITHIN_SECONDS, [demo])
        status, out = await waterdesk("verify", "--json", home=home)
        assert (status, json.loads(out)["findings"]) == (0, [])
        demo.process.send_signal(signal.SIGINT)
        assert await demo.process.wait() == 0

    records = await records_of(home)
    assert _threads_stored(records) == _threads_posted(records)
    assert Counter(
        (row["platform"], row["delivery_id"])
        for row in records.raw_messages
        if row["platform"] != Platform.BOARD  # it has no ids for edits
    ) == Counter(
        [
            (Platform.HOTLINE, data["changeId"])
            for data in records.journal_data("hotline", "changed")
        ]
        + [
            (Platform.WECHAT, data["messageId"])
            for data in records.journal_data("wechat", "user_wrote")
        ]
    )
    sent = ("sending", "awaiting_receipt", "delivered", "stuck")
    in_doubt = records.interim_replies_in_doubt()
    assert records.replies_at_platforms() <= records.replies_in(*sent) + in_doubt


def _submissions(journal: Rows) -> Counter[str]:
    return Counter(
        entry["kind"]
        for entry in journal
        if entry["kind"] in ("changed", "posted", "edited", "user_wrote")
    )


def _pending_pushes(journal: Rows) -> int:
    ended = sum(entry["kind"] == "push_ended" for entry in journal)
    submissions = _submissions(journal)
    return int(submissions["changed"] + submissions["user_wrote"] - ended)


def _threads_posted(records: Records) -> list[str]:
    return sorted(str(data["tid"]) for data in records.journal_data("board", "posted"))


def _threads_stored(records: Records) -> list[str]:
    return sorted(
        row["external_id"] for row in records.intake_complaints if row["platform"] == Platform.BOARD
    )
