"""A year's calendar comes out: open deadlines are counted again, ended ones stay as they ended."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.reply import calendar_file
from services.reply.rulebook import Rulebook, read_rulebook
from services.reply.rules.deadlines import Stage
from services.reply.rules.escalation import Standing
from services.reply.tasks import recount_once
from shared.bus.tables import outbox as outbox_table
from shared.events.replies import DeadlinesSet
from tests.integration.reply.desk import Desk
from tests.integration.reply.events import DAY, received

BEFORE_NEW_YEAR = datetime(2026, 12, 30, 2, 0, tzinfo=UTC)


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
    desk: Desk, with_2027: Rulebook
) -> None:
    await desk.hears(received(sent_at=BEFORE_NEW_YEAR))
    before = (await desk.deadlines())[Stage.REPLY]
    assert before.provisional
    assert await recount_once(desk.database, with_2027) == 1
    after = (await desk.deadlines())[Stage.REPLY]
    assert not after.provisional
    assert after.due_at > before.due_at
    assert after.next_at == after.warn_at
    async with desk.database.reading() as session:
        told = (await session.execute(outbox_table.select())).all()
    assert [row.headers["ce_type"] for row in told] == [DeadlinesSet.type] * 2
    assert await recount_once(desk.database, with_2027) == 0


async def test_a_complaint_the_change_does_not_touch_is_counted_but_nothing_is_told(
    desk: Desk, with_2027: Rulebook
) -> None:
    await desk.hears(received())
    assert await recount_once(desk.database, with_2027) == 1
    async with desk.database.reading() as session:
        assert len((await session.execute(outbox_table.select())).all()) == 1


async def test_a_miss_stays_a_miss(desk: Desk, with_2027: Rulebook) -> None:
    await desk.hears(received(sent_at=BEFORE_NEW_YEAR))
    before = (await desk.deadlines())[Stage.REPLY]
    await desk.sweeps(before.due_at + DAY)
    await recount_once(desk.database, with_2027)
    after = (await desk.deadlines())[Stage.REPLY]
    assert (after.standing, after.due_at) == (Standing.MISSED, before.due_at)


async def test_the_edition_in_use_counts_nothing_again(desk: Desk) -> None:
    await desk.hears(received())
    assert await recount_once(desk.database, desk.rulebook) == 0
