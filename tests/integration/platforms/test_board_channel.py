"""What the board alone does: answers that appear late, and in the web page's own spacing."""

from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from services.reply.channels.channel import OutgoingReply
from services.reply.channels.message_board import BoardChannel, BoardSettings
from shared.clock import ManualClock
from shared.http import PlatformRejected, PlatformUnavailable, RetryPolicy
from shared.platform_kit.message_board_reader import BoardAccess
from waterdesk.simulators.failure_modes import FailureMode
from waterdesk.simulators.settings import SimulatorSettings
from waterdesk.simulators.simulators import Simulators

WORDS = "网友您好：\n  水管已修复。"


def reply_to(tid: str) -> OutgoingReply:
    return OutgoingReply("r-1", tid, WORDS, solved=True)


async def test_an_answer_under_review_is_found_once_it_is_published(
    platforms: tuple[Simulators, httpx.ASGITransport], clock: ManualClock, ours: SimulatorSettings
) -> None:
    simulators, transport = platforms
    channel = BoardChannel(
        BoardSettings(
            access=BoardAccess("http://board/board", ours.board_app_code),
            organization="某县水利局",
            back_office_url="http://board/board",
            back_office_key=ours.board_backoffice_key,
        ),
        clock,
        transport=transport,
    )
    reply = reply_to(str(simulators.board.post_thread({"content": "没水"})))
    simulators.board.failures.add(FailureMode.LATE, on="answer", amount=2)
    assert await channel.send(reply) is None
    assert channel.appears_within >= timedelta(days=1)
    answered_at = clock.now()
    clock.advance(timedelta(hours=3))
    assert [await channel.look(reply) for _ in range(2)] == [None, None]
    receipt = await channel.look(reply)
    assert receipt is not None
    assert receipt.received_at == answered_at
    assert reply.external_id in receipt.number
    assert await channel.look(replace(reply, text=WORDS + "另")) is None
    await channel.close()


def shown(content: object, organization: object) -> dict[str, object]:
    return {
        "code": "0000",
        "resultData": {
            "contentList": [
                {"dataType": 1, "content": WORDS, "organization": "甲局"},
                None,
                {
                    "dataType": 4,
                    "content": content,
                    "organization": organization,
                    "dateline": 1795396500,
                },
            ]
        },
    }


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (shown(WORDS, "甲局"), True),
        (shown("网友您好： 水管已修复。\n", " 甲局"), True),
        (shown("网友您好：水管已修复。", "甲局"), True),
        (shown(WORDS, "乙局"), False),
        (shown("网友您好：水管未修复。", "甲局"), False),
        (shown(None, "甲局"), False),
        ({"code": "0000", "resultData": {"contentList": []}}, False),
        ({"code": "SN0404"}, False),
    ],
)
async def test_an_answer_is_known_by_its_words_and_its_organisation(
    answer: object, found: bool, clock: ManualClock
) -> None:
    assert (await looked(httpx.Response(200, json=answer), clock) is not None) is found


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(200, json={"code": "SN0006"}), PlatformRejected),
        (httpx.Response(200, json={"code": "SN9999"}), PlatformRejected),
        (httpx.Response(200, json={}), PlatformRejected),
        (httpx.Response(200, json={"code": "0000"}), PlatformUnavailable),
        (httpx.Response(200, json={"code": "0000", "resultData": []}), PlatformUnavailable),
        (httpx.Response(403, text="WAF"), PlatformUnavailable),
        (httpx.Response(502), PlatformUnavailable),
    ],
)
async def test_what_cannot_be_read_is_not_taken_for_nothing_found(
    answer: httpx.Response, error: type[Exception], clock: ManualClock
) -> None:
    with pytest.raises(PlatformUnavailable) as caught:
        await looked(answer, clock)
    assert type(caught.value) is error


async def looked(answer: httpx.Response, clock: ManualClock) -> object:
    settings = BoardSettings(
        access=BoardAccess("http://board", "code"),
        organization="甲局",
        back_office_url="http://office",
        back_office_key="k",
    )
    channel = BoardChannel(
        settings,
        clock,
        retry_policy=RetryPolicy(attempts=2, first_wait=0),
        transport=httpx.MockTransport(lambda _: answer),
    )
    try:
        return await channel.look(reply_to("18000001"))
    finally:
        await channel.close()
