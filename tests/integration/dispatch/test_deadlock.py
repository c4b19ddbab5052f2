"""A batch and a click that lock each other out: both are done, and nobody sees an error."""

import asyncio
from collections.abc import Sequence

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.commands import Close, Merge
from services.dispatch.handlers import dispatcher_steps, on_complaints
from services.dispatch.handlers.locks import lock
from services.dispatch.handlers.work_order_guards import lock_work_orders
from services.dispatch.models import Complaint, WorkOrder
from services.dispatch.subscriptions import handlers
from shared.bus.consumer import Consumer
from shared.bus.embedded import EmbeddedBus
from shared.bus.protocol import Received
from shared.bus.topics import COMPLAINTS
from tests.integration.bus.messages import over_the_bus
from tests.integration.dispatch.events import chased, received
from tests.integration.dispatch.harness import Dispatch


async def test_a_deadlock_between_two_clicks_is_retried(
    dispatch: Dispatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One locks the work orders in the wrong order, as no code of ours does."""
    await dispatch.receives(received("c1", component="pump"), received("c2", component="well"))
    pump, well = await dispatch.work_order_of("c1"), await dispatch.work_order_of("c2")
    both_hold_one = asyncio.Barrier(2)
    runs = 0

    async def lock_one_by_one(context, person, *ids, with_scheme=False):  # type: ignore[no-untyped-def]
        nonlocal runs
        runs += 1
        first = await lock_work_orders(context, person, ids[0])
        if runs <= 2:
            await both_hold_one.wait()
        return [*first, *await lock_work_orders(context, person, *ids[1:])]

    monkeypatch.setattr(dispatcher_steps, "lock_work_orders", lock_one_by_one)
    results = await asyncio.gather(
        dispatch.takes(Merge(into=pump.id), well.id),
        dispatch.takes(Merge(into=well.id), pump.id),
        return_exceptions=True,
    )
    assert runs == 3
    merged = [each for each in results if isinstance(each, WorkOrder)]
    assert [each.outcome for each in merged] == ["merged"]


class OneBatch:
    """A subscription with one batch to handle."""

    def __init__(self, *received: Received) -> None:
        self._received = received

    async def poll(self, max_messages: int, timeout: float) -> Sequence[Received]:
        return self._received

    async def commit(self) -> None:
        pass


@pytest.mark.parametrize("victim", ["batch", "click"])
async def test_a_deadlock_between_a_batch_and_a_click_is_retried(
    dispatch: Dispatch, monkeypatch: pytest.MonkeyPatch, victim: str
) -> None:
    """The click locks a complaint before its work order, as no code of ours does. PostgreSQL ends
    the one that looks for deadlocks first."""
    await dispatch.receives(received("c1"))
    work_order = await dispatch.work_order()
    both_hold_one = asyncio.Barrier(2)
    runs = {"batch": 0, "click": 0}

    async def wait_for_the_other(who: str, session: AsyncSession) -> None:
        runs[who] += 1
        if runs[who] == 1:
            patience = "50ms" if who == victim else "60s"
            await session.execute(text(f"SET LOCAL deadlock_timeout = '{patience}'"))
            await both_hold_one.wait()

    async def lock_complaint_first(context, person, *ids, with_scheme=False):  # type: ignore[no-untyped-def]
        await lock(context.session, Complaint, ["c1"])
        await wait_for_the_other("click", context.session)
        return await lock_work_orders(context, person, *ids)

    async def lock_last(session, model, ids):  # type: ignore[no-untyped-def]
        await wait_for_the_other("batch", session)
        return await lock(session, model, ids)

    monkeypatch.setattr(dispatcher_steps, "lock_work_orders", lock_complaint_first)
    monkeypatch.setattr(on_complaints, "lock", lock_last)
    bus = EmbeddedBus("postgresql://127.0.0.1:1/unused")
    consumer = Consumer(
        "dispatch", dispatch.database, bus, (COMPLAINTS,), handlers(dispatch.policy)
    )
    batch = OneBatch(over_the_bus(chased("c1", times=1), 1000))
    await asyncio.gather(
        consumer.poll_once(batch, asyncio.Event()),
        dispatch.takes(Close(note="已无问题", despite="回复待审"), work_order.id),
    )
    assert runs == {"batch": 1, "click": 1} | {victim: 2}
    closed = await dispatch.work_order()
    assert (closed.chases, closed.state) == (1, "closed")
