"""Everybody sees which platform has not answered for too long."""

from datetime import timedelta
from typing import Any

import pytest

from shared.clock import ManualClock
from tests.integration.console.conftest import Reachable, SignedIn
from tests.integration.console.county import STAFF
from tests.integration.console.stand_ins import Recorded

OUTAGES = "/replies/outages"


@pytest.fixture
def hotline(recorded: Recorded, clock: ManualClock) -> dict[str, Any]:
    """12345, unavailable since a moment ago."""
    platform = {
        "platform": "hotline_12345",
        "last_success_at": (clock.now() - timedelta(hours=1)).isoformat(),
        "last_failure_at": clock.now().isoformat(),
        "failure": "unavailable",
        "unavailable_since": clock.now().isoformat(),
        "waiting": 4,
        "waiting_since": None,
    }
    recorded.platforms.append(platform)
    return platform


@pytest.mark.parametrize("name", STAFF)
async def test_everybody_is_told_of_an_outage_after_two_minutes(
    signed_in: SignedIn, hotline: dict[str, Any], clock: ManualClock, name: str
) -> None:
    person = await signed_in(name)
    htmx = {"HX-Request": "true"}
    assert "12345" not in (await person.get(OUTAGES, headers=htmx)).text
    clock.advance(timedelta(minutes=2))
    banner = (await person.get(OUTAGES, headers=htmx)).text
    assert "12345 热线连不上" in banner
    assert "4 件等待送出" in banner


async def test_every_page_asks_for_the_banner(signed_in: SignedIn) -> None:
    desk = await signed_in("wang.diaodu")
    for path in ("/", "/waiting", "/replies", "/complaints/complaint-01"):
        assert f'hx-get="{OUTAGES}" hx-trigger="load' in (await desk.get(path)).text


async def test_a_short_outage_stands_on_the_page_of_replies(
    signed_in: SignedIn, hotline: dict[str, Any]
) -> None:
    page = (await (await signed_in("wang.diaodu")).get("/replies")).text
    assert 'id="platform-hotline_12345"' in page
    assert "平台暂时连不上" in page


async def test_where_reply_cannot_be_reached_the_banner_says_so(
    signed_in: SignedIn, reply: Reachable
) -> None:
    crew = await signed_in("li.weixiu")
    reply.unavailable = True
    answer = await crew.get(OUTAGES, headers={"HX-Request": "true"})
    assert (answer.status_code, "回复服务暂时连不上" in answer.text) == (200, True)


async def test_reply_is_asked_once_in_some_seconds(
    signed_in: SignedIn, hotline: dict[str, Any], clock: ManualClock
) -> None:
    desk = await signed_in("wang.diaodu")
    clock.advance(timedelta(minutes=5))
    assert "连不上" in (await desk.get(OUTAGES)).text
    hotline["unavailable_since"] = None
    assert "12345 热线连不上" in (await desk.get(OUTAGES)).text
    clock.advance(timedelta(seconds=5))
    assert "12345 热线连不上" not in (await desk.get(OUTAGES)).text
