"""Over HTTP: who may do what, what they see, and how an objection reads."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.reply.models import ReplyState
from services.reply.rules.deadlines import Stage
from services.reply.rules.escalation import Standing
from shared.auth.permissions import Role
from shared.events.replies import ReplyApproved, ReplyDelivered, ResidentTold
from shared.service import Service
from tests.conftest import NOW
from tests.integration.reply.conftest import Caller
from tests.integration.reply.events import (
    DAY,
    HOUR,
    NOT_OURS,
    decision,
    linked,
    received,
    repaired,
)
from tests.integration.reply.harness import Harness
from tests.integration.reply.postbox import Postbox
from waterdesk.simulators.failure_modes import FailureMode


@pytest.fixture
async def drafted(harness: Harness) -> Harness:
    await harness.receives(received(), linked(), repaired())
    return harness


def _key(response: httpx.Response) -> str:
    assert response.headers["content-type"] == "application/problem+json"
    return str(response.json()["type"]).removeprefix("urn:waterdesk:problem:")


async def test_a_reviewer_reads_changes_and_approves(drafted: Harness, call: Caller) -> None:
    (listed,) = (await call("GET", "/replies?state=draft")).json()
    assert (listed["complaint_id"], listed["version"]) == ("c1", 1)
    assert "text" not in listed
    (version,) = (await call("GET", "/replies/c1")).json()
    assert "更换电机" in version["text"]
    written = await call(
        "PUT", "/replies/c1/draft", {"text": "已修好。", "solved": True, "version": 1}
    )
    assert written.json() == {"version": 2}
    assert (await call("POST", "/replies/c1/approve", {"version": 2})).status_code == 204
    assert (await call("POST", "/replies/c1/approve", {"version": 2})).status_code == 204
    reply = await drafted.live_reply()
    assert (reply.state, reply.text, reply.approved_by) == ("approved", "已修好。", "li")
    assert (reply.written_by, reply.version) == ("li", 2)


async def test_nobody_approves_words_they_have_not_seen(drafted: Harness, call: Caller) -> None:
    await call("PUT", "/replies/c1/draft", {"text": "甲", "solved": True, "version": 1})
    stale = await call("PUT", "/replies/c1/draft", {"text": "乙", "solved": True, "version": 1})
    assert (stale.status_code, _key(stale)) == (409, "stale_reply_version")
    approved = await call("POST", "/replies/c1/approve", {"version": 1})
    assert (approved.status_code, _key(approved)) == (409, "stale_reply_version")
    assert (await drafted.live_reply()).text == "甲"


async def test_a_reply_can_be_written_where_nothing_was_drafted(
    harness: Harness, call: Caller
) -> None:
    await harness.receives(received())
    body = {"text": "水费按表计量。", "solved": True, "version": 0}
    assert (await call("PUT", "/replies/c1/draft", body)).json() == {"version": 1}


async def test_words_for_a_complaint_that_nobody_decided_return_nothing(
    harness: Harness, call: Caller
) -> None:
    await harness.receives(received(decision=decision(is_ours=False, needs_human=True)))
    body = {"text": "正在核实，请稍候。", "solved": False, "version": 0}
    await call("PUT", "/replies/c1/draft", body)
    assert not (await harness.live_reply()).returned
    assert (await call("POST", "/replies/c1/approve", {"version": 1})).status_code == 204


async def test_our_draft_does_not_replace_what_a_person_wrote(
    drafted: Harness, call: Caller
) -> None:
    await call("PUT", "/replies/c1/draft", {"text": "已修好。", "solved": True, "version": 1})
    await drafted.receives(repaired(at=NOW + 6 * HOUR))
    assert (await drafted.live_reply()).text == "已修好。"


@pytest.mark.parametrize(
    ("changes", "status", "key"),
    [
        ({"text": "   "}, 422, "reply_empty"),
        ({"text": "好" * 601}, 422, "reply_too_long"),
        ({"text": "好" * 2001}, 422, "invalid_request"),
        ({"text": ""}, 422, "invalid_request"),
        ({"surprise": 1}, 422, "invalid_request"),
    ],
)
async def test_words_a_platform_would_not_take_are_refused(
    harness: Harness, call: Caller, changes: dict[str, object], status: int, key: str
) -> None:
    await harness.receives(received(platform="wechat"))
    body = {"text": "好", "solved": True, "version": 0, **changes}
    refused = await call("PUT", "/replies/c1/draft", body)
    assert (refused.status_code, _key(refused)) == (status, key)


async def test_a_return_names_who_is_responsible(harness: Harness, call: Caller) -> None:
    await harness.receives(received(decision=NOT_OURS))
    refused = await call("POST", "/replies/c1/approve", {"version": 1})
    assert (refused.status_code, _key(refused)) == (409, "responsible_missing")
    body = {"text": "不属供水。", "solved": False, "version": 1, "responsible": "县住建局"}
    await call("PUT", "/replies/c1/draft", body)
    assert (await call("POST", "/replies/c1/approve", {"version": 2})).status_code == 204
    assert (await harness.live_reply()).returned


async def test_an_objection_is_in_the_readers_language(drafted: Harness, call: Caller) -> None:
    for language, words in (("zh", "没有这件诉求。"), ("en", "There is no such complaint.")):
        unknown = await call("GET", "/replies/c9", language=language)
        assert (unknown.status_code, unknown.json()["title"]) == (404, words)


async def test_another_county_sees_and_does_nothing(drafted: Harness, call: Caller) -> None:
    elsewhere: dict[str, Any] = {"county": "610124"}
    assert (await call("GET", "/replies", **elsewhere)).json() == []
    answers = [
        await call("GET", "/replies/c1", **elsewhere),
        await call("GET", "/deadlines?complaint_id=c1", **elsewhere),
        await call("POST", "/replies/c1/approve", {"version": 1}, **elsewhere),
        await call(
            "PUT", "/replies/c1/draft", {"text": "x", "solved": True, "version": 1}, **elsewhere
        ),
        await call("POST", "/complaints/c1/contacted", {}, role=Role.CREW, **elsewhere),
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert (await drafted.live_reply()).state == ReplyState.DRAFT


async def test_each_role_may_do_its_part_only(drafted: Harness, call: Caller) -> None:
    draft = {"text": "x", "solved": True, "version": 1}
    refused = [
        await call("PUT", "/replies/c1/draft", draft, role=Role.CREW),
        await call("POST", "/replies/c1/approve", {"version": 1}, role=Role.DISPATCHER),
        await call("GET", "/replies/c1", role=Role.CREW),
        await call("POST", "/complaints/c1/contacted", {}, role=Role.REVIEWER),
    ]
    assert {answer.status_code for answer in refused} == {403}


async def test_a_recorded_contact_meets_the_deadline_and_enters_the_draft(
    drafted: Harness, call: Caller
) -> None:
    drafted.clock.move_to(NOW + 3 * HOUR)
    spoken = {"contacted_at": (NOW + HOUR).isoformat()}
    done = await call("POST", "/complaints/c1/contacted", spoken, role=Role.CREW)
    assert done.status_code == 204
    deadlines = (await call("GET", "/deadlines?complaint_id=c1")).json()
    stages = [deadline["stage"] for deadline in deadlines]
    assert stages == ["accept", "first_contact", "resolve", "reply"]
    assert (await drafted.deadlines())[Stage.FIRST_CONTACT].met_at == NOW + HOUR
    assert "已与反映人联系" in (await drafted.live_reply()).text


@pytest.mark.parametrize(
    ("at", "key"),
    [
        (NOW + HOUR, "contacted_in_the_future"),
        (NOW - timedelta(seconds=1), "contacted_before_received"),
    ],
)
async def test_a_contact_that_cannot_have_been_is_refused(
    drafted: Harness, call: Caller, at: object, key: str
) -> None:
    body: dict[str, object] = {"contacted_at": str(at)}
    refused = await call("POST", "/complaints/c1/contacted", body, role=Role.CREW)
    assert (refused.status_code, _key(refused)) == (422, key)


async def test_the_call_sheets_tick_answers_a_complaint_that_came_by_phone(
    harness: Harness, call: Caller
) -> None:
    await harness.receives(received(platform="phone"), linked(), repaired())
    early = await call("POST", "/replies/c1/told", {"version": 1}, role=Role.DISPATCHER)
    assert _key(early) == "reply_not_by_hand"
    await call("POST", "/replies/c1/approve", {"version": 1})
    (listed,) = (await call("GET", "/replies?state=approved")).json()
    assert listed["by_hand"]
    ticked = await call("POST", "/replies/c1/told", {"version": 1}, role=Role.DISPATCHER)
    assert ticked.status_code == 204
    reply = await harness.live_reply()
    assert (reply.state, reply.told_by, reply.resolved_by) == ("delivered", "phone", "li")
    assert (await harness.deadlines())[Stage.REPLY].standing == Standing.MET


@pytest.mark.parametrize(("outcome", "sent"), [("arrived", 1), ("send_again", 2)])
async def test_a_person_resolves_what_is_stuck(
    postbox: Postbox, call: Caller, outcome: str, sent: int
) -> None:
    await postbox.approved(platform="wechat")
    postbox.failures_of("wechat").add(FailureMode.TIMEOUT_AFTER_ACCEPTING, on="customer_message")
    await postbox.until_quiet()
    changed = await call("PUT", "/replies/c1/draft", {"text": "再答", "solved": True, "version": 1})
    assert _key(changed) == "reply_must_be_confirmed"
    decided = await call("POST", "/replies/c1/resolve-stuck", {"version": 1, "outcome": outcome})
    assert decided.status_code == 204
    await postbox.until_quiet()
    reply = await postbox.harness.live_reply()
    assert (reply.state, reply.resolved_by) == ("delivered", "li")
    assert len(postbox.taken()) == sent
    events = await postbox.recorded()
    assert events.count(ReplyDelivered.type) == events.count(ResidentTold.type) == 1
    again = await call("POST", "/replies/c1/resolve-stuck", {"version": 1, "outcome": "send_again"})
    assert _key(again) == "reply_not_stuck"


async def test_a_refused_reply_is_written_anew(postbox: Postbox, call: Caller) -> None:
    await postbox.approved(platform="wechat")
    handle = postbox.intake.handles.pop("c1")
    await postbox.until_quiet()
    postbox.intake.handles["c1"] = handle
    body = {"text": "已修好。", "solved": True, "version": 1}
    assert (await call("PUT", "/replies/c1/draft", body)).json() == {"version": 2}
    await call("POST", "/replies/c1/approve", {"version": 2})
    await postbox.until_quiet()
    assert [reply.state for reply in await postbox.harness.replies()] == ["delivered", "superseded"]
    assert (await postbox.recorded()).count(ReplyApproved.type) == 2


async def test_what_is_on_its_way_cannot_be_changed(postbox: Postbox, call: Caller) -> None:
    await postbox.approved()
    postbox.failures_of("hotline_12345").add(FailureMode.TIMEOUT_BEFORE_ACCEPTING, on="reply")
    await postbox.sender.once()
    body = {"text": "再答", "solved": True, "version": 1}
    refused = await call("PUT", "/replies/c1/draft", body)
    assert (refused.status_code, _key(refused)) == (409, "reply_on_its_way")


async def test_more_time_is_asked_for_granted_and_counted(harness: Harness, call: Caller) -> None:
    await harness.receives(received(time_limit="3个工作日"))
    old = (await harness.deadlines())[Stage.RESOLVE].due_at
    asked = {"new_due_at": (old + 5 * DAY).isoformat(), "reason": "需换主管，等材料"}
    path = "/deadlines/c1/resolve/extension"
    assert (await call("POST", path, asked)).status_code == 202
    assert (await harness.deadlines())[Stage.RESOLVE].due_at == old
    assert _key(await call("POST", path, asked)) == "extension_asked_already"
    assert (await call("POST", f"{path}/answer", {"granted": True})).status_code == 204
    resolve = (await harness.deadlines())[Stage.RESOLVE]
    assert (resolve.due_at, resolve.extensions_granted) == (old + 5 * DAY, 1)
    assert _key(await call("POST", f"{path}/answer", {"granted": True})) == "no_extension_asked"
    assert _key(await call("POST", path, asked)) == "extensions_used_up"


async def test_more_time_refused_leaves_the_old_limit(harness: Harness, call: Caller) -> None:
    await harness.receives(received())
    old = (await harness.deadlines())[Stage.REPLY].due_at
    asked = {"new_due_at": (old + DAY).isoformat(), "reason": "等材料"}
    await call("POST", "/deadlines/c1/reply/extension", asked)
    await call("POST", "/deadlines/c1/reply/extension/answer", {"granted": False})
    reply = (await harness.deadlines())[Stage.REPLY]
    assert (reply.due_at, reply.extensions_granted) == (old, 0)


async def test_it_is_healthy_without_a_token(service: Service) -> None:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=service.app), base_url="http://reply"
    ) as client:
        assert (await client.get("/health/ready")).json()["service"] == "reply"
        assert (await client.get("/replies")).status_code == 401
