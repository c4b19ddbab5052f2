"""Every way of telling staff, against its simulator: exactly one message, whatever fails."""

import asyncio
from dataclasses import replace

import pytest

from services.dispatch.notices.deliveries import claim
from services.dispatch.policy import policy_of
from shared.clock import ManualClock
from tests.integration.dispatch.county import EAST
from tests.integration.dispatch.events import received
from tests.integration.dispatch.telling import HOUR, MINUTE, PHONE, SECOND, Telling
from waterdesk.simulators.failure_modes import FailureMode
from waterdesk.simulators.settings import SimulatorSettings

WAYS = ("wecom", "sms")


async def can_be_told(telling: Telling, way: str) -> None:
    await telling.reaches(
        "li",
        wecom_userid="LiJie" if way == "wecom" else None,
        phone=PHONE if way == "sms" else None,
    )


FAILURES = (
    FailureMode.TIMEOUT_BEFORE_ACCEPTING,
    FailureMode.TIMEOUT_AFTER_ACCEPTING,
    FailureMode.RESET_AFTER_ACCEPTING,
    FailureMode.ERROR_500_AFTER_ACCEPTING,
    FailureMode.ERROR_503_AFTER_ACCEPTING,
    FailureMode.ERROR_5XX,
)


@pytest.mark.parametrize("way", WAYS)
async def test_each_failure_leaves_one_message(telling: Telling, way: str) -> None:
    await can_be_told(telling, way)
    for mode in FAILURES:
        getattr(telling.simulators, way).failures.add(mode, on="send")
        await telling.tells(alert=mode.value)
        await telling.sends()
    assert {state for _, state, _ in await telling.states()} == {"sending"}
    await telling.sends_for(10 * MINUTE, every=MINUTE)
    assert await telling.states() == [(way, "sent", None)] * len(FAILURES)
    assert len(telling.seen(way)) == len(FAILURES)


@pytest.mark.parametrize("drops", [True, False])
async def test_wecom_gets_a_repetition_once_by_its_content_or_its_task(
    telling: Telling, simulated: SimulatorSettings, drops: bool
) -> None:
    telling.simulators.wecom._settings = replace(simulated, wecom_drops_repetitions=drops)
    await can_be_told(telling, "wecom")
    failures = telling.simulators.wecom.failures
    failures.add(FailureMode.TIMEOUT_AFTER_ACCEPTING, times=3, on="send")
    await telling.tells()
    await telling.sends_for(2 * HOUR, every=15 * MINUTE)
    assert len(telling.seen("wecom")) == 1
    assert (await telling.states())[0][1] == "sent"


@pytest.mark.parametrize("way", WAYS)
async def test_killed_between_claim_and_call_it_is_sent_by_another(
    telling: Telling, way: str, clock: ManualClock
) -> None:
    await can_be_told(telling, way)
    await telling.tells()
    killed = telling.another_sender()
    async with killed.database.work() as (session, _):
        assert len(await claim(session, killed.rules, 8, clock.now())) == 1
    await telling.sends()
    assert telling.seen(way) == []  # the lease is not over
    await telling.sends_for(20 * MINUTE, every=3 * MINUTE)
    assert len(telling.seen(way)) == 1
    assert await telling.states() == [(way, "sent", None)]


@pytest.mark.parametrize("way", WAYS)
async def test_killed_between_call_and_record_it_is_not_sent_again(
    telling: Telling, way: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await can_be_told(telling, way)
    await telling.tells()

    class Killed(Exception): ...

    async def dies(*_: object, **__: object) -> str:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr("services.dispatch.notices.sender.record_attempt", dies)
        with pytest.raises(Killed):
            await telling.sender.once()
    assert len(telling.seen(way)) == 1
    telling.sender = telling.another_sender()
    await telling.sends_for(20 * MINUTE, every=3 * MINUTE)
    assert len(telling.seen(way)) == 1
    assert await telling.states() == [(way, "sent", None)]


async def test_while_wecom_is_silent_an_urgent_message_goes_by_sms_and_only_by_it(
    telling: Telling,
) -> None:
    await telling.reaches("li", wecom_userid="LiJie", phone=PHONE)
    telling.simulators.wecom.failures.add(FailureMode.TIMEOUT_BEFORE_ACCEPTING, times=500)
    await telling.tells(urgent=True)
    await telling.sends_for(10 * MINUTE, every=MINUTE)
    telling.simulators.wecom.failures.clear()
    await telling.sends_for(HOUR, every=20 * MINUTE)
    assert telling.seen("wecom") == []
    assert len(telling.seen("sms")) == 1
    assert await telling.states() == [("wecom", "failed", "unavailable"), ("sms", "sent", None)]


async def test_what_can_wait_survives_an_outage_of_six_hours_once(telling: Telling) -> None:
    await can_be_told(telling, "sms")
    telling.simulators.sms.failures.add(FailureMode.OUTAGE, amount=6 * 3600)
    await telling.tells()
    await telling.sends_for(6 * HOUR + 30 * MINUTE, every=30 * MINUTE)
    assert len(telling.seen("sms")) == 1
    assert await telling.states() == [("sms", "sent", None)]


async def test_an_unknown_member_is_told_by_sms_at_once(telling: Telling) -> None:
    await telling.reaches("li", wecom_userid="Nobody", phone=PHONE)
    await telling.tells()
    await telling.sends()
    assert len(telling.seen("sms")) == 1
    first, second = await telling.messages()
    assert (first.state, first.why, first.provider_code) == ("failed", "refused", "81013")
    assert (second.state, second.instead_of) == ("sent", first.id)


async def test_nobody_left_to_send_to_is_told_in_the_console(telling: Telling) -> None:
    await can_be_told(telling, "sms")
    await telling.reaches("li", phone="12345")
    await telling.tells()
    await telling.sends()
    assert await telling.states() == [("sms", "failed", "refused"), ("console", "sent", None)]
    assert (await telling.messages())[0].provider_code == "INVALID_MOBILE"


async def test_a_crew_is_told_of_each_work_order_it_gets_once(telling: Telling) -> None:
    await can_be_told(telling, "wecom")
    dispatch = telling.dispatch
    dispatch.policy = policy_of(telling.settings)
    await dispatch.receives(received("c1", urgent=True))
    work_order = await dispatch.work_order()
    await dispatch.gives(work_order.id, EAST)
    await dispatch.gives(work_order.id, EAST)
    await telling.sends()
    cards = [each["card"] for each in telling.seen("wecom")]
    assert cards[-1]["main_title"]["title"] == f"新任务 {work_order.number}"
    assert cards[-1]["sub_title_text"].startswith("【紧急】岭镇岭上村")
    assert [each["key"] for each in cards[-1]["button_list"]] == ["accept", "on_site"]
    assert len(cards) == len(await telling.messages()) == 1


async def test_a_token_that_ends_early_costs_no_message(telling: Telling) -> None:
    await can_be_told(telling, "wecom")
    for alert in ("alert-1", "alert-2"):
        await telling.tells(alert=alert)
        await telling.sends()
        telling.simulators.wecom.expire_token()
    assert len(telling.seen("wecom")) == 2


async def test_two_senders_tell_a_member_all_once_and_wecom_drops_none(telling: Telling) -> None:
    await can_be_told(telling, "wecom")
    for number in range(40):
        await telling.tells(alert=f"alert-{number}")
    another = telling.another_sender()
    for _ in range(5):
        await asyncio.gather(telling.sender.once(), another.once())
    assert 20 <= len(telling.seen("wecom")) < 30
    await telling.sends_for(2 * MINUTE, every=20 * SECOND)
    assert len(telling.seen("wecom")) == 40
    assert telling.seen("wecom", "dropped") == []


async def test_a_text_message_is_one_segment_and_says_only_what_was_queued(
    telling: Telling,
) -> None:
    await can_be_told(telling, "sms")
    await telling.tells()
    await telling.sends()
    (sent,) = telling.seen("sms")
    assert sent["content"] == "新任务 WX-001：岭上村三组停水"
    assert (await telling.messages())[0].provider_id is not None
