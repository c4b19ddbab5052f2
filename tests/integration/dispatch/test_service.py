"""Dispatch put together: what comes over the bus, once; what cannot work, parked."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from services.dispatch.county_file import BadCountyFile
from services.dispatch.service import build
from services.dispatch.settings import DispatchSettings
from shared.bus.embedded import EmbeddedBus
from shared.bus.protocol import Position, Received
from shared.bus.tables import parked
from shared.bus.topics import COMPLAINTS, REPLIES
from shared.events.event import Event, to_message
from shared.service import Service
from tests.conftest import NOW
from tests.integration.dispatch.events import chased, deadlines_set, decided, received
from tests.integration.dispatch.harness import Dispatch

SECRET = "a secret of the tests, long enough"


@pytest.fixture
async def service(dispatch: Dispatch) -> AsyncIterator[Service]:
    bus = EmbeddedBus("postgresql://127.0.0.1:1/unused")
    made = build(DispatchSettings(), dispatch.database, bus, secret=SECRET)
    yield made
    for close in made.closing:
        await close()


def over_the_bus(*events: Event) -> list[Received]:
    return [
        Received(
            to_message(
                event, event_id=f"e{n}", source="/test", time=NOW, traceparent="", sequence=n
            ),
            Position(event.topic, 0, n),
        )
        for n, event in enumerate(events)
    ]


async def test_a_batch_that_comes_twice_is_done_once(dispatch: Dispatch, service: Service) -> None:
    assert service.consumer is not None
    assert (service.consumer.name, service.consumer.topics) == ("dispatch", (COMPLAINTS, REPLIES))
    batch = over_the_bus(
        received("c1"), received("c2", needs_human=True), decided("c2"), deadlines_set("c1")
    )
    await service.consumer.handle(batch)
    await service.consumer.handle(batch)
    assert (await dispatch.work_order()).complaints == 2


async def test_news_of_an_unknown_complaint_is_parked_and_the_others_go_on(
    dispatch: Dispatch, service: Service
) -> None:
    assert service.consumer is not None
    await service.consumer.handle(over_the_bus(received("c1"), chased("unknown", times=1)))
    assert (await dispatch.work_order()).complaints == 1
    async with dispatch.database.reading() as session:
        keys = (await session.execute(select(parked.c.key))).scalars().all()
    assert keys == ["unknown"]


async def test_a_county_file_that_does_not_fit_is_said_at_once(
    dispatch: Dispatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATERDESK_COUNTY_FILE", "nowhere.yaml")
    bus = EmbeddedBus("postgresql://127.0.0.1:1/unused")
    with pytest.raises(BadCountyFile):
        build(DispatchSettings(), dispatch.database, bus, secret=SECRET)
