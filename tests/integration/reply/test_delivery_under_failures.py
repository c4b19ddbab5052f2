"""Channels × ways to fail: whatever happens round the call, the platform has exactly one reply in
the end; where it cannot be asked (WeChat), or that one waits for a person rather than going twice.
The simulators' journal is the judge."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncSession

from services.reply.channels.channel import Channel, OutgoingReply, Receipt
from services.reply.models import ReplyState
from shared.database_time import DatabaseTime
from shared.events.replies import ReplyDelivered, ReplyStuck
from tests.integration.reply.crashes import Killed
from tests.integration.reply.events import HOUR
from tests.integration.reply.postbox import PACE, THEIRS, Postbox
from waterdesk.simulators.failure_modes import FailureMode
from waterdesk.simulators.sms import DESCRIPTION

PLATFORMS = ("hotline_12345", "message_board", "wechat")
OPERATIONS = {"hotline_12345": "reply", "message_board": "answer", "wechat": "customer_message"}
CANNOT_BE_ASKED = "wechat"

Trouble = Callable[[Postbox, str], Awaitable[None]]
"""Sends an approved reply for the first time, and something happens."""


class WrappedChannel:
    def __init__(self, real: Channel) -> None:
        self.real = real
        self.profile, self.appears_within = real.profile, real.appears_within

    async def send(self, reply: OutgoingReply) -> Receipt | None:
        return await self.real.send(reply)

    async def look(self, reply: OutgoingReply) -> Receipt | None:
        return await self.real.look(reply)

    async def probe(self) -> None:
        await self.real.probe()

    async def close(self) -> None:
        await self.real.close()


def failing(mode: FailureMode) -> Trouble:
    async def first_try(postbox: Postbox, platform: str) -> None:
        postbox.failures_of(platform).add(mode, on=OPERATIONS[platform])
        await postbox.sender.once()

    return first_try


async def unavailable_for_six_hours(postbox: Postbox, platform: str) -> None:
    """A second reply is approved in the middle of it."""
    postbox.failures_of(platform).add(FailureMode.OUTAGE, amount=6 * 3600)
    ends_at = postbox.now + 6 * HOUR
    while postbox.now < ends_at:
        await postbox.sender.once()
        reply = await postbox.harness.live_reply()
        assert reply.state in (ReplyState.APPROVED, ReplyState.SENDING)
        assert reply.next_attempt_at is not None
        assert reply.next_attempt_at - postbox.now <= PACE.longest_wait
        postbox.harness.clock.advance(timedelta(minutes=20))
    assert postbox.taken() == []


async def dead_between_claim_and_call(postbox: Postbox, platform: str) -> None:
    class Dying(WrappedChannel):
        async def send(self, reply: OutgoingReply) -> Receipt | None:
            raise Killed

    await _dies(postbox, platform, Dying(postbox.channels.by_platform[platform]))


async def dead_after_the_call(postbox: Postbox, platform: str) -> None:
    class Dying(WrappedChannel):
        async def send(self, reply: OutgoingReply) -> Receipt | None:
            await super().send(reply)
            raise Killed

    await _dies(postbox, platform, Dying(postbox.channels.by_platform[platform]))


async def _dies(postbox: Postbox, platform: str, channel: Channel) -> None:
    with suppress(Killed):
        await postbox.with_channel(platform, channel).once()
    assert (await postbox.harness.live_reply()).state == ReplyState.SENDING


async def frozen_before_the_call(postbox: Postbox, platform: str) -> None:
    """For longer than the lease: it notices, and sends nothing."""
    asked = []

    class TimePassesInSleep(DatabaseTime):
        async def now(self, _: AsyncSession) -> datetime:
            asked.append(self)
            return postbox.now + (PACE.lease if len(asked) > 1 else timedelta(0))

    sleepy = replace(postbox.config, time=TimePassesInSleep(postbox.harness.clock))
    await replace(postbox.sender, config=sleepy).once()
    assert postbox.taken() == []


async def frozen_within_the_call(postbox: Postbox, platform: str) -> None:
    """For longer than the lease, while another sender takes over."""

    class Slow(WrappedChannel):
        async def send(self, reply: OutgoingReply) -> Receipt | None:
            receipt = await super().send(reply)
            postbox.harness.clock.advance(2 * PACE.lease)
            await postbox.sender.once()
            return receipt

    slow = Slow(postbox.channels.by_platform[platform])
    await postbox.with_channel(platform, slow).once()


TROUBLES: Mapping[str, Trouble] = {
    "time-out before accepting": failing(FailureMode.TIMEOUT_BEFORE_ACCEPTING),
    "503 before accepting": failing(FailureMode.ERROR_5XX),
    "accepted, then time-out": failing(FailureMode.TIMEOUT_AFTER_ACCEPTING),
    "accepted, then reset": failing(FailureMode.RESET_AFTER_ACCEPTING),
    "accepted, then 500": failing(FailureMode.ERROR_500_AFTER_ACCEPTING),
    "accepted, then 503": failing(FailureMode.ERROR_503_AFTER_ACCEPTING),
    "a firewall's page": failing(FailureMode.WAF_403),
    "unavailable for six hours": unavailable_for_six_hours,
    "dead between claim and call": dead_between_claim_and_call,
    "dead after the call": dead_after_the_call,
    "frozen before the call": frozen_before_the_call,
    "frozen within the call": frozen_within_the_call,
}
A_PERSON_DECIDES = frozenset(TROUBLES) - {
    "a firewall's page",
    "unavailable for six hours",
    "frozen within the call",
}
"""Nobody can know whether WeChat took it."""


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("trouble", TROUBLES)
async def test_the_platform_has_one_reply_or_a_person_decides(
    postbox: Postbox, platform: str, trouble: str
) -> None:
    await postbox.approved(platform=platform)
    await TROUBLES[trouble](postbox, platform)
    await postbox.until_quiet()
    reply = await postbox.harness.live_reply()
    told = await postbox.recorded()
    if platform == CANNOT_BE_ASKED and trouble in A_PERSON_DECIDES:
        assert (reply.state, reply.why_stuck) == (ReplyState.STUCK, "unconfirmed")
        assert told.count(ReplyStuck.type) == 1
        assert len(postbox.taken()) == ("accepted" in trouble or trouble == "dead after the call")
    else:
        assert reply.state == ReplyState.DELIVERED
        assert told.count(ReplyDelivered.type) == 1
        assert len(postbox.taken()) == 1


@pytest.mark.parametrize("trouble", ["accepted, then 503", "unavailable for six hours"])
async def test_a_return_to_12345_too_arrives_once(postbox: Postbox, trouble: str) -> None:
    await postbox.not_ours()
    postbox.failures_of("hotline_12345").add(FailureMode.ERROR_503_AFTER_ACCEPTING, on="return")
    if trouble == "unavailable for six hours":
        await unavailable_for_six_hours(postbox, "hotline_12345")
    await postbox.until_quiet()
    (returned,) = postbox.taken()
    assert isinstance(returned["body"], Mapping)
    assert returned["body"]["responsible"] == "县住建局"


@pytest.mark.parametrize("template", [None, "T-1"])
async def test_wechat_outside_48_hours_goes_as_a_notice_or_onto_the_call_sheet(
    postbox: Postbox, template: str | None
) -> None:
    await postbox.reopen(wechat_template_id=template)
    await postbox.approved(platform="wechat")
    postbox.harness.clock.advance(49 * HOUR)
    await postbox.until_quiet()
    reply = await postbox.harness.live_reply()
    if template:
        assert (reply.state, len(postbox.taken())) == (ReplyState.DELIVERED, 1)
        return
    assert (reply.state, reply.by_hand, postbox.taken()) == (ReplyState.APPROVED, True, [])
    await postbox.told("c1", reply.version)
    told = await postbox.harness.live_reply()
    assert (told.state, told.told_by) == (ReplyState.DELIVERED, "phone")


@pytest.mark.parametrize(
    ("phone", "mode", "told_by", "texts"),
    [
        ("13800000001", None, "sms", 1),
        ("13800000001", FailureMode.ERROR_503_AFTER_ACCEPTING, "sms", 1),
        ("13800000001", FailureMode.TIMEOUT_BEFORE_ACCEPTING, "sms", 1),
        ("12345", None, None, 0),
        (None, None, None, 0),
    ],
)
async def test_whom_wechat_does_not_reach_is_sent_one_text_message_or_phoned(
    postbox: Postbox,
    tmp_path: Path,
    phone: str | None,
    mode: FailureMode | None,
    told_by: str | None,
    texts: int,
) -> None:
    description = tmp_path / "sms.yaml"
    description.write_text(DESCRIPTION.format(root="http://platforms"))
    secret = SecretStr(THEIRS.sms_secret)
    await postbox.reopen(resident_sms_provider=description, resident_sms_secret=secret)
    if phone:
        postbox.intake.phones["c1"] = phone
    await postbox.approved(platform="wechat")
    postbox.harness.clock.advance(49 * HOUR)
    if mode:
        postbox.simulators.sms.failures.add(mode, on="send")
    await postbox.until_quiet()
    reply = await postbox.harness.live_reply()
    sent = list(postbox.simulators.journal.entries("sms", "delivered"))
    assert (reply.told_by, len(sent)) == (told_by, texts)
    if told_by is None:
        assert (reply.state, reply.by_hand) == (ReplyState.APPROVED, True)
