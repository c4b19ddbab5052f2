"""`waterdesk replay` after a year: every event is read again, and nothing happens twice."""

import asyncio
import json
from pathlib import Path

import pytest

from shared.bus.topics import ALL as ALL_TOPICS
from shared.bus.topics import COMPLAINTS
from shared.embedded_postgres import embedded_postgres
from tests.journey.conftest import Year, books_of
from tests.journey.process_group import waterdesk

pytestmark = pytest.mark.timeout(600)  # whoever comes first lives the year


async def test_a_replay_of_every_topic_changes_nothing(year: Year, copy_of_the_year: Path) -> None:
    read = {}
    with embedded_postgres(copy_of_the_year / "postgres"):  # for all of them together
        for status, out in await asyncio.gather(
            *(waterdesk("replay", topic, home=copy_of_the_year) for topic in ALL_TOPICS)
        ):
            assert status == 0
            for line in map(json.loads, out.splitlines()):
                read[line["topic"], line["service"]] = line["events_read"]
    assert {service for _, service in read} == {"dispatch", "reply"}
    assert min(read.values()) > len(year.said), "every listener has heard the whole topic again"
    assert read[COMPLAINTS, "dispatch"] == read[COMPLAINTS, "reply"]

    after = await books_of(copy_of_the_year)
    assert after.rows == year.books.rows
    assert after.journal == year.books.journal, "no platform has heard anything"
    for before, again in (
        (year.books.taken, after.taken),
        (year.books.dispatched, after.dispatched),
        (year.books.deadlined, after.deadlined),
        (year.books.replies, after.replies),
    ):
        assert sorted(map(str, again)) == sorted(map(str, before))
    status, out = await waterdesk("verify", "--json", home=copy_of_the_year)
    assert (status, json.loads(out)["findings"]) == (0, [])
