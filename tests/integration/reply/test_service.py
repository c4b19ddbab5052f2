"""Reply as it runs: from the bus through the tasks to the platform, and back onto the bus."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from services.reply.models import ReplyState
from services.reply.service import build
from shared.bus.embedded import EmbeddedBus
from shared.bus.relay import relay_batch
from shared.bus.topics import ALL, COMPLAINTS, REPLIES, WORK_ORDERS
from shared.events.event import Event, to_message
from shared.events.replies import DeadlinesSet, ReplyApproved, ReplyDelivered, ReplyDrafted
from shared.service import Service
from tests.integration.reply.events import linked, received, repaired
from tests.integration.reply.postbox import SECRET, Postbox, settings


@pytest.fixture
async def bus(empty_database_url: str) -> AsyncIterator[EmbeddedBus]:
    opened = EmbeddedBus(empty_database_url)
    await opened.start()
    await opened.ensure_topics(ALL)
    yield opened
    await opened.close()


@pytest.fixture
async def service(postbox: Postbox, bus: EmbeddedBus) -> AsyncIterator[Service]:
    built = build(
        settings(), postbox.harness.database, bus, secret=SECRET, transport=postbox.transport
    )
    yield built
    for close in built.closing:
        await close()


async def test_from_the_bus_to_the_platform_and_back(
    postbox: Postbox, bus: EmbeddedBus, service: Service
) -> None:
    database = postbox.harness.database
    assert service.consumer is not None
    assert set(service.consumer.topics) == {COMPLAINTS, WORK_ORDERS}
    number = postbox.simulators.hotline.add_ticket({"issueDesc": "没水"})
    sent: list[Event] = [linked(), repaired(), received(external_id=number)]
    await bus.publish(
        [
            to_message(
                event,
                event_id=f"e{number}",
                source="/waterdesk/test",
                time=database.clock.now(),
                traceparent="00-00000000000000000000000000000001-0000000000000001-01",
                sequence=number,
            )
            for number, event in enumerate(sent)
        ]
    )
    async with bus.subscribe("reply", service.consumer.topics) as subscription:
        handled = 0
        while handled < len(sent):
            handled += await service.consumer.poll_once(subscription, asyncio.Event())
    await postbox.approves("c1")
    for task in service.tasks:
        while await task.once():
            pass
    assert (await postbox.harness.live_reply()).state == ReplyState.DELIVERED
    names = {task.name for task in service.tasks}
    others = {"ask_residents", "extensions", "acknowledge", "templates", "interim", "probe"}
    assert names == {"sweep", "send", "recount", "end_pauses", *others}
    assert len(list(postbox.simulators.journal.entries(kind="replied"))) == 1
    async with database.connect() as connection:
        while await relay_batch(connection, bus):
            pass
    async with bus.read_from(REPLIES, None) as reading:
        types = [item.message.headers["ce_type"] for item in await reading.poll(100, 1)]
    assert types.count(DeadlinesSet.type) == 1  # 12345 itself asks whether it is solved
    for kind in (ReplyDrafted, ReplyApproved, ReplyDelivered):
        assert types.count(kind.type) == 1
