"""Was it solved? Each delivered answer is asked about once, and what is said of it counts once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import col, select

from services.reply.models import CallBack, Deadline, ReplyState
from services.reply.rules.call_backs import QUESTION
from services.reply.rules.deadlines import Stage
from services.reply.rules.escalation import Standing
from shared.auth.permissions import Role
from shared.events.replies import CallBackChanged
from tests.integration.reply.conftest import Caller
from tests.integration.reply.events import (
    DAY,
    HOUR,
    evaluated,
    linked,
    received,
    repaired,
)
from tests.integration.reply.harness import Harness
from tests.integration.reply.postbox import PACE, Postbox
from waterdesk.simulators.failure_modes import FailureMode


async def answered(postbox: Postbox, platform: str) -> None:
    """A complaint of this platform has been repaired and answered."""
    harness = postbox.harness
    harness.config = replace(harness.config, channels=frozenset(postbox.channels.by_platform))
    await postbox.approved(platform=platform)
    await postbox.until_quiet()


def questions(postbox: Postbox) -> Sequence[object]:
    kinds = ("customer_message", "template_message")
    sent = [entry for entry in postbox.simulators.journal.entries() if entry.kind in kinds]
    return [entry for entry in sent if QUESTION in str(entry.data)]


async def all_deadlines(harness: Harness) -> Sequence[Deadline]:
    async with harness.database.reading() as session:
        found = await session.exec(
            select(Deadline).order_by(col(Deadline.stage), col(Deadline.round))
        )
        return found.all()


async def the_call_back(harness: Harness) -> CallBack:
    (found,) = await harness.call_backs()
    return found


async def by_phone(harness: Harness, call: Caller, complaint_id: str = "c1") -> None:
    """A call of a resident whose complaint came by phone: repaired, answered by a person."""
    await harness.receives(
        received(complaint_id, platform="phone"),
        linked(complaint_id),
        repaired(),
    )
    path = f"/replies/{complaint_id}"
    assert (await call("POST", f"{path}/approve", {"version": 1})).is_success
    assert (await call("POST", f"{path}/told", {"version": 1})).is_success


@pytest.mark.parametrize(
    ("platform", "asked_by", "state"),
    [
        ("wechat", "wechat", "to_ask"),
        ("hotline_12345", "platform", "asked"),
        ("message_board", "platform", "asked"),
    ],
)
async def test_a_delivered_answer_is_asked_about(
    postbox: Postbox, platform: str, asked_by: str, state: str
) -> None:
    await answered(postbox, platform)

    call_back = await the_call_back(postbox.harness)
    assert (call_back.asked_by, call_back.state) == (asked_by, state)
    assert (await postbox.recorded()).count(CallBackChanged.type) == 1


async def test_an_answer_that_is_not_solved_is_not_asked_about(postbox: Postbox) -> None:
    await postbox.answered_unrepaired("wechat")
    await postbox.until_quiet()

    assert await postbox.harness.call_backs() == []


async def test_the_question_is_sent_once(postbox: Postbox) -> None:
    await answered(postbox, "wechat")
    await postbox.questions.once()
    await postbox.questions.once()

    assert len(questions(postbox)) == 1
    assert (await the_call_back(postbox.harness)).state == "asked"
    asked = (await postbox.harness.deadlines())[Stage.CALL_BACK]
    assert (asked.standing, asked.met_at) == (Standing.MET, postbox.now)


async def test_what_a_platform_asks_itself_is_no_deadline_of_ours(postbox: Postbox) -> None:
    await answered(postbox, "hotline_12345")

    assert Stage.CALL_BACK not in await postbox.harness.deadlines()


async def test_a_question_that_may_have_arrived_is_never_sent_again(postbox: Postbox) -> None:
    await answered(postbox, "wechat")
    after = FailureMode.TIMEOUT_AFTER_ACCEPTING
    postbox.failures_of("wechat").add(after, 1, "customer_message", None)
    await postbox.questions.once()
    postbox.harness.clock.advance(PACE.lease * 3)
    await postbox.questions.once()

    assert len(questions(postbox)) == 1
    assert (await the_call_back(postbox.harness)).state == "asked"


async def test_a_sender_that_died_leaves_the_question_as_asked(postbox: Postbox) -> None:
    await answered(postbox, "wechat")
    async with postbox.harness.database.work() as (session, _):
        call_back = await session.get(CallBack, ("c1", 1))
        assert call_back is not None
        call_back.claim(postbox.now + PACE.lease)
    postbox.harness.clock.advance(PACE.lease + timedelta(seconds=1))
    await postbox.questions.once()

    assert questions(postbox) == []
    assert (await the_call_back(postbox.harness)).state == "asked"


async def test_while_intake_is_unavailable_nothing_is_asked_and_then_once(
    postbox: Postbox,
) -> None:
    await answered(postbox, "wechat")
    postbox.intake.unavailable = True
    await postbox.questions.once()
    assert (await the_call_back(postbox.harness)).state == "to_ask"
    postbox.intake.unavailable = False
    postbox.harness.clock.advance(HOUR)
    await postbox.questions.once()

    assert len(questions(postbox)) == 1


async def test_who_cannot_be_written_to_is_called(postbox: Postbox) -> None:
    await answered(postbox, "wechat")
    postbox.harness.clock.advance(3 * DAY)  # no message after 48 hours, and there is no template
    await postbox.questions.once()

    call_back = await the_call_back(postbox.harness)
    assert (call_back.asked_by, call_back.state) == ("phone", "to_ask")
    assert call_back.next_try_at == postbox.now


async def test_who_does_not_answer_is_not_waited_for_for_ever(postbox: Postbox) -> None:
    await answered(postbox, "hotline_12345")
    postbox.harness.clock.advance(31 * DAY)
    await postbox.questions.once()
    closed = await the_call_back(postbox.harness)
    await postbox.harness.receives(evaluated(satisfied=True, at=postbox.now))
    late = await the_call_back(postbox.harness)

    assert (closed.state, closed.why_closed) == ("closed", "no_answer")
    assert (late.state, late.satisfied, late.why_closed) == ("answered", True, None)


@pytest.mark.parametrize("said", [[True, False], [False, True], [False, False]])
async def test_of_two_sources_that_contradict_each_other_not_solved_stands(
    postbox: Postbox, said: list[bool]
) -> None:
    await answered(postbox, "hotline_12345")
    for number, satisfied in enumerate(said):
        source = ("hotline_12345", "wechat")[number]
        await postbox.harness.receives(
            evaluated(satisfied=satisfied, at=postbox.now + HOUR, source=source)
        )

    assert (await the_call_back(postbox.harness)).satisfied is all(said)
    told = postbox.harness.events_of(CallBackChanged)
    assert [each.satisfied for each in told if isinstance(each, CallBackChanged)].count(False) == (
        not all(said)
    )


async def test_an_evaluation_of_an_answer_that_we_do_not_know_of_is_kept(
    harness: Harness,
) -> None:
    await harness.receives(received(), evaluated(satisfied=False, at=harness.clock.now()))

    call_back = await the_call_back(harness)
    assert (call_back.version, call_back.satisfied) == (0, False)


async def test_after_not_solved_another_answer_follows_the_repair_and_is_asked_about(
    postbox: Postbox,
) -> None:
    await answered(postbox, "hotline_12345")
    evaluated_at = postbox.now + HOUR
    await postbox.harness.receives(evaluated(satisfied=False, at=evaluated_at))
    postbox.harness.clock.advance(2 * HOUR)
    again = [linked(work_order_id="w2", at=postbox.now), repaired("w2", at=postbox.now)]
    await postbox.harness.receives(*again)
    second = (await postbox.harness.replies())[0]
    assert (second.version, second.state) == (2, ReplyState.DRAFT)
    await postbox.approves("c1", 2)
    await postbox.until_quiet()
    rounds = [(each.stage, each.round) for each in await all_deadlines(postbox.harness)]
    assert ("reply", 1) in rounds
    assert ("reply", 2) in rounds
    # What the platform says late about the first answer is not about the second.
    await postbox.harness.receives(evaluated(satisfied=False, at=evaluated_at))
    await postbox.harness.receives(evaluated(satisfied=True, at=postbox.now + HOUR))

    newest, first = await postbox.harness.call_backs()
    assert (first.version, first.satisfied) == (1, False)
    assert (newest.version, newest.satisfied) == (2, True)
    assert [(each.stage, each.round) for each in await all_deadlines(postbox.harness)] == rounds


async def test_a_call_is_noted_with_who_and_what(harness: Harness, call: Caller) -> None:
    await by_phone(harness, call)
    call_back = await the_call_back(harness)
    assert (call_back.asked_by, call_back.state) == ("phone", "to_ask")
    path = "/call-backs/c1/outcome"
    without_words = await call("POST", path, {"version": 1, "outcome": "not_solved"})
    body = {"version": 1, "outcome": "not_solved", "note": "水压还是小"}
    noted = await call("POST", path, body, name="zhang")
    again = await call("POST", path, body, name="zhang")

    assert (without_words.status_code, noted.status_code, again.status_code) == (422, 204, 204)
    (shown,) = (await call("GET", "/call-backs/c1")).json()
    assert (shown["satisfied"], shown["noted_by"], shown["note"]) == (False, "zhang", "水压还是小")
    elsewhere = await call("POST", path, body, county="610124")
    assert elsewhere.status_code == 404


async def test_who_is_not_reached_is_tried_again_and_then_unreachable(
    harness: Harness, call: Caller
) -> None:
    await by_phone(harness, call)
    body = {"version": 1, "outcome": "not_reached"}
    for tries in (1, 2):
        assert (await call("POST", "/call-backs/c1/outcome", body)).is_success
        call_back = await the_call_back(harness)
        assert (call_back.state, call_back.tries) == ("to_ask", tries)
        assert call_back.next_try_at == harness.clock.now() + DAY
    await call("POST", "/call-backs/c1/outcome", body)
    closed = await the_call_back(harness)
    fourth = await call("POST", "/call-backs/c1/outcome", body)

    assert (closed.state, closed.why_closed, closed.tries) == ("closed", "unreachable", 3)
    assert fourth.status_code == 409


async def test_who_does_not_want_to_say_is_asked_no_more(harness: Harness, call: Caller) -> None:
    await by_phone(harness, call)
    outcome = {"version": 1, "outcome": "declined"}
    assert (await call("POST", "/call-backs/c1/outcome", outcome)).is_success

    closed = await the_call_back(harness)
    assert (closed.state, closed.why_closed, closed.satisfied) == ("closed", "declined", None)
    not_theirs = await call("POST", "/call-backs/c1/outcome", outcome, role=Role.CREW)
    assert not_theirs.status_code == 403
