"""What 12345 alone can do: returns, acceptance, closed tickets."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from services.reply.channels.channel import Ambiguous, OutgoingReply, Refused
from services.reply.channels.hotline_12345 import HotlineChannel, HotlineSettings
from shared.clock import ManualClock
from waterdesk.simulators.failure_modes import FailureMode
from waterdesk.simulators.settings import SimulatorSettings
from waterdesk.simulators.simulators import Simulators


@dataclass(frozen=True)
class City:
    simulators: Simulators
    channel: HotlineChannel
    reply: OutgoingReply
    now: datetime

    def journal(self, kind: str) -> list[dict[str, Any]]:
        return [dict(entry.data) for entry in self.simulators.journal.entries(kind=kind)]


@pytest.fixture
async def city(
    platforms: tuple[Simulators, httpx.ASGITransport], clock: ManualClock, ours: SimulatorSettings
) -> AsyncIterator[City]:
    simulators, transport = platforms
    settings = HotlineSettings("http://city/12345", ours.hotline_app_id, ours.hotline_secret)
    channel = HotlineChannel(settings, clock, transport=transport)
    number = simulators.hotline.add_ticket({"issueDesc": "没水"})
    yield City(
        simulators,
        channel,
        OutgoingReply("r-1", number, "已修复", solved=True),
        clock.now(),
    )
    await channel.close()


async def test_a_reply_says_whether_the_resident_was_contacted_and_helped(city: City) -> None:
    await city.channel.send(replace(city.reply, contacted_at=city.now))
    await city.channel.send(
        replace(city.reply, request_id="r-2", solved=False, text="待更换水泵", is_true=False)
    )
    first, second = (entry["body"] for entry in city.journal("replied"))
    assert first == {
        "requestId": "r-1",
        "handleSituation": "已修复",
        "isTrue": True,
        "contacted": True,
        "contactTime": "2026-10-12 09:30:00",
        "solved": True,
        "publicAnswer": "已修复",
        "unsolvedReason": "",
    }
    assert (second["contacted"], second["contactTime"]) == (False, "")
    assert (second["solved"], second["unsolvedReason"]) == (False, "待更换水泵")
    assert not second["isTrue"]


async def test_what_is_not_ours_is_returned_with_reason_and_who_is_responsible(
    city: City,
) -> None:
    back = replace(city.reply, returned=True, text="屋顶漏水不属供水", responsible="镇住建所")
    receipt = await city.channel.send(back)
    assert city.journal("replied") == []
    (entry,) = city.journal("returned")
    assert entry["body"] == {
        "requestId": "r-1",
        "reason": "屋顶漏水不属供水",
        "responsible": "镇住建所",
    }
    assert await city.channel.look(back) == receipt


async def test_a_ticket_is_accepted_in_office_time(city: City) -> None:
    await city.channel.acknowledge(city.reply.external_id, "值班员", city.now)
    (entry,) = city.journal("accepted")
    assert entry["acceptTime"] == "2026-10-12 09:30:00"
    assert entry["officer"] == "值班员"


async def test_an_ambiguous_acceptance_is_simply_made_again(city: City) -> None:
    city.simulators.hotline.failures.add(FailureMode.TIMEOUT_AFTER_ACCEPTING, on="accept")
    with pytest.raises(Ambiguous):
        await city.channel.acknowledge(city.reply.external_id, "值班员", city.now)
    await city.channel.acknowledge(city.reply.external_id, "值班员", city.now)
    assert {entry["issueNumber"] for entry in city.journal("accepted")} == {city.reply.external_id}


async def test_a_closed_ticket_takes_no_reply_and_still_shows_the_earlier_one(
    city: City,
) -> None:
    receipt = await city.channel.send(city.reply)
    city.simulators.hotline.close_ticket(city.reply.external_id)
    with pytest.raises(Refused, match="HTTP 409 code 40901"):
        await city.channel.send(replace(city.reply, request_id="r-2"))
    assert await city.channel.look(city.reply) == receipt


async def test_an_empty_reply_is_refused_by_the_platform(city: City) -> None:
    with pytest.raises(Refused, match="HTTP 400 code 40001"):
        await city.channel.send(replace(city.reply, text=""))


async def test_the_receipt_carries_the_platforms_number_and_time(
    city: City, clock: ManualClock
) -> None:
    clock.advance(timedelta(minutes=5))
    receipt = await city.channel.send(city.reply)
    assert receipt is not None
    assert receipt.number == f"{city.reply.external_id}-1"
    assert receipt.received_at == city.now + timedelta(minutes=5)


@pytest.mark.parametrize(
    "answer",
    [
        {"code": 0},
        {"code": 0, "receiptNumber": None, "receivedAt": "今天"},
        {"code": 0, "receiptNumber": 7, "receivedAt": 9.5},
    ],
)
async def test_a_reply_taken_with_an_odd_receipt_is_taken_all_the_same(
    answer: dict[str, object], clock: ManualClock
) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=answer))
    channel = HotlineChannel(HotlineSettings("http://city", "a", "s"), clock, transport=transport)
    receipt = await channel.send(OutgoingReply("r-1", "7", "已修复", solved=True))
    await channel.close()
    assert receipt is not None
    assert (receipt.number, receipt.received_at) == ("r-1", clock.now())


async def test_a_number_with_odd_characters_stays_one_part_of_the_address(
    clock: ManualClock,
) -> None:
    asked = []

    def city(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.raw_path)
        return httpx.Response(200, json={"code": 0, "replies": [None, {"requestId": 1}]})

    channel = HotlineChannel(
        HotlineSettings("http://city", "a", "s"), clock, transport=httpx.MockTransport(city)
    )
    assert await channel.look(OutgoingReply("r", "甲/1?x", "t", solved=True)) is None
    await channel.close()
    assert asked == [b"/api/orders/%E7%94%B2%2F1%3Fx/replies"]
