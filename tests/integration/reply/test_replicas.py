"""Several replicas at once: they lose nothing, and wait for each other only where they must."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.reply import subscriptions
from services.reply.channels.channel import Channel, OutgoingReply, Receipt
from services.reply.context import Context, transaction
from services.reply.loading import MOST_LOCKS, LinkedWorkOrder, lock_complaints
from services.reply.models import ReplyState
from services.reply.rules.deadlines import Stage
from services.reply.sender import Sender
from services.reply.subscriptions import handle_batch
from shared.clock import ManualClock, SystemClock
from shared.database_time import DatabaseTime
from shared.db import Database
from shared.events.event import Event
from tests.conftest import NOW
from tests.integration.reply.events import closed, envelope, linked, received, repaired
from tests.integration.reply.harness import Harness
from tests.integration.reply.postbox import Postbox

_LOCKS_HELD = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"


async def _at_once(harness: Harness, *batches: Sequence[Event]) -> None:
    """Each batch by a replica of its own; every one has written before any commits, unless the
    locks keep it from that."""
    written = asyncio.Barrier(len(batches))

    async def replica(events: Sequence[Event]) -> None:
        async with harness.database.work() as (session, outbox):
            context = Context(harness.config, session, outbox, harness.clock.now())
            await handle_batch(context, [*map(envelope, events)])
            try:
                async with asyncio.timeout(1):
                    await written.wait()
            except (TimeoutError, asyncio.BrokenBarrierError):
                await written.abort()  # the others wait for our commit

    await asyncio.gather(*map(replica, batches))


async def _half_each(harness: Harness, name: str) -> None:
    work_order = f"w{name}"
    of_repair = [linked(name, work_order_id=work_order), repaired(work_order), closed(work_order)]
    await _at_once(harness, [received(name)], of_repair)


async def test_two_replicas_that_get_one_half_each_miss_nothing(harness: Harness) -> None:
    await _half_each(harness, "c1")
    assert (await harness.live_reply()).version == 1
    assert (await harness.deadlines())[Stage.RESOLVE].met_at is not None


async def test_without_the_locks_they_would_miss_the_repair(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the locks are for, and that the test above can tell."""

    async def no_locks(*_: object, **__: object) -> Sequence[LinkedWorkOrder]:
        return ()

    monkeypatch.setattr(subscriptions, "lock_complaints", no_locks)
    await _half_each(harness, "c1")
    assert await harness.replies() == []


async def test_a_repair_waits_for_the_complaint_it_is_for_though_its_link_came_before(
    harness: Harness,
) -> None:
    await harness.receives(linked())
    await _at_once(harness, [received()], [repaired()])
    assert (await harness.live_reply()).version == 1


async def test_batches_of_different_complaints_do_not_wait_for_each_other(
    harness: Harness,
) -> None:
    async with harness.database.work() as (mine, _), harness.database.work() as (theirs, _):
        await lock_complaints(mine, ["c1", "c2"], ["w1"])
        await theirs.execute(text("SET LOCAL lock_timeout = '1s'"))
        await lock_complaints(theirs, ["c3", "c4"], ["w2"])


async def test_a_batch_of_very_many_complaints_takes_one_lock_and_is_alone(
    harness: Harness,
) -> None:
    async with harness.database.work() as (mine, _), harness.database.work() as (theirs, _):
        await lock_complaints(mine, [f"c{number}" for number in range(2 * MOST_LOCKS)], [])
        held = await mine.scalar(text(_LOCKS_HELD))
        assert held == 1
        await theirs.execute(text("SET LOCAL lock_timeout = '100ms'"))
        with pytest.raises(DBAPIError, match="lock timeout"):
            await lock_complaints(theirs, ["another"], [])


class SlowChannel:
    """Another replica looks for work twice before the reply gets to the platform."""

    def __init__(self, real: Channel, other: Sender) -> None:
        self.real, self.other = real, other
        self.profile, self.appears_within = real.profile, real.appears_within

    async def send(self, reply: OutgoingReply) -> Receipt | None:
        await self.other.once()
        await self.other.once()
        return await self.real.send(reply)

    async def look(self, reply: OutgoingReply) -> Receipt | None:
        return await self.real.look(reply)

    async def probe(self) -> None:
        await self.real.probe()

    async def close(self) -> None:
        await self.real.close()


async def test_two_senders_whose_clocks_are_five_minutes_apart_send_a_reply_once(
    postbox: Postbox,
) -> None:
    """Leases go by the database's clock: here it is the harness's, which both ask."""
    await postbox.approved()
    url = postbox.harness.database.engine.url.render_as_string(hide_password=False)
    ahead = Database(url, "reply", ManualClock(NOW + timedelta(minutes=5)))
    other = replace(postbox.sender, database=ahead)
    real = postbox.channels.by_platform["hotline_12345"]
    await postbox.with_channel("hotline_12345", SlowChannel(real, other)).once()
    await ahead.close()
    assert len(postbox.taken()) == 1
    assert (await postbox.harness.live_reply()).state == ReplyState.DELIVERED


async def test_a_real_process_asks_postgresql_for_the_time(harness: Harness) -> None:
    class SkewedClock(SystemClock):
        def now(self) -> datetime:
            return super().now() + timedelta(minutes=5)

    harness.database.clock = SkewedClock()
    config = replace(harness.config, time=DatabaseTime(harness.database.clock))
    async with transaction(harness.database, config) as context:
        assert abs(context.now - datetime.now(UTC)) < timedelta(minutes=1)
