"""Reply knows which platform answers, and says so over HTTP."""

from datetime import timedelta
from typing import Any

import pytest

from services.reply.handlers.platform_probes import probe_idle
from services.reply.models import ReplyState
from shared.auth.permissions import Role
from shared.events.replies import ReplyRetryScheduled, ReplyWithdrawn
from tests.integration.reply.conftest import Caller
from tests.integration.reply.events import decided, linked, received, repaired
from tests.integration.reply.harness import Harness
from tests.integration.reply.postbox import Postbox
from waterdesk.simulators.failure_modes import FailureMode


async def _health(call: Caller, platform: str = "hotline_12345") -> dict[str, Any]:
    answer = (await call("GET", "/platforms", role=Role.CREW)).json()
    return next(dict(each) for each in answer if each["platform"] == platform)


async def test_an_outage_is_seen_from_its_first_failure_to_the_next_answer(
    postbox: Postbox, call: Caller
) -> None:
    await postbox.approved()
    before = await _health(call)
    assert (before["unavailable_since"], before["waiting"]) == (None, 1)
    postbox.failures_of("hotline_12345").add(FailureMode.OUTAGE, amount=3 * 3600)
    began = postbox.now
    await postbox.sender.once()
    postbox.harness.clock.advance(timedelta(hours=2))
    await postbox.sender.once()
    away = await _health(call)
    assert away["unavailable_since"] == began.isoformat().replace("+00:00", "Z")
    assert away["last_failure_at"] > away["unavailable_since"]
    await postbox.until_quiet()
    after = await _health(call)
    assert (after["unavailable_since"], after["waiting"]) == (None, 0)
    assert after["last_success_at"] > after["last_failure_at"]


async def test_an_outage_is_seen_within_a_minute_while_nothing_is_sent(
    postbox: Postbox, call: Caller
) -> None:
    async def probed(after: timedelta) -> Any:
        postbox.harness.clock.advance(after)
        await probe_idle(postbox.harness.database, postbox.config, postbox.channels.by_platform)
        return (await _health(call))["unavailable_since"]

    assert await probed(timedelta(0)) is None
    postbox.failures_of("hotline_12345").add(FailureMode.OUTAGE, amount=300)
    assert await probed(timedelta(seconds=59)) is None, "it was asked lately"
    began = await probed(timedelta(seconds=1))
    assert began is not None
    for _ in range(3):
        assert await probed(timedelta(minutes=1)) == began
    assert (await _health(call, "message_board"))["last_failure_at"] is None
    assert await probed(timedelta(minutes=1)) is None, "it has ended"
    assert postbox.taken() == []


async def test_a_ticket_that_cannot_be_accepted_tells_of_an_outage_too(
    postbox: Postbox, call: Caller
) -> None:
    await postbox.approved()
    postbox.failures_of("hotline_12345").add(FailureMode.ERROR_5XX, on="accept")
    assert await postbox.acknowledge() == 1
    assert (await _health(call))["unavailable_since"] is not None


async def test_what_intake_does_not_say_is_not_the_platforms_failure(
    postbox: Postbox, call: Caller
) -> None:
    await postbox.approved(platform="wechat")
    postbox.intake.unavailable = True
    await postbox.sender.once()
    assert (await _health(call, "wechat"))["last_failure_at"] is None


async def test_every_failed_attempt_tells_when_it_is_tried_again_and_why(
    postbox: Postbox,
) -> None:
    await postbox.approved()
    postbox.failures_of("hotline_12345").add(FailureMode.WAF_403, on="reply")
    await postbox.sender.once()
    assert (await postbox.harness.live_reply()).state == ReplyState.APPROVED
    assert (await postbox.recorded()).count(ReplyRetryScheduled.type) == 1


async def test_a_draft_that_nothing_replaces_is_told_to_be_withdrawn(harness: Harness) -> None:
    await harness.receives(received(), linked(), repaired())
    await harness.receives(decided(is_ours=False, category="not_ours", needs_human=True))
    withdrawn = harness.events_of(ReplyWithdrawn)
    states = {reply.state for reply in await harness.replies()}
    assert (len(withdrawn), states) == (1, {"superseded"})


@pytest.mark.parametrize("role", list(Role))
async def test_every_role_may_see_it(call: Caller, role: Role) -> None:
    assert (await call("GET", "/platforms", role=role)).status_code == 200
