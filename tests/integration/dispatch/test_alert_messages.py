"""People are told of an alert by message as well: by day unless it is urgent, each step once."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from services.dispatch.rules.staff_messages import Way
from shared.events.event import Event
from tests.conftest import NOW
from tests.integration.dispatch.alarms import CHEN, a_fault, alerts, met, missed, warned
from tests.integration.dispatch.events import deadlines_set, received
from tests.integration.dispatch.telling import HOUR, MINUTE, PHONE, Telling, presses, shown
from waterdesk.simulators.failure_modes import FailureMode

ELEVEN_AT_NIGHT = NOW + timedelta(hours=13, minutes=30)
SEVEN_IN_THE_MORNING = NOW + timedelta(hours=21, minutes=30)


@pytest.fixture
async def telling(telling: Telling) -> Telling:
    """Everybody can be told by WeCom, the director by text message alone."""
    telling.dispatch.policy = replace(telling.dispatch.policy, ways=frozenset({Way.WECOM, Way.SMS}))
    wecom = telling.simulators.wecom
    wecom._settings = replace(wecom._settings, wecom_members=None)
    await a_fault(telling.dispatch, "c1")
    for name, user_id in (("li", "LiJie"), ("wang", "WangYi"), ("liu", "LiuYan")):
        await telling.reaches(name, wecom_userid=user_id)
    await telling.reaches(CHEN.name, phone=PHONE)
    return telling


async def test_a_message_names_work_order_place_stage_and_count(telling: Telling) -> None:
    await telling.dispatch.receives(received("c2"), deadlines_set("c2"))
    await telling.dispatch.receives(warned("c1", 75), warned("c2", 75))
    told = [each for each in await telling.messages() if "时限" in each.title]
    assert {(each.sign_in_name, each.title, each.body) for each in told} == {
        (name, "回复时限已用75%", "WX-20261012-001，某镇某村，2件诉求，10月17日09:30到期")
        for name in ("wang", "li")
    }


async def test_at_night_a_message_waits_for_the_morning_and_the_bell_does_not(
    telling: Telling,
) -> None:
    telling.dispatch.clock.move_to(ELEVEN_AT_NIGHT)
    await telling.dispatch.receives(warned("c1", 50))
    assert len(await alerts(telling.dispatch)) == 1
    await telling.sends_for(7 * HOUR, every=HOUR)
    assert telling.seen("wecom") == []
    telling.dispatch.clock.move_to(SEVEN_IN_THE_MORNING)
    await telling.sends()
    assert len(telling.seen("wecom")) == 1


async def test_an_urgent_message_waits_for_nothing(telling: Telling) -> None:
    telling.dispatch.clock.move_to(ELEVEN_AT_NIGHT)
    await telling.dispatch.receives(received("c2", urgent=True), warned("c2", 50))
    await telling.sends()
    assert ["【紧急】" in str(each["card"]) for each in telling.seen("wecom")] == [True]


async def test_nobody_is_told_in_the_morning_of_what_ended_at_night(telling: Telling) -> None:
    telling.dispatch.clock.move_to(ELEVEN_AT_NIGHT)
    await telling.dispatch.receives(warned("c1", 50), missed("c1"))
    await telling.dispatch.receives(met("c1"))
    telling.dispatch.clock.move_to(SEVEN_IN_THE_MORNING)
    await telling.sends()
    assert telling.seen("wecom") == []


async def test_it_is_taken_on_from_the_message(telling: Telling) -> None:
    await telling.dispatch.receives(warned("c1", 50))
    await telling.sends()
    (card,) = telling.seen("wecom")
    await presses(telling, card["taskId"], "acknowledge")
    assert [each.taken_by for each in await alerts(telling.dispatch)] == ["li"]
    assert shown(telling, card["taskId"])["sub_title_text"].startswith("由 li 处理 09:30")


@pytest.mark.parametrize("mode", [FailureMode.OUTAGE, FailureMode.TIMEOUT_AFTER_ACCEPTING])
async def test_with_a_frozen_messenger_nobody_is_told_twice_and_nobody_is_forgotten(
    telling: Telling, mode: FailureMode
) -> None:
    """The whole ladder while WeCom is frozen: for six hours, or at each first attempt."""
    wecom = telling.simulators.wecom.failures
    if mode is FailureMode.OUTAGE:
        wecom.add(mode)
    steps: list[Event] = [warned("c1", step) for step in (50, 75, 90)]
    for event in [*steps, missed("c1")]:
        if mode is not FailureMode.OUTAGE:
            wecom.add(mode, on="send")
        await telling.dispatch.receives(event)
        await telling.dispatch.receives(event)
        await telling.sends_for(30 * MINUTE, every=10 * MINUTE)
    await telling.sends_for(6 * HOUR, every=HOUR)
    assert Counter(each["userId"] for each in telling.seen("wecom")) == {
        "LiJie": 1,
        "WangYi": 1,
        "LiuYan": 1,
    }
    assert Counter(each["mobile"] for each in telling.seen("sms")) == {PHONE: 1}
    assert {each.state for each in await telling.messages()} == {"sent"}
