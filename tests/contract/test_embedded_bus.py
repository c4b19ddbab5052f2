"""What the bus in PostgreSQL must show beyond the contract: its order under concurrency."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.bus import embedded_sql as sql
from shared.bus.embedded import EmbeddedBus
from shared.bus.protocol import Message, Subscription

TOPIC = "topic"
PATIENCE = 60


@pytest.fixture
async def bus(empty_database_url: str) -> AsyncIterator[EmbeddedBus]:
    bus = EmbeddedBus(empty_database_url)
    await bus.start()
    await bus.ensure_topics([TOPIC])
    yield bus
    await bus.close()


@pytest.fixture
async def other_writer(empty_database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A writer whose transactions we hold open by hand."""
    connection = await asyncpg.connect(empty_database_url)
    yield connection
    await connection.close()


def message(number: int) -> Message:
    return Message(TOPIC, "key", {"ce_id": str(number)}, b"{}")


async def append(connection: asyncpg.Connection, *numbers: int) -> None:
    ids = [f'{{"ce_id": "{number}"}}' for number in numbers]
    await connection.fetch(sql.APPEND, TOPIC, ["key"] * len(ids), ids, [b"{}"] * len(ids))


async def until_someone_waits_for_a_lock(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        async with asyncio.timeout(PATIENCE):
            while not await connection.fetchval(  # noqa: ASYNC110
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            ):
                await asyncio.sleep(0.01)
    finally:
        await connection.close()


async def numbers_in(member: Subscription) -> list[int]:
    return [int(item.message.event_id) for item in await member.poll(500, 0)]


async def test_a_reader_never_passes_a_row_that_commits_late(
    bus: EmbeddedBus, other_writer: asyncpg.Connection, empty_database_url: str
) -> None:
    async with bus.subscribe("group", [TOPIC]) as member, asyncio.TaskGroup() as tasks:
        slow = other_writer.transaction()
        await slow.start()
        await append(other_writer, 1)  # has its number, and does not commit yet
        quick = tasks.create_task(bus.publish([message(2)]))
        await until_someone_waits_for_a_lock(empty_database_url)
        assert not quick.done()
        assert await numbers_in(member) == []
        await slow.commit()
        await quick
        assert await numbers_in(member) == [1, 2]


async def test_a_transaction_that_is_rolled_back_leaves_no_gap(
    bus: EmbeddedBus, other_writer: asyncpg.Connection, empty_database_url: str
) -> None:
    async with bus.subscribe("group", [TOPIC]) as member, asyncio.TaskGroup() as tasks:
        given_up = other_writer.transaction()
        await given_up.start()
        await append(other_writer, 1, 2, 3)
        waiting = tasks.create_task(bus.publish([message(4)]))
        await until_someone_waits_for_a_lock(empty_database_url)
        await given_up.rollback()
        await waiting
        received = await member.poll(500, 0)
    assert [(item.message.event_id, item.position.offset) for item in received] == [("4", 0)]


async def test_a_reader_beside_many_writers_sees_every_offset_once(bus: EmbeddedBus) -> None:
    writers, batches, size = 12, 20, 3

    async def write(writer: int) -> None:
        for batch in range(batches):
            first = (writer * batches + batch) * size
            await bus.publish([message(number) for number in range(first, first + size)])

    seen: list[tuple[int, int]] = []
    async with (
        asyncio.timeout(PATIENCE),
        bus.subscribe("group", [TOPIC]) as member,
        asyncio.TaskGroup() as tasks,
    ):
        for writer in range(writers):
            tasks.create_task(write(writer))
        while len(seen) < writers * batches * size:
            received = await member.poll(7, 1.0)
            seen += [(item.position.offset, int(item.message.event_id)) for item in received]
    assert [offset for offset, _ in seen] == list(range(writers * batches * size))
    assert sorted(number for _, number in seen) == list(range(writers * batches * size))
    for writer in range(writers):
        of_writer = [n for _, n in seen if n // (batches * size) == writer]
        assert of_writer == sorted(of_writer)


async def test_a_poll_that_is_cancelled_has_not_moved_on(bus: EmbeddedBus) -> None:
    await bus.ensure_topics(["other"])
    await bus.publish([message(number) for number in range(5)])
    async with bus.subscribe("group", [TOPIC, "other"]) as member:
        for turns in itertools.count():
            poll = asyncio.create_task(member.poll(500, 0))
            for _ in range(turns):
                await asyncio.sleep(0)
            poll.cancel()
            await asyncio.wait([poll])
            if not poll.cancelled():
                break
    assert [int(item.message.event_id) for item in poll.result()] == list(range(5))


Step = tuple[str, int]
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("publish"), st.integers(1, 4)),
        st.tuples(st.just("poll"), st.integers(1, 5)),
        st.tuples(st.just("commit"), st.just(0)),
        st.tuples(st.just("leave"), st.just(0)),
        st.tuples(st.just("lose"), st.just(0)),
    ),
    max_size=40,
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=_STEPS)
async def test_a_group_is_a_cursor_that_only_commit_moves(
    bus: EmbeddedBus, other_writer: asyncpg.Connection, steps: Sequence[Step]
) -> None:
    """Against the obvious model: a list, a committed position, and where the present member is."""
    await other_writer.execute("TRUNCATE bus_log, bus_group; UPDATE bus_topic SET next_offset = 0")
    log: list[int] = []
    committed = position = 0
    subscription = bus.subscribe("group", [TOPIC])
    member = await subscription.__aenter__()
    try:
        for action, count in steps:
            match action:
                case "publish":
                    numbers = range(len(log), len(log) + count)
                    await bus.publish([message(number) for number in numbers])
                    log += numbers
                case "poll":
                    received = [int(m.message.event_id) for m in await member.poll(count, 0)]
                    assert received == log[position : position + count]
                    position += len(received)
                case "commit":
                    await member.commit()
                    committed = position
                case "leave":
                    await subscription.__aexit__(None, None, None)
                    subscription = bus.subscribe("group", [TOPIC])
                    member = await subscription.__aenter__()
                    position = committed
                case "lose":
                    await lose_session(other_writer, member)
                    await member.commit()
                    position = committed
    finally:
        await subscription.__aexit__(None, None, None)


async def lose_session(administrator: asyncpg.Connection, member: Subscription) -> None:
    session = getattr(member, "_session")  # noqa: B009
    if session is None or session.is_closed():
        return
    ended = asyncio.Event()
    session.add_termination_listener(lambda _session: ended.set())
    await administrator.execute("SELECT pg_terminate_backend($1)", session.get_server_pid())
    async with asyncio.timeout(PATIENCE):
        await ended.wait()
