"""An interim reply: prepared before a limit that the repair will not make, and never in the way."""

from datetime import datetime

import pytest

from services.reply.context import Context
from services.reply.handlers.rounds import start_round
from services.reply.loading import complaint_of_county
from services.reply.models import ReplyState
from services.reply.rules.deadlines import Stage
from services.reply.rules.rounds import RoundCause
from shared.events.replies import ReplyDelivered, ReplyDrafted
from tests.integration.reply.events import (
    COUNTY,
    HOUR,
    NOT_OURS,
    arrived,
    assigned,
    closed,
    decided,
    expected,
    linked,
    opened,
    received,
    repaired,
)
from tests.integration.reply.harness import Harness
from tests.integration.reply.postbox import Postbox


async def at_the_warning(
    harness: Harness, platform: str = "hotline_12345", number: str = "LT-c1"
) -> datetime:
    """A fault whose limits are warned of, crew on the way. Returns when the first is due."""
    ticket = received(platform=platform, external_id=number)
    await harness.receives(ticket, opened(), linked(), assigned())
    deadlines = await harness.deadlines()
    near = [deadlines[stage] for stage in (Stage.RESOLVE, Stage.REPLY)]
    await harness.sweep(max(each.warn_at for each in near))
    return min(each.due_at for each in near)


async def test_one_is_drafted_at_the_warning_and_only_one(harness: Harness) -> None:
    await at_the_warning(harness)
    assert await harness.prepare_interim_replies() == 1
    assert await harness.prepare_interim_replies() == 0
    draft = await harness.live_reply()
    assert (draft.kind, draft.state, draft.solved) == ("interim", ReplyState.DRAFT, False)
    assert "已安排东片维修队处理" in draft.text
    assert "另行答复" in draft.text
    (told,) = harness.events_of(ReplyDrafted)
    assert isinstance(told, ReplyDrafted)
    assert told.kind == "interim"


async def test_none_is_drafted_before_the_warning_or_where_the_repair_makes_it(
    harness: Harness,
) -> None:
    await harness.receives(received(), linked())
    assert await harness.prepare_interim_replies() == 0
    due_at = await at_the_warning(harness)
    await harness.receives(expected(until=due_at - HOUR / 60))
    assert await harness.prepare_interim_replies() == 0
    await harness.receives(expected(until=due_at + HOUR))
    assert await harness.prepare_interim_replies() == 1


@pytest.mark.parametrize("known", ["repaired", "nothing found", "not ours"])
async def test_none_is_drafted_where_there_is_a_final_answer(harness: Harness, known: str) -> None:
    await at_the_warning(harness)
    answer = {
        "repaired": repaired(),
        "nothing found": closed(outcome="nothing_found", note="户内阀门未开"),
        "not ours": decided(**NOT_OURS.model_dump(include={"is_ours", "category"})),
    }[known]
    await harness.receives(answer)
    assert await harness.prepare_interim_replies() == 0
    assert (await harness.live_reply()).kind != "interim"


async def test_a_waiting_one_follows_the_facts(harness: Harness) -> None:
    due_at = await at_the_warning(harness)
    await harness.prepare_interim_replies()
    await harness.receives(arrived(at=harness.clock.now()))
    await harness.receives(expected(until=due_at + 3 * HOUR, found="主管破裂"))
    newest, *earlier = await harness.replies()
    assert {each.state for each in earlier} == {ReplyState.SUPERSEDED}
    for said in ("已到场", "现场查看：主管破裂", "修好"):
        assert said in newest.text
    assert newest.kind == "interim"


async def test_a_repair_before_the_approval_takes_its_place(harness: Harness) -> None:
    await at_the_warning(harness)
    await harness.prepare_interim_replies()
    await harness.receives(repaired(at=harness.clock.now()))
    final, interim = await harness.replies()
    assert interim.state == ReplyState.SUPERSEDED
    assert (final.kind, final.state, final.solved) == ("answer", ReplyState.DRAFT, True)


@pytest.mark.parametrize(("platform", "contacts"), [("hotline_12345", False), ("phone", True)])
async def test_a_delivered_one_is_a_contact_at_most_and_a_final_answer_follows(
    postbox: Postbox, platform: str, contacts: bool
) -> None:
    harness = postbox.harness
    number = postbox.asks("c1", "hotline_12345")
    await at_the_warning(harness, platform, number)
    await harness.prepare_interim_replies()
    await delivered(postbox, platform, 1)
    deadlines = await harness.deadlines()
    assert (await harness.complaint()).state == "open"
    assert deadlines[Stage.RESOLVE].met_at is None
    assert deadlines[Stage.REPLY].met_at is None
    assert (deadlines[Stage.FIRST_CONTACT].met_at is not None) is contacts
    assert await harness.prepare_interim_replies() == 0
    await harness.receives(repaired(at=harness.clock.now()))
    final, interim = await harness.replies()
    assert (interim.state, final.state) == (ReplyState.DELIVERED, ReplyState.DRAFT)
    await delivered(postbox, platform, 2)
    assert (await harness.complaint()).state == "answered"
    deadlines = await harness.deadlines()
    assert deadlines[Stage.RESOLVE].met_at is not None
    assert deadlines[Stage.REPLY].met_at is not None


async def test_in_a_rework_an_earlier_repair_is_no_answer(postbox: Postbox) -> None:
    harness = postbox.harness
    await harness.receives(received(platform="phone"), linked(), assigned(), repaired())
    await delivered(postbox, "phone", 1)

    async def start(context: Context) -> int:
        complaint = await complaint_of_county(context.session, "c1", COUNTY)
        at = context.now
        return await start_round(context, complaint, RoundCause.NOT_SATISFIED, "event-7", at)

    await harness.does(start)
    deadlines = await harness.deadlines(number=2)
    await harness.sweep(deadlines[Stage.RESOLVE].warn_at)
    assert await harness.prepare_interim_replies() == 1
    await harness.receives(arrived(at=harness.clock.now()))
    interim = await harness.replies()
    assert (interim[0].kind, interim[0].state) == ("interim", ReplyState.DRAFT)
    assert "水泵电机烧毁" not in interim[0].text
    await harness.receives(repaired(at=harness.clock.now()))
    assert (await harness.replies())[0].kind == "answer"


async def delivered(postbox: Postbox, platform: str, version: int) -> None:
    await postbox.approves("c1", version)
    if platform == "phone":
        await postbox.told("c1", version)
    await postbox.until_quiet()
    (reply, *_) = await postbox.harness.replies()
    assert (reply.version, reply.state) == (version, ReplyState.DELIVERED)


@pytest.mark.parametrize("answer", ["interim", "answer"])
async def test_a_person_writes_one_at_any_time_and_a_repair_takes_its_place_alone(
    postbox: Postbox, answer: str
) -> None:
    harness = postbox.harness
    await harness.receives(received(), linked())
    await postbox.writes("配件明日到货。", version=0, interim=answer == "interim")
    assert (await harness.live_reply()).kind == answer
    await harness.receives(repaired())
    assert (await harness.live_reply()).version == (2 if answer == "interim" else 1)


async def test_one_that_is_approved_and_not_sent_gives_way_as_well(postbox: Postbox) -> None:
    harness = postbox.harness
    await at_the_warning(harness)
    await harness.prepare_interim_replies()
    await postbox.approves("c1")
    await harness.receives(repaired(at=harness.clock.now()))
    assert [each.state for each in await harness.replies()] == [
        ReplyState.DRAFT,
        ReplyState.SUPERSEDED,
    ]
    assert harness.events_of(ReplyDelivered) == []
