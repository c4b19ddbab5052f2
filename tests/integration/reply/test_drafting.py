"""One draft for each complaint: ours until a person writes, and true to the facts."""

import pytest

from services.reply.models import ReplyState
from shared.events.replies import ReplyDrafted
from tests.conftest import NOW
from tests.integration.reply.events import (
    HOUR,
    NOT_OURS,
    assigned,
    closed,
    decided,
    decision,
    linked,
    opened,
    received,
    repaired,
)
from tests.integration.reply.harness import Harness

ANSWERED_IN = {
    "hotline_12345": "办理情况：",
    "message_board": "网友您好",
    "wechat": "请直接回复我们",
    "phone": "办理情况：",
}


@pytest.mark.parametrize("platform", ANSWERED_IN)
async def test_a_repair_drafts_the_answer_in_the_form_of_the_platform(
    harness: Harness, platform: str
) -> None:
    await harness.receives(received(platform=platform), opened(), linked(), assigned(), repaired())
    draft = await harness.live_reply()
    assert ANSWERED_IN[platform] in draft.text
    assert "更换电机，恢复供水" in draft.text
    assert draft.solved
    assert not draft.returned


@pytest.mark.parametrize("platform", ANSWERED_IN)
async def test_where_nothing_was_found_a_draft_says_what_the_office_wrote(
    harness: Harness, platform: str
) -> None:
    await harness.receives(received(platform=platform), opened(), linked())
    await harness.receives(closed(outcome="nothing_found", note="户内阀门未开"))
    draft = await harness.live_reply()
    assert ANSWERED_IN[platform] in draft.text
    assert "户内阀门未开" in draft.text
    assert (draft.state, draft.solved, draft.written_by) == (ReplyState.DRAFT, False, None)
    assert not draft.is_true


async def test_a_work_order_that_its_complaints_left_drafts_nothing(harness: Harness) -> None:
    await harness.receives(received(), linked(), closed(outcome="nothing_found"))
    assert await harness.replies() == []


async def test_a_crew_that_is_sent_again_withdraws_that_nothing_was_found(
    harness: Harness,
) -> None:
    await harness.receives(received(), linked())
    await harness.receives(closed(outcome="nothing_found", note="户内阀门未开"))
    await harness.receives(assigned(at=NOW + 6 * HOUR))
    assert [reply.state for reply in await harness.replies()] == [ReplyState.SUPERSEDED]
    await harness.receives(repaired(at=NOW + 8 * HOUR))
    assert "更换电机" in (await harness.live_reply()).text


async def test_each_complaint_of_one_repair_gets_one_draft(harness: Harness) -> None:
    complaints = [f"c{number}" for number in range(30)]
    await harness.receives(*map(received, complaints), linked(*complaints), repaired())
    await harness.receives(repaired())
    drafted = [event.key for event in harness.events_of(ReplyDrafted)]
    assert sorted(drafted) == sorted(complaints)


async def test_our_draft_follows_the_facts(harness: Harness) -> None:
    await harness.receives(received(), linked(), repaired())
    await harness.receives(decided(category="low_pressure", at=NOW + 5 * HOUR))
    newer, older = await harness.replies()
    assert older.state == ReplyState.SUPERSEDED
    assert "水压低" in newer.text
    assert newer.state == ReplyState.DRAFT


async def test_our_draft_is_not_written_anew_day_by_day(harness: Harness) -> None:
    await harness.receives(received(platform="message_board"), linked(), repaired())
    harness.clock.advance(48 * HOUR)
    await harness.receives(repaired())
    assert (await harness.live_reply()).version == 1


async def test_a_return_becomes_an_answer_where_the_complaint_is_ours_after_all(
    harness: Harness,
) -> None:
    await harness.receives(received(decision=NOT_OURS))
    assert (await harness.live_reply()).returned
    await harness.receives(decided(at=NOW + HOUR))
    assert [reply.state for reply in await harness.replies()] == [ReplyState.SUPERSEDED]
    await harness.receives(linked(), repaired())
    assert not (await harness.live_reply()).returned


async def test_what_turns_out_not_to_be_ours_goes_back(harness: Harness) -> None:
    await harness.receives(received(), linked(), repaired())
    await harness.receives(decided(is_ours=False, category="not_ours", at=NOW + 5 * HOUR))
    assert (await harness.live_reply()).returned


async def test_a_complaint_nobody_decided_is_not_sent_back(harness: Harness) -> None:
    unsure = decision(is_ours=False, category="other", needs_human=True)
    await harness.receives(received(decision=unsure), linked(), repaired())
    assert await harness.replies() == []
