"""签收: the platform is told once somebody is on it, with patience, and never by guesswork."""

import pytest

from shared.events.complaints import Decision
from tests.conftest import NOW
from tests.integration.reply.events import HOUR, NOT_OURS, decided, decision, linked, received
from tests.integration.reply.postbox import Postbox
from waterdesk.simulators.failure_modes import FailureMode


def _accepted(postbox: Postbox) -> list[dict[str, object]]:
    return [dict(entry.data) for entry in postbox.simulators.journal.entries(kind="accepted")]


async def _received(postbox: Postbox, what: Decision | None = None) -> str:
    number = postbox.simulators.hotline.add_ticket({"issueDesc": "没水"})
    await postbox.harness.receives(received(external_id=number, decision=what or decision()))
    return number


async def test_an_order_is_accepted_on_the_platform_when_it_is_linked(postbox: Postbox) -> None:
    number = await _received(postbox)
    assert await postbox.acknowledge() == 0
    await postbox.harness.receives(linked(at=NOW + HOUR))
    await postbox.acknowledge()
    (accepted,) = _accepted(postbox)
    assert accepted["issueNumber"] == number
    assert accepted["acceptTime"] == "2026-10-12 10:30:00"
    assert await postbox.acknowledge() == 0
    assert (await postbox.harness.complaint()).acknowledged_at == postbox.now


async def test_it_is_accepted_when_a_person_decides(postbox: Postbox) -> None:
    await _received(postbox)
    await postbox.harness.receives(decided(category="billing", at=NOW))
    await postbox.acknowledge()
    assert len(_accepted(postbox)) == 1


@pytest.mark.parametrize(
    "kind", [FailureMode.ERROR_5XX, FailureMode.TIMEOUT_BEFORE_ACCEPTING, FailureMode.WAF_403]
)
async def test_it_is_tried_again_until_the_platform_takes_it(
    postbox: Postbox, kind: FailureMode
) -> None:
    await _received(postbox)
    await postbox.harness.receives(linked())
    postbox.simulators.hotline.failures.add(kind, times=2, on="accept")
    for _ in range(4):
        await postbox.acknowledge()
        postbox.harness.clock.advance(HOUR)
    assert len(_accepted(postbox)) == 1


async def test_a_closed_order_is_not_asked_for_ever(postbox: Postbox) -> None:
    number = await _received(postbox)
    await postbox.harness.receives(linked())
    postbox.simulators.hotline.close_ticket(number)
    await postbox.acknowledge()
    postbox.harness.clock.advance(100 * HOUR)
    assert await postbox.acknowledge() == 0


async def test_other_platforms_want_no_acknowledgement(postbox: Postbox) -> None:
    await postbox.harness.receives(received(platform="message_board"), linked())
    assert await postbox.acknowledge() == 0


async def test_what_is_not_ours_and_nobody_took_up_is_not_accepted(postbox: Postbox) -> None:
    await _received(postbox, NOT_OURS)
    assert await postbox.acknowledge() == 0
