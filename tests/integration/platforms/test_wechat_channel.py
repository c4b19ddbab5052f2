"""What WeChat alone does: windows, subscription notices, tokens that end."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.reply.channels.channel import (
    Ambiguous,
    OutgoingReply,
    PlatformUnavailable,
    Refused,
    Unreachable,
)
from services.reply.channels.wechat import WeChatChannel, WeChatSettings
from shared.clock import ManualClock
from shared.http import PlatformRejected
from waterdesk.simulators.failure_modes import FailureMode
from waterdesk.simulators.settings import SimulatorSettings
from waterdesk.simulators.simulators import Simulators

REPLY = OutgoingReply(
    "r-1", "24", "水管已修复，三组恢复供水，感谢来信。", solved=True, handle="o-1"
)


@dataclass(frozen=True)
class Account:
    simulators: Simulators
    channel: WeChatChannel
    without_notices: WeChatChannel

    def sent(self, kind: str) -> list[dict[str, Any]]:
        return [dict(entry.data) for entry in self.simulators.journal.entries(kind=kind)]


@pytest.fixture
async def account(
    platforms: tuple[Simulators, httpx.ASGITransport], clock: ManualClock, ours: SimulatorSettings
) -> AsyncIterator[Account]:
    simulators, transport = platforms
    settings = WeChatSettings(
        "http://api/wechat", ours.wechat_app_id, ours.wechat_app_secret, template_id="notice-1"
    )
    channel = WeChatChannel(settings, clock, transport=transport)
    without = WeChatChannel(replace(settings, template_id=None), clock, transport=transport)
    simulators.wechat.write_message("o-1", "没水")
    yield Account(simulators, channel, without)
    await channel.close()
    await without.close()


async def test_after_48_hours_a_notice_goes_out_instead(
    account: Account, clock: ManualClock
) -> None:
    clock.advance(timedelta(hours=48, seconds=1))
    receipt = await account.channel.send(REPLY)
    assert receipt is not None
    assert account.sent("customer_message") == []
    (notice,) = account.sent("template_message")
    assert notice["body"]["touser"] == "o-1"
    assert notice["body"]["template_id"] == "notice-1"
    assert notice["body"]["data"] == {"thing1": {"value": REPLY.text}}


async def test_a_notice_holds_twenty_characters(account: Account, clock: ManualClock) -> None:
    clock.advance(timedelta(hours=49))
    await account.channel.send(replace(REPLY, text="一二三四五六七八九十\n" * 3))
    (notice,) = account.sent("template_message")
    value = notice["body"]["data"]["thing1"]["value"]
    assert value == "一二三四五六七八九十 一二三四五六七八…"
    assert len(value) == 20


async def test_the_sixth_message_goes_out_as_a_notice(account: Account) -> None:
    for n in range(6):
        await account.channel.send(replace(REPLY, request_id=f"r-{n}"))
    assert len(account.sent("customer_message")) == 5
    assert len(account.sent("template_message")) == 1


async def test_without_a_notice_a_closed_window_waits_for_a_person(
    account: Account, clock: ManualClock
) -> None:
    clock.advance(timedelta(hours=49))
    with pytest.raises(Refused, match="45015"):
        await account.without_notices.send(REPLY)


async def test_an_ended_token_is_renewed_and_the_message_sent_once(account: Account) -> None:
    await account.channel.send(REPLY)
    account.simulators.wechat.tokens.expire_all()
    await account.channel.send(replace(REPLY, request_id="r-2"))
    assert len(account.sent("customer_message")) == 2
    assert len(account.sent("token_issued")) == 2


async def test_without_a_token_nothing_is_sent_and_it_is_tried_later(account: Account) -> None:
    for kind in (
        FailureMode.ERROR_5XX,
        FailureMode.TIMEOUT_BEFORE_ACCEPTING,
        FailureMode.WAF_403,
    ):
        account.simulators.wechat.failures.add(kind, on="token")
        with pytest.raises(PlatformUnavailable):
            await account.channel.send(REPLY)
    assert account.sent("customer_message") == []
    await account.channel.send(REPLY)
    assert len(account.sent("customer_message")) == 1


async def test_a_notice_that_may_have_gone_out_is_ambiguous(
    account: Account, clock: ManualClock
) -> None:
    clock.advance(timedelta(hours=49))
    account.simulators.wechat.failures.add(
        FailureMode.TIMEOUT_AFTER_ACCEPTING, on="template_message"
    )
    with pytest.raises(Ambiguous):
        await account.channel.send(REPLY)


async def test_nobody_can_be_answered_without_a_handle(account: Account) -> None:
    with pytest.raises(Refused, match="no handle"):
        await account.channel.send(replace(REPLY, handle=None))


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"errcode": -1}, PlatformUnavailable),
        ({"errcode": 45009}, PlatformUnavailable),
        ({"errcode": 45011}, PlatformUnavailable),
        ({"errcode": 40001}, PlatformRejected),
        ({"errcode": 48001}, PlatformRejected),
        ({"errcode": 43101, "errmsg": "o-1"}, Unreachable),
        ({"errcode": 45002}, Refused),
        ({"errcode": "o-1"}, Ambiguous),
        ({"errcode": [1]}, Ambiguous),
        ({}, Ambiguous),
        ([], Ambiguous),
    ],
)
async def test_what_wechat_answers(
    answer: object, error: type[Exception], clock: ManualClock
) -> None:
    def wechat(request: httpx.Request) -> httpx.Response:
        token = {"access_token": "t", "expires_in": 7200}
        return httpx.Response(200, json=token if "token" in request.url.path else answer)

    settings = WeChatSettings("http://api", "wx", "s")
    channel = WeChatChannel(settings, clock, transport=httpx.MockTransport(wechat))
    with pytest.raises(Exception) as caught:
        await channel.send(REPLY)
    await channel.close()
    assert type(caught.value) is error
    assert "o-1" not in str(caught.value)


@pytest.mark.parametrize("answer", [[], {"access_token": "t"}, {"errcode": 40164}, {"errcode": -1}])
async def test_odd_answers_about_the_token_send_nothing(answer: object, clock: ManualClock) -> None:
    paths = []

    def wechat(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.path)
        return httpx.Response(200, json=answer)

    settings = WeChatSettings("http://api", "wx", "s")
    channel = WeChatChannel(settings, clock, transport=httpx.MockTransport(wechat))
    with pytest.raises(PlatformUnavailable):
        await channel.send(REPLY)
    await channel.close()
    assert set(paths) == {"/cgi-bin/stable_token"}
