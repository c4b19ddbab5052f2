"""Buttons pressed in WeCom: the holder of the card takes the step, once, and the card follows."""

from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from sqlmodel import select

from services.dispatch.commands import Accept, Arrive, Release
from services.dispatch.models import Alert
from services.dispatch.rules.staff_messages import Button
from shared.events.replies import DeadlineWarned
from shared.platform_kit import wechat_xml
from shared.platform_kit.wechat_crypto import MessageCrypto
from shared.vocabulary import Level
from tests.integration.dispatch.county import COUNTY, DISPATCHER, EAST, EAST_CREW, WEST
from tests.integration.dispatch.events import DUE, deadlines_set, received
from tests.integration.dispatch.telling import MINUTE, Telling, presses, shown
from waterdesk.simulators.failure_modes import FailureMode

BOTH = (Button.ACCEPT, Button.ON_SITE)


async def one_card(telling: Telling) -> tuple[str, str]:
    """Li of the eastern crew holds a card of his crew's work order. Returns the ids of both."""
    await telling.reaches("li", wecom_userid="LiJie", display_name="李师傅")
    await telling.dispatch.receives(received("c1"))
    work_order_id = (await telling.dispatch.work_order()).id
    await telling.dispatch.gives(work_order_id, EAST)
    await telling.tells(work_order_id=work_order_id, buttons=BOTH)
    await telling.sends()
    (card,) = telling.seen("wecom")
    return str(card["taskId"]), work_order_id


async def the_alert(telling: Telling) -> Alert:
    async with telling.dispatch.database.reading() as session:
        return (await session.exec(select(Alert))).one()


async def test_accepting_and_arriving_from_the_card(telling: Telling) -> None:
    card, work_order_id = await one_card(telling)
    await presses(telling, card, "accept")
    assert (await telling.dispatch.work_order()).state == "accepted"
    now = shown(telling, card)
    assert now["sub_title_text"].startswith("已接单 李师傅 09:30")
    assert [each["key"] for each in now["button_list"]] == ["on_site"]
    telling.dispatch.clock.advance(35 * MINUTE)
    await presses(telling, card, "on_site")
    assert (await telling.dispatch.work_order()).state == "on_site"
    assert shown(telling, card)["replace_text"] == "已到场 李师傅 10:05"
    assert shown(telling, card)["button_list"] == []
    assert (await telling.dispatch.timeline(work_order_id))[-2:] == ["accepted", "arrived"]


async def test_a_press_delivered_three_times_is_answered_once(telling: Telling) -> None:
    card, work_order_id = await one_card(telling)
    wecom = telling.simulators.wecom
    wecom.failures.add(FailureMode.DUPLICATE, on="push")
    await presses(telling, card, "accept")
    (pressed,) = telling.seen("wecom", "pressed")
    wecom.pushes.add(pressed["responseCode"])
    await telling.simulators.deliver_pushes(everything=True)
    await telling.changes_cards()
    assert (await telling.dispatch.timeline(work_order_id)).count("accepted") == 1
    assert len(telling.seen("wecom", "card_updated")) == 1


async def test_a_work_order_that_moved_on_is_answered_with_what_is_true_now(
    telling: Telling,
) -> None:
    card, work_order_id = await one_card(telling)
    await telling.dispatch.takes(Accept(), work_order_id, EAST_CREW)
    await telling.dispatch.takes(Arrive(), work_order_id, DISPATCHER)
    await presses(telling, card, "accept")
    assert shown(telling, card)["replace_text"] == "这一步已经过去了。现状：已到场 wang 09:30"


async def test_another_crews_work_order_is_not_accepted(telling: Telling) -> None:
    card, work_order_id = await one_card(telling)
    await telling.dispatch.takes(Release(note="车坏了"), work_order_id, EAST_CREW)
    await telling.dispatch.gives(work_order_id, WEST)
    await presses(telling, card, "accept")
    assert (await telling.dispatch.work_order()).state == "assigned"
    words = shown(telling, card)["replace_text"]
    assert words == "这项任务已不在您的维修队名下。现状：待接单"


async def test_an_old_code_loses_the_picture_and_never_the_step(telling: Telling) -> None:
    card, _ = await one_card(telling)
    telling.simulators.wecom.press(card, "accept")
    await telling.simulators.deliver_pushes(everything=True)
    telling.dispatch.clock.advance(timedelta(hours=73))
    await telling.changes_cards()
    assert (await telling.dispatch.work_order()).state == "accepted"
    assert telling.seen("wecom", "card_updated") == []
    assert sorted(each.state for each in await telling.cards()) == ["kept", "lost"]


@pytest.mark.parametrize("mode", [FailureMode.TIMEOUT_AFTER_ACCEPTING, FailureMode.ERROR_5XX])
async def test_a_card_whose_change_failed_is_changed_later(
    telling: Telling, mode: FailureMode
) -> None:
    card, _ = await one_card(telling)
    telling.simulators.wecom.failures.add(mode, on="update")
    await presses(telling, card, "accept")
    telling.dispatch.clock.advance(10 * MINUTE)
    await telling.changes_cards()
    assert len(telling.seen("wecom", "card_updated")) == 1
    assert all(each.next_attempt_at is None for each in await telling.cards())


async def test_whoever_does_not_hold_the_card_changes_nothing(telling: Telling) -> None:
    card, _ = await one_card(telling)
    await telling.reaches("li", wecom_userid="ZhaoLei")
    telling.simulators.wecom.press(card, "accept")
    assert await telling.simulators.deliver_pushes(everything=True) == 1
    assert (await telling.dispatch.work_order()).state == "assigned"


async def test_a_card_without_buttons_of_its_own_is_acknowledged(telling: Telling) -> None:
    await telling.reaches("li", wecom_userid="LiJie", display_name="李师傅")
    await telling.tells()
    await telling.sends()
    (card,) = telling.seen("wecom")
    await presses(telling, card["taskId"], "acknowledge")
    assert shown(telling, card["taskId"])["replace_text"] == "李师傅 已看到 09:30"


async def test_saving_the_callbacks_settings_and_what_is_not_signed(telling: Telling) -> None:
    simulated = telling.simulators.wecom._settings
    crypto = MessageCrypto(simulated.wecom_token, simulated.wecom_aes_key, simulated.wecom_corp_id)
    strange = replace(simulated, wecom_corp_id="ww-another")
    service = telling.service()
    transport = httpx.ASGITransport(service.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://dispatch") as client:

        async def calls(method: str, encrypted: str, **changes: str) -> httpx.Response:
            timestamp = str(int(telling.dispatch.clock.now().timestamp()))
            query = {
                "timestamp": timestamp,
                "nonce": "n",
                "msg_signature": crypto.signature(timestamp, "n", encrypted),
            } | changes
            body = wechat_xml.encrypted_envelope("ww", encrypted).encode()
            return await client.request(
                method, "/platforms/wecom/callback", params=query, content=body
            )

        echo = crypto.encrypt("12345")
        answer = await calls("GET", echo, echostr=echo)
        assert (answer.status_code, answer.text) == (200, "12345")
        event = crypto.encrypt("<xml><Event>enter_agent</Event></xml>")
        assert (await calls("POST", event)).status_code == 200
        assert (await calls("POST", event, msg_signature="0" * 40)).status_code == 403
        old = str(int(telling.dispatch.clock.now().timestamp()) - 301)
        assert (await calls("POST", event, timestamp=old)).status_code == 403
        meant_for_another = MessageCrypto(
            strange.wecom_token, strange.wecom_aes_key, strange.wecom_corp_id
        ).encrypt("<xml/>")
        assert (await calls("POST", meant_for_another)).status_code == 403
    for close in service.closing:
        await close()


async def test_an_alert_is_taken_on_from_its_message(telling: Telling) -> None:
    _, work_order_id = await one_card(telling)
    warned = DeadlineWarned(
        complaint_id="c1",
        county=COUNTY,
        stage="reply",
        due_at=DUE,
        warned_at=telling.dispatch.clock.now(),
        step=50,
        level=Level.CREW_LEADER,
    )
    await telling.dispatch.receives(deadlines_set("c1"), warned)
    alert = await the_alert(telling)
    buttons = [*BOTH, Button.ACKNOWLEDGE]
    await telling.tells(alert=f"{alert.id}/50", work_order_id=work_order_id, buttons=buttons)
    await telling.sends()
    card = telling.seen("wecom")[-1]
    await presses(telling, card["taskId"], "acknowledge")
    assert (await the_alert(telling)).taken_by == "li"
    now = telling.seen("wecom", "card_updated")[-1]["card"]
    assert now["sub_title_text"].startswith("由 李师傅 处理 09:30")
    assert [each["key"] for each in now["button_list"]] == ["accept", "on_site"]
    await presses(telling, card["taskId"], "accept")
    now = telling.seen("wecom", "card_updated")[-1]["card"]
    assert [each["key"] for each in now["button_list"]] == ["on_site"]
