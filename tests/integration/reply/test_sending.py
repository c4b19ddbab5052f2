"""Each version is delivered at most once, whatever breaks; the simulators' journal is the judge."""

import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest
import structlog.testing

from services.reply.context import Context
from services.reply.handlers.call_back_deadlines import meet_call_back
from services.reply.loading import complaint_of_county
from services.reply.models import ComplaintState, Reply, ReplyState
from services.reply.rules.deadlines import Stage
from services.reply.rules.escalation import Standing
from shared.events.replies import ReplyDelivered, ResidentTold
from tests.integration.reply.crashes import Killed, killed_at
from tests.integration.reply.events import (
    COUNTY,
    HOUR,
    NOT_OURS,
    decided,
    linked,
    received,
    repaired,
)
from tests.integration.reply.postbox import PACE, Postbox
from waterdesk.simulators.failure_modes import FailureMode

PLATFORMS = ("hotline_12345", "message_board", "wechat")
OPERATIONS = {"hotline_12345": "reply", "message_board": "answer", "wechat": "customer_message"}
LOOKABLE = ("hotline_12345", "message_board")


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_an_approved_reply_arrives_and_ends_the_deadlines(
    postbox: Postbox, platform: str
) -> None:
    await postbox.approved(platform=platform)
    await postbox.until_quiet()
    reply = await postbox.harness.live_reply()
    assert reply.state == ReplyState.DELIVERED
    assert reply.receipt
    assert len(postbox.taken()) == 1
    assert (await postbox.harness.complaint()).state == ComplaintState.ANSWERED
    deadline = (await postbox.harness.deadlines())[Stage.REPLY]
    assert (deadline.standing, deadline.met_at) == (Standing.MET, reply.delivered_at)
    told_by = {"wechat": "wechat"}.get(platform, "platform")
    assert (reply.told_by, reply.told_at) == (told_by, reply.delivered_at)


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_an_answer_is_a_contact_only_where_the_resident_reads_it(
    postbox: Postbox, platform: str
) -> None:
    await postbox.answered_unrepaired(platform)
    await postbox.until_quiet()
    deadlines = await postbox.harness.deadlines()
    read = {Stage.FIRST_CONTACT} if platform != "hotline_12345" else set()
    met = {stage for stage, deadline in deadlines.items() if deadline.met_at is not None}
    assert met == {Stage.ACCEPT, Stage.REPLY} | read


@pytest.mark.parametrize("clock_of_dispatch", [HOUR, -24 * HOUR], ids=["right", "a day behind"])
async def test_an_answer_that_it_is_not_solved_is_followed_by_another_after_the_repair(
    postbox: Postbox, clock_of_dispatch: timedelta
) -> None:
    await postbox.answered_unrepaired("hotline_12345")
    await postbox.until_quiet()
    await postbox.harness.receives(linked(), repaired(at=postbox.now + clock_of_dispatch))
    newest, interim = await postbox.harness.replies()
    assert (interim.state, newest.state) == (ReplyState.DELIVERED, ReplyState.DRAFT)
    assert newest.solved


@pytest.mark.parametrize("delivered", [False, True], ids=["still a draft", "had it back"])
async def test_a_return_that_was_wrong_is_withdrawn_and_the_clocks_go_on(
    postbox: Postbox, delivered: bool
) -> None:
    await postbox.not_ours()
    if delivered:
        await postbox.until_quiet()
    harness = postbox.harness
    back = decided(is_ours=False, category="not_ours", needs_human=True, at=postbox.now)
    await harness.receives(back)
    complaint = await harness.complaint()
    assert (complaint.state, complaint.round) == (ComplaintState.OPEN, 2 if delivered else 1)
    if not delivered:
        await postbox.until_quiet()
        assert postbox.taken() == []
    newest = await harness.deadlines(number=complaint.round)
    assert newest[Stage.REPLY].met_at is None
    await harness.receives(decided(at=postbox.now), linked(), repaired(at=postbox.now))
    answer = (await harness.replies())[0]
    assert (answer.state, answer.kind) == (ReplyState.DRAFT, "answer")


async def test_an_answer_that_says_solved_starts_the_call_back_and_a_try_meets_it(
    postbox: Postbox,
) -> None:
    await postbox.approved(platform="wechat")
    assert Stage.CALL_BACK not in await postbox.harness.deadlines()
    await postbox.until_quiet()
    harness = postbox.harness
    call_back = (await harness.deadlines())[Stage.CALL_BACK]
    reply = await harness.live_reply()
    assert reply.delivered_at is not None
    assert timedelta(0) < call_back.due_at - reply.delivered_at <= timedelta(days=2)

    async def tried(context: Context) -> None:
        complaint = await complaint_of_county(context.session, "c1", COUNTY)
        await meet_call_back(context, complaint, reply.delivered_at or context.now)

    await harness.does(tried)
    await harness.does(tried)
    await harness.receives(linked())  # whatever is told again
    call_back = (await harness.deadlines())[Stage.CALL_BACK]
    assert (call_back.standing, call_back.met_at) == (Standing.MET, reply.delivered_at)


async def test_a_delivery_is_told_once(postbox: Postbox) -> None:
    await postbox.approved()
    await postbox.until_quiet()
    events = await postbox.recorded()
    assert events.count(ReplyDelivered.type) == events.count(ResidentTold.type) == 1


async def test_what_is_not_ours_goes_back_and_every_deadline_ends(postbox: Postbox) -> None:
    await postbox.not_ours()
    await postbox.until_quiet()
    (returned,) = postbox.taken()
    body = returned["body"]
    assert isinstance(body, dict)
    assert body["responsible"] == "县住建局"
    assert (await postbox.harness.complaint()).state == ComplaintState.RETURNED
    deadlines = await postbox.harness.deadlines()
    assert {row.standing for row in deadlines.values()} == {Standing.MET}


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_a_platform_that_is_away_is_tried_again_with_growing_pauses(
    postbox: Postbox, platform: str
) -> None:
    await postbox.approved(platform=platform)
    postbox.failures_of(platform).add(FailureMode.WAF_403, times=3, on=OPERATIONS[platform])
    await postbox.sender.once()
    reply = await postbox.harness.live_reply()
    assert reply.state == ReplyState.APPROVED
    assert reply.next_attempt_at is not None
    assert reply.next_attempt_at - postbox.now >= PACE.first_wait
    assert await postbox.sender.once() == 0
    await postbox.until_quiet()
    assert (await postbox.harness.live_reply()).state == ReplyState.DELIVERED
    assert len(postbox.taken()) == 1


async def test_an_answer_the_board_shows_late_is_waited_for(postbox: Postbox) -> None:
    await postbox.approved(platform="message_board")
    postbox.failures_of("message_board").add(FailureMode.LATE, on="answer", amount=4)
    await postbox.sender.once()
    assert (await postbox.harness.live_reply()).state == ReplyState.AWAITING_RECEIPT
    await postbox.until_quiet()
    assert (await postbox.harness.live_reply()).state == ReplyState.DELIVERED
    assert len(postbox.taken()) == 1


async def test_an_answer_the_board_never_shows_waits_for_a_person(postbox: Postbox) -> None:
    await postbox.approved(platform="message_board")
    postbox.failures_of("message_board").add(FailureMode.LATE, on="answer", amount=1_000)
    await postbox.until_quiet()
    reply = await postbox.harness.live_reply()
    assert (reply.state, reply.why_stuck) == (ReplyState.STUCK, "unconfirmed")
    assert len(postbox.taken()) == 1


async def test_a_reply_the_platform_will_never_take_waits_for_a_person(postbox: Postbox) -> None:
    await postbox.approved()
    number = (await postbox.harness.complaint()).external_id
    postbox.simulators.hotline.close_ticket(number)
    await postbox.until_quiet()
    reply = await postbox.harness.live_reply()
    assert (reply.state, reply.why_stuck) == (ReplyState.STUCK, "refused")
    assert postbox.taken() == []


async def test_a_resident_intake_does_not_know_is_not_guessed(postbox: Postbox) -> None:
    await postbox.approved(platform="wechat")
    postbox.intake.handles.clear()
    await postbox.until_quiet()
    assert (await postbox.harness.live_reply()).why_stuck == "refused"


async def test_intake_is_waited_for(postbox: Postbox) -> None:
    await postbox.approved(platform="wechat")
    postbox.intake.unavailable = True
    await postbox.sender.once()
    assert (await postbox.harness.live_reply()).state == ReplyState.APPROVED
    postbox.intake.unavailable = False
    await postbox.until_quiet()
    assert (await postbox.harness.live_reply()).state == ReplyState.DELIVERED


async def test_a_platform_we_cannot_reach_is_left_to_people(postbox: Postbox) -> None:
    await postbox.harness.receives(received(platform="phone", decision=NOT_OURS))
    version = await postbox.writes("该问题由县住建局负责。", responsible="县住建局", version=1)
    await postbox.approves("c1", version)
    assert await postbox.sender.once() == 0
    assert (await postbox.harness.live_reply()).state == ReplyState.APPROVED


async def test_replicas_send_each_reply_once(postbox: Postbox) -> None:
    for number in range(12):
        await postbox.approved(f"c{number}")
    for _ in range(3):
        await asyncio.gather(*[postbox.sender.once() for _ in range(3)])
    await postbox.until_quiet()
    assert len(postbox.taken()) == 12


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_a_kill_at_any_statement_never_sends_twice(postbox: Postbox, platform: str) -> None:
    number = 0
    while True:
        number += 1
        complaint_id = f"c{number}"
        await postbox.approved(complaint_id, platform)
        before = len(postbox.taken())
        with killed_at(postbox.harness.database, number) as steps, suppress(Killed):
            await postbox.sender.once()
        await postbox.until_quiet()
        _judge(
            platform,
            await postbox.harness.live_reply(complaint_id),
            sent=len(postbox.taken()) - before,
        )
        if len(steps) < number:
            break
    assert number > 8


@pytest.mark.parametrize("platform", LOOKABLE)
@pytest.mark.parametrize(
    "kind", [FailureMode.TIMEOUT_AFTER_ACCEPTING, FailureMode.TIMEOUT_BEFORE_ACCEPTING]
)
async def test_a_kill_at_any_statement_of_looking_never_sends_twice(
    postbox: Postbox, platform: str, kind: FailureMode
) -> None:
    number = 0
    while True:
        number += 1
        complaint_id = f"c{number}"
        await postbox.approved(complaint_id, platform)
        before = len(postbox.taken())
        postbox.failures_of(platform).add(kind, on=OPERATIONS[platform])
        await postbox.sender.once()
        postbox.harness.clock.advance(PACE.first_wait)
        with killed_at(postbox.harness.database, number) as steps, suppress(Killed):
            await postbox.sender.once()
        await postbox.until_quiet()
        _judge(
            platform,
            await postbox.harness.live_reply(complaint_id),
            sent=len(postbox.taken()) - before,
        )
        if len(steps) < number:
            break
    assert number > 6


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_nothing_of_the_resident_stands_in_logs_or_tables(
    postbox: Postbox, platform: str
) -> None:
    with structlog.testing.capture_logs() as logs:
        await postbox.approved(platform=platform)
        await postbox.until_quiet()
    reply = await postbox.harness.live_reply()
    assert "o-c1" not in str(logs) + str(reply.model_dump())
    assert reply.text not in str(logs)


def _judge(platform: str, reply: Reply, *, sent: int) -> None:
    assert sent <= 1
    if platform in LOOKABLE:
        assert (reply.state, sent) == (ReplyState.DELIVERED, 1)
    else:
        unsure = reply.state == ReplyState.STUCK
        assert unsure or (reply.state, sent) == (ReplyState.DELIVERED, 1)
