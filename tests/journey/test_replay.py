"""`waterdesk replay` after a year: every event is read again without a second effect."""

import asyncio
import json
from pathlib import Path

import pytest

from shared.bus.topics import ALL as ALL_TOPICS
from shared.bus.topics import COMPLAINTS
from shared.embedded_postgres import embedded_postgres
from tests.journey.conftest import Year, records_of
from tests.journey.process_group import waterdesk

pytestmark = pytest.mark.timeout(600)  # the first test makes the year


async def test_a_replay_of_every_topic_changes_nothing(year: Year, copy_of_the_year: Path) -> None:
    read = {}
    with embedded_postgres(copy_of_the_year / "postgres"):  # shared by all three
        for status, out in await asyncio.gather(
            *(waterdesk("replay", topic, home=copy_of_the_year) for topic in ALL_TOPICS)
        ):
            assert status == 0
            for line in map(json.loads, out.splitlines()):
                read[line["topic"], line["service"]] = line["events_read"]
    assert {service for _, service in read} == {"dispatch", "reply"}
    assert min(read.values()) > len(year.submissions), (
        "every consumer has read the whole topic again"
    )
    assert read[COMPLAINTS, "dispatch"] == read[COMPLAINTS, "reply"]

    after = await records_of(copy_of_the_year)
    assert after.rows == year.records.rows
    assert after.journal == year.records.journal, "no platform received anything"
    for before, again in (
        (year.records.intake_complaints, after.intake_complaints),
        (year.records.dispatch_complaints, after.dispatch_complaints),
        (year.records.reply_complaints, after.reply_complaints),
        (year.records.replies, after.replies),
    ):
        assert sorted(map(str, again)) == sorted(map(str, before))
    status, out = await waterdesk("verify", "--json", home=copy_of_the_year)
    assert (status, json.loads(out)["findings"]) == (0, [])
