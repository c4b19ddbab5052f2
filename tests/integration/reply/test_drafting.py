"""One draft for each complaint: ours until a person writes, and true to the facts."""

import pytest

from services.reply.models import ReplyState
from shared.events.replies import ReplyDrafted
from tests.conftest import NOW
from tests.integration.reply.desk import Desk
from tests.integration.reply.events import (
    HOUR,
    NOT_OURS,
    assigned,
    decided,
    decision,
    linked,
    opened,
    received,
    repaired,
)

ANSWERED_IN = {
    "hotline_12345": "办理情况：",
    "message_board": "网友您好",
    "wechat": "请直接回复我们",
    "phone": "办理情况：",
}


@pytest.mark.parametrize("platform", ANSWERED_IN)
async def test_a_repair_drafts_the_answer_in_the_form_of_the_platform(
    desk: Desk, platform: str
) -> None:
    await desk.hears(received(platform=platform), opened(), linked(), assigned(), repaired())
    draft = await desk.live_reply()
    assert ANSWERED_IN[platform] in draft.text
    assert "更换电机，恢复供水" in draft.text
    assert draft.solved
    assert not draft.returned


async def test_each_complaint_of_one_repair_gets_one_draft(desk: Desk) -> None:
    complaints = [f"c{number}" for number in range(30)]
    await desk.hears(*map(received, complaints), linked(*complaints), repaired())
    await desk.hears(repaired())
    drafted = [event.key for event in desk.told_of(ReplyDrafted)]
    assert sorted(drafted) == sorted(complaints)


async def test_our_draft_follows_the_facts(desk: Desk) -> None:
    await desk.hears(received(), linked(), repaired())
    await desk.hears(decided(category="low_pressure", at=NOW + 5 * HOUR))
    newer, older = await desk.replies()
    assert older.state == ReplyState.SUPERSEDED
    assert "水压低" in newer.text
    assert newer.state == ReplyState.DRAFT


async def test_our_draft_is_not_written_anew_day_by_day(desk: Desk) -> None:
    await desk.hears(received(platform="message_board"), linked(), repaired())
    desk.clock.advance(48 * HOUR)
    await desk.hears(repaired())
    assert (await desk.live_reply()).version == 1


async def test_a_return_becomes_an_answer_where_the_complaint_is_ours_after_all(
    desk: Desk,
) -> None:
    await desk.hears(received(decision=NOT_OURS))
    assert (await desk.live_reply()).returned
    await desk.hears(decided(at=NOW + HOUR))
    assert [reply.state for reply in await desk.replies()] == [ReplyState.SUPERSEDED]
    await desk.hears(linked(), repaired())
    assert not (await desk.live_reply()).returned


async def test_what_turns_out_not_to_be_ours_goes_back(desk: Desk) -> None:
    await desk.hears(received(), linked(), repaired())
    await desk.hears(decided(is_ours=False, category="not_ours", at=NOW + 5 * HOUR))
    assert (await desk.live_reply()).returned


async def test_a_complaint_nobody_decided_is_not_sent_back(desk: Desk) -> None:
    unsure = decision(is_ours=False, category="other", needs_human=True)
    await desk.hears(received(decision=unsure), linked(), repaired())
    assert await desk.replies() == []
