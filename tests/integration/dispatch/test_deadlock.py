"""A batch and a click that lock each other out: both are done, and nobody sees an error."""

import asyncio

import pytest

from services.dispatch.commands import Merge
from services.dispatch.handlers import dispatcher_steps
from services.dispatch.handlers.work_order_guards import lock_work_orders
from services.dispatch.models import WorkOrder
from tests.integration.dispatch.events import received
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
