"""What the consumer does with duplicates, with events that cannot be handled, and with errors."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.testing import capture_logs

from shared.bus.consumer import Consumer
from shared.bus.outbox import Outbox
from shared.bus.parked_queries import list_parked
from shared.bus.protocol import Message, Received
from shared.bus.tables import inbox, outbox
from shared.bus.transient_errors import TransientError
from shared.events.event import Envelope
from tests.integration.bus import ledger
from tests.integration.bus.conftest import World
from tests.integration.bus.messages import received, trace_of


async def parked(world: World) -> list[tuple[str, int]]:
    async with world.keeper.reading() as session:
        return [(one.key, one.events) for one in await list_parked(session, "ledger")]


async def test_the_same_event_twice_in_one_batch_is_done_once(world: World) -> None:
    await world.consumer.handle([received("a", 1), received("a", 1), received("a", 2)])
    assert await ledger.booked(world.keeper) == {"a": [1, 2]}


async def test_reading_everything_again_changes_nothing(world: World) -> None:
    batch = [received("a", 1), received("b", 1), received("a", 2)]
    await world.consumer.handle(batch)
    await world.consumer.handle(batch)
    await world.consumer.handle(list(reversed(batch)))
    assert await ledger.booked(world.keeper) == {"a": [1, 2], "b": [1]}


async def test_two_replicas_at_the_same_events_do_them_once(world: World) -> None:
    batch = [received(account, number) for number in range(1, 40) for account in "abc"]
    await asyncio.gather(*(world.consumer.handle(batch) for _ in range(4)))
    booked = await ledger.booked(world.keeper)
    assert booked == {account: list(range(1, 40)) for account in "abc"}


async def test_an_event_that_cannot_work_is_parked_with_all_that_follows_of_its_key(
    world: World,
) -> None:
    await world.consumer.handle(
        [received("a", 1), received("b", -1), received("b", 2), received("a", 3)]
    )
    await world.consumer.handle([received("b", 4), received("a", 4)])
    assert await ledger.booked(world.keeper) == {"a": [1, 3, 4]}
    assert await parked(world) == [("b", 3)]


async def test_an_unreadable_event_is_parked_and_the_others_go_on(world: World) -> None:
    await world.consumer.handle([received("a", 1, value=b"{"), received("b", 1)])
    assert await ledger.booked(world.keeper) == {"b": [1]}
    assert await parked(world) == [("a", 1)]


async def test_a_parked_key_is_released_in_order_once_it_can_work(world: World) -> None:
    refusing = True

    async def on_deposited(
        session: AsyncSession,
        outbox: Outbox,
        events: Sequence[Envelope[ledger.Deposited]],
        now: datetime,
    ) -> None:
        if refusing and any(event.data.account == "b" for event in events):
            raise ledger.CannotWork
        await ledger.on_deposited(session, outbox, events, now)

    consumer = Consumer(
        "ledger", world.keeper, world.bus, [ledger.TOPIC], {ledger.Deposited: on_deposited}
    )
    await consumer.handle([received("b", 1), received("b", 2), received("a", 1)])
    assert await consumer.release("b") == 0
    assert await parked(world) == [("b", 2)]

    refusing = False
    assert await consumer.release("b") == 2
    await consumer.handle([received("b", 3)])
    assert await ledger.booked(world.keeper) == {"a": [1], "b": [1, 2, 3]}
    assert await parked(world) == []


async def test_a_dropped_event_lets_the_rest_of_its_key_go_on(world: World) -> None:
    await world.consumer.handle([received("b", -1), received("b", 2)])
    assert await world.consumer.drop("b") == 1
    assert await ledger.booked(world.keeper) == {"b": [2]}
    with pytest.raises(LookupError):
        await world.consumer.drop("b")


async def test_what_passes_by_itself_is_raised_and_leaves_no_trace(world: World) -> None:
    async def on_deposited(
        session: AsyncSession,
        outbox: Outbox,
        events: Sequence[Envelope[ledger.Deposited]],
        now: datetime,
    ) -> None:
        await ledger.on_deposited(session, outbox, events, now)
        raise TransientError

    consumer = Consumer(
        "ledger", world.keeper, world.bus, [ledger.TOPIC], {ledger.Deposited: on_deposited}
    )
    with pytest.raises(TransientError):
        await consumer.handle([received("a", 1)])
    assert await ledger.booked(world.keeper) == {}
    assert await parked(world) == []
    async with world.keeper.reading() as session:
        assert await session.scalar(select(func.count()).select_from(inbox)) == 0


async def test_an_event_too_large_for_any_bus_fails_its_own_transaction(world: World) -> None:
    with pytest.raises(ValueError, match="at most"):
        await ledger.deposit(world.sender, ("x" * 2_000_000, 1))


async def test_a_type_this_code_knows_nothing_of_is_counted_and_logged_once(world: World) -> None:
    deposit = received("a", 1)
    headers = {**deposit.message.headers, "ce_type": "cn.waterdesk.future.v1"}
    future = Received(Message(ledger.TOPIC, "a", headers, b"{}"), deposit.position)
    with capture_logs() as logged:
        await world.consumer.handle([future, deposit])
        await world.consumer.handle([future])
    assert world.consumer.unknown_types == {"cn.waterdesk.future.v1": 2}
    assert [line["type"] for line in logged if line["event"] == "unknown_event_type"] == [
        "cn.waterdesk.future.v1"
    ]
    assert await ledger.booked(world.keeper) == {"a": [1]}


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"ce_id": ""}, id="no id"),
        pytest.param({"ce_id": "i" * 3000}, id="an id too long for any index"),
        pytest.param({"ce_id": "n\0l"}, id="an id with NUL"),
        pytest.param({"x": "n\0l"}, id="a header with NUL"),
    ],
)
async def test_a_message_that_could_not_even_be_parked_is_passed_over(
    world: World, headers: dict[str, str]
) -> None:
    deposit = received("a", 1)
    strange = Message(ledger.TOPIC, "a", {**deposit.message.headers, **headers}, b"")
    await world.consumer.handle([Received(strange, deposit.position), deposit])
    assert await ledger.booked(world.keeper) == {"a": [1]}
    assert await parked(world) == []
    assert world.consumer.unknown_types.total() == 1


async def test_an_event_goes_on_with_the_trace_of_the_event_that_caused_it(world: World) -> None:
    await world.consumer.handle([received("a", 1), received("b", 2), received("c", 3)])
    async with world.keeper.reading() as session:
        rows = await session.execute(select(outbox.c.key, outbox.c.headers))
        traces = {key: headers["traceparent"] for key, headers in rows}
    assert traces == {"a": trace_of(1), "b": trace_of(2), "c": trace_of(3)}
