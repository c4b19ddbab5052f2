"""A year's calendar comes out: open deadlines are counted again, ended ones stay as they ended."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.reply import calendar_file
from services.reply.context import in_transaction
from services.reply.handlers.deadline_recount import recount_outdated
from services.reply.rulebook import Rulebook, read_rulebook
from services.reply.rulebooks import Rulebooks
from services.reply.rules.deadlines import Stage
from services.reply.rules.escalation import Standing
from shared.bus.tables import outbox as outbox_table
from shared.events.replies import DeadlinesSet
from tests.integration.reply.events import DAY, received
from tests.integration.reply.harness import Harness

BEFORE_NEW_YEAR = datetime(2026, 12, 30, 2, 0, tzinfo=UTC)


async def _recount(harness: Harness, rulebook: Rulebook) -> int:
    """As the periodic task does."""
    config = replace(harness.config, rulebooks=Rulebooks(rulebook))
    return await in_transaction(harness.database, config, recount_outdated)


@pytest.fixture
def with_2027(tmp_path: Path) -> Rulebook:
    """As if the State Council had made 1 to 5 January 2027 a holiday (it has said nothing yet)."""
    shipped, unpublished, _ = calendar_file.SHIPPED.read_text(encoding="utf-8").partition("  2027:")
    assert unpublished
    published = tmp_path / "work_calendar.yaml"
    published.write_text(
        f"{shipped}  2027:\n    published: true\n"
        "    holidays: [2027-01-01..2027-01-05]\n    make_up_workdays: []\n",
        encoding="utf-8",
    )
    return read_rulebook(calendars=published)


async def test_what_was_provisional_becomes_certain_and_is_told(
    harness: Harness, with_2027: Rulebook
) -> None:
    await harness.receives(received(sent_at=BEFORE_NEW_YEAR))
    before = (await harness.deadlines())[Stage.REPLY]
    assert before.provisional
    assert await _recount(harness, with_2027) == 1
    after = (await harness.deadlines())[Stage.REPLY]
    assert not after.provisional
    assert after.due_at > before.due_at
    assert after.next_at == after.warn_at
    async with harness.database.reading() as session:
        told = (await session.execute(outbox_table.select())).all()
    assert [row.headers["ce_type"] for row in told] == [DeadlinesSet.type] * 2
    assert await _recount(harness, with_2027) == 0


async def test_a_complaint_the_change_does_not_touch_is_counted_but_nothing_is_told(
    harness: Harness, with_2027: Rulebook
) -> None:
    await harness.receives(received())
    assert await _recount(harness, with_2027) == 1
    async with harness.database.reading() as session:
        assert len((await session.execute(outbox_table.select())).all()) == 1


async def test_a_miss_stays_a_miss(harness: Harness, with_2027: Rulebook) -> None:
    await harness.receives(received(sent_at=BEFORE_NEW_YEAR))
    before = (await harness.deadlines())[Stage.REPLY]
    await harness.sweep(before.due_at + DAY)
    await _recount(harness, with_2027)
    after = (await harness.deadlines())[Stage.REPLY]
    assert (after.standing, after.due_at) == (Standing.MISSED, before.due_at)


async def test_the_edition_in_use_counts_nothing_again(harness: Harness) -> None:
    await harness.receives(received())
    assert await _recount(harness, harness.config.rulebooks.shipped) == 0
