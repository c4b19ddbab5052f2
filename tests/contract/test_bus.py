"""The contract of the bus, kept by every implementation on every broker.

Kafka gives messages again whenever members come or go, so no test counts on "exactly once".
"""

import asyncio
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.bus import kafka_reading
from shared.bus.limits import LARGEST_MESSAGE
from shared.bus.protocol import Bus, BusUnavailable, Message, Received, Subscription
from tests.contract.brokers import (
    ApacheBroker,
    Broker,
    BrokerThatDies,
    EmbeddedBroker,
    MockBroker,
    MortalEmbeddedBroker,
    connect,
)

PATIENCE = 60
"""Seconds after which a test that waits for messages gives up."""

_APACHE = pytest.param("apache_kafka", marks=pytest.mark.kafka)


@pytest.fixture(params=["embedded", "mock_kafka", _APACHE])
def broker(request: pytest.FixtureRequest) -> Broker:
    if request.param == "embedded":
        return EmbeddedBroker(request.getfixturevalue("postgres"))
    if request.param == "mock_kafka":
        return MockBroker(request.getfixturevalue("mock_kafka"))
    return ApacheBroker(request.getfixturevalue("apache_kafka"))


@pytest.fixture(params=["embedded", _APACHE])
def broker_that_dies(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BrokerThatDies]:
    if request.param == "embedded":
        embedded = MortalEmbeddedBroker(tmp_path / "data")
        yield embedded
        embedded.close()
    else:
        yield ApacheBroker(request.getfixturevalue("apache_kafka"))


@pytest.fixture
async def topic(broker: Broker) -> str:
    return await broker.new_topic()


@pytest.fixture
async def bus(broker: Broker, topic: str) -> AsyncIterator[Bus]:
    async with started(connect(broker.kind, broker.address)) as bus:
        yield bus


@pytest.fixture
def group(topic: str) -> str:
    return f"{topic}.group"


@asynccontextmanager
async def started(bus: Bus) -> AsyncIterator[Bus]:
    await bus.start()
    try:
        yield bus
    finally:
        await bus.close()


def message(topic: str, number: int, key: str = "one", value: bytes = b"{}") -> Message:
    return Message(topic, key, {"ce_id": str(number), "ce_type": "test"}, value)


def numbered(topic: str, numbers: range, keys: int = 7) -> list[Message]:
    return [message(topic, number, key=f"key-{number % keys}") for number in numbers]


async def receive(member: Subscription, count: int, at_once: int = 500) -> list[Received]:
    """Poll until at least `count` messages are there. No more than `at_once` a time."""
    received_so_far: list[Received] = []
    async with asyncio.timeout(PATIENCE):
        while len(received_so_far) < count:
            received = await member.poll(at_once, 1.0)
            assert len(received) <= at_once
            received_so_far += received
    return received_so_far


async def poll_or_nothing(member: Subscription) -> Sequence[Received]:
    """While a broker may be unavailable or a group rebalanced: what is missing comes later."""
    try:
        return await member.poll(50, 0.2)
    except BusUnavailable:
        await asyncio.sleep(0.05)
        return []


async def read_everything(bus: Bus, topic: str) -> list[Received]:
    received_so_far: list[Received] = []
    async with bus.read_from(topic, None) as reader:
        while received := await reader.poll(500, 1.0):
            received_so_far += received
    return received_so_far


def ids(received: Sequence[Received]) -> list[str]:
    return [item.message.event_id for item in received]


def first_seen_by_key(received: Sequence[Received]) -> dict[str, list[int]]:
    """The numbers of each key in the order in which they were first seen."""
    numbers: dict[str, dict[int, None]] = defaultdict(dict)
    for item in received:
        numbers[item.message.key].setdefault(int(item.message.event_id))
    return {key: list(seen) for key, seen in numbers.items()}


def in_order(numbers: range, keys: int = 7) -> dict[str, list[int]]:
    by_key: dict[str, list[int]] = defaultdict(list)
    for number in numbers:
        by_key[f"key-{number % keys}"].append(number)
    return dict(by_key)


async def test_ten_thousand_messages_arrive_in_order_for_each_key(
    bus: Bus, topic: str, group: str
) -> None:
    sent = numbered(topic, range(10_000))
    for start in range(0, len(sent), 700):
        await bus.publish(sent[start : start + 700])
    async with bus.subscribe(group, [topic]) as member:
        received = await receive(member, 10_000, at_once=333)
    assert first_seen_by_key(received) == in_order(range(10_000))


async def test_positions_name_each_message_once_and_grow(bus: Bus, topic: str) -> None:
    await bus.publish(numbered(topic, range(200)))
    offsets: dict[int, list[int]] = defaultdict(list)
    for item in await read_everything(bus, topic):
        assert item.position.topic == topic
        offsets[item.position.partition].append(item.position.offset)
    assert sum(map(len, offsets.values())) == 200
    assert all(found == sorted(set(found)) for found in offsets.values())


async def test_messages_arrive_as_they_were_sent(bus: Bus, topic: str) -> None:
    texts = {"village": "蓝田·灞源镇 \U0001f6b0", "quote": '"\\\n', "nothing": ""}
    sent = [
        Message(topic, "键 key", {"ce_id": "nothing in it"}, b""),
        Message(topic, "键 key", {"ce_id": "headers", **texts}, b"\0"),
        Message(topic, "键 key", {"ce_id": "every byte"}, bytes(range(256))),
        Message(topic, "键 key", {"ce_id": "900 kB"}, bytes(900_000)),
    ]
    await bus.publish(sent)
    assert [item.message for item in await read_everything(bus, topic)] == sent


async def test_what_can_never_be_sent_is_refused_and_nothing_with_it_is_stored(
    bus: Bus, topic: str
) -> None:
    for impossible in (
        Message("no such name!", "key", {"ce_id": "1"}, b""),
        Message("", "key", {"ce_id": "1"}, b""),
        Message("..", "key", {"ce_id": "1"}, b""),
        Message(topic, "key", {"ce_id": "1"}, bytes(LARGEST_MESSAGE)),
        Message(topic, "key", {"ce_id": "1", "half a character": "\ud800"}, b""),
        Message(topic, "nul\0", {"ce_id": "1"}, b""),
    ):
        with pytest.raises(ValueError):
            await bus.publish([message(topic, 1), impossible])
    await bus.publish([message(topic, 2)])
    assert ids(await read_everything(bus, topic)) == ["2"]


async def test_an_empty_publish_does_nothing(bus: Bus, topic: str) -> None:
    await bus.publish([])
    assert await read_everything(bus, topic) == []


async def test_what_is_published_again_is_stored_again(bus: Bus, topic: str) -> None:
    await bus.publish([message(topic, 1), message(topic, 2)])
    await bus.publish([message(topic, 1), message(topic, 2)])
    assert ids(await read_everything(bus, topic)) == ["1", "2", "1", "2"]


async def test_polling_without_messages_returns_nothing(bus: Bus, topic: str, group: str) -> None:
    async with bus.subscribe(group, [topic]) as member:
        assert await member.poll(10, 0.05) == []
        await member.commit()
        await bus.publish([message(topic, 1)])
        assert ids(await receive(member, 1)) == ["1"]


async def test_every_group_reads_everything_from_the_oldest(
    bus: Bus, topic: str, group: str
) -> None:
    await bus.publish(numbered(topic, range(50)))
    for name in (group, f"{group}.other"):
        async with bus.subscribe(name, [topic]) as member:
            received = await receive(member, 50)
            await member.commit()
        assert first_seen_by_key(received) == in_order(range(50))


async def test_a_group_goes_on_behind_its_last_commit(bus: Bus, topic: str, group: str) -> None:
    await bus.publish([message(topic, number) for number in range(30)])
    async with bus.subscribe(group, [topic]) as member:
        committed = await receive(member, 10, at_once=10)
        await member.commit()
        uncommitted = await receive(member, 10, at_once=10)
    async with bus.subscribe(group, [topic]) as member:
        again = await receive(member, 20)
    assert ids(committed) == [str(number) for number in range(10)]
    assert ids(uncommitted) == [str(number) for number in range(10, 20)]
    assert ids(again) == [str(number) for number in range(10, 30)]


async def test_one_member_reads_several_topics(
    broker: Broker, bus: Bus, topic: str, group: str
) -> None:
    other = await broker.new_topic()
    await bus.publish([m for n in range(40) for m in (message(topic, n), message(other, n))])
    async with bus.subscribe(group, [topic, other]) as member:
        received = await receive(member, 80, at_once=9)
        await member.commit()
    for name in (topic, other):
        of_topic = [item for item in received if item.position.topic == name]
        assert ids(of_topic) == [str(number) for number in range(40)]


async def test_what_a_killed_member_held_comes_to_another(
    broker: Broker, bus: Bus, topic: str, group: str
) -> None:
    await bus.publish(numbered(topic, range(60)))
    member_process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.contract.one_member"),
        *(broker.kind, broker.address, group, topic),
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    try:
        assert member_process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            while int(await member_process.stdout.readline() or b"0") < 60:
                assert member_process.returncode is None
        async with bus.subscribe(group, [topic]) as successor:
            received = [*await successor.poll(500, 0.05)]
            member_process.kill()
            async with asyncio.timeout(PATIENCE):
                while len(set(ids(received))) < 60:
                    received += await poll_or_nothing(successor)
            await successor.commit()
    finally:
        if member_process.returncode is None:
            member_process.kill()
        await member_process.wait()
    assert first_seen_by_key(received) == in_order(range(60))


async def test_members_share_the_work_while_they_come_and_go(
    broker: Broker, bus: Bus, topic: str, group: str
) -> None:
    """Every message is seen, first sights in order of each key, and both members do something."""
    if broker.kind == "mock_kafka":
        pytest.skip("librdkafka's mock cluster fails a member that syncs after its group's leader")
    total = 3000
    seen: list[Received] = []
    by_member: dict[str, int] = defaultdict(int)
    progress = asyncio.Condition()

    async def work(name: str, leaving: asyncio.Event) -> None:
        async with bus.subscribe(group, [topic]) as member:
            while not leaving.is_set():
                received = await poll_or_nothing(member)
                seen.extend(received)
                by_member[name] += len(received)
                async with progress:
                    progress.notify_all()
                await member.commit()

    async def publish() -> None:
        for start in range(0, total, 100):
            await bus.publish(numbered(topic, range(start, start + 100)))

    async def until_seen(count: int, by: str | None = None) -> None:
        async with progress:
            await progress.wait_for(
                lambda: len(set(ids(seen))) >= count and (by is None or by_member[by] > 0)
            )

    first_leaves, second_leaves = asyncio.Event(), asyncio.Event()
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as tasks:
        tasks.create_task(work("first", first_leaves))
        await bus.publish(numbered(topic, range(-500, 0)))
        await until_seen(250, by="first")
        tasks.create_task(work("second", second_leaves))
        publishing = tasks.create_task(publish())
        await until_seen(700)
        first_leaves.set()
        await publishing
        await until_seen(total + 500, by="second")
        second_leaves.set()
    assert first_seen_by_key(seen) == in_order(range(-500, total))


async def test_a_commit_after_losing_the_partitions_does_nothing(
    broker: Broker, bus: Bus, topic: str, group: str
) -> None:
    await bus.publish(numbered(topic, range(40)))
    async with bus.subscribe(group, [topic]) as loser:
        await receive(loser, 40)
        await broker.expel(loser, group)
        await loser.commit()
    async with bus.subscribe(group, [topic]) as winner:
        received = await receive(winner, 40)
    assert first_seen_by_key(received) == in_order(range(40))


async def test_an_expelled_member_comes_back_and_reads_on(
    broker: Broker, bus: Bus, topic: str, group: str
) -> None:
    await bus.publish([message(topic, number) for number in range(20)])
    async with bus.subscribe(group, [topic]) as member:
        await receive(member, 10, at_once=10)
        await member.commit()
        await receive(member, 5, at_once=5)
        await broker.expel(member, group)
        # Before it notices, a member of Kafka may be given some more.
        since_commit = [str(number) for number in range(10, 20)]
        received: list[str] = []
        async with asyncio.timeout(PATIENCE):
            while received[-10:] != since_commit:
                received += ids(await poll_or_nothing(member))


async def test_reading_again_ends_at_what_was_the_end(bus: Bus, topic: str) -> None:
    await bus.publish(numbered(topic, range(100)))
    async with bus.read_from(topic, None) as reader:
        await bus.publish(numbered(topic, range(100, 200)))
        received: list[Received] = []
        while batch := await reader.poll(30, 1.0):
            received += batch
        assert await reader.poll(30, 0.05) == []
        await reader.commit()
    assert first_seen_by_key(received) == in_order(range(100))


async def test_reading_an_empty_topic_again_ends_at_once(bus: Bus, topic: str) -> None:
    async with bus.read_from(topic, None) as reader:
        assert await reader.poll(30, 0.05) == []


async def test_reading_again_leaves_the_groups_alone(bus: Bus, topic: str, group: str) -> None:
    await bus.publish([message(topic, number) for number in range(10)])
    async with bus.subscribe(group, [topic]) as member:
        await receive(member, 5, at_once=5)
        assert len(await read_everything(bus, topic)) == 10
        assert ids(await receive(member, 5)) == ["5", "6", "7", "8", "9"]


async def test_reading_again_since_a_time(broker: Broker, bus: Bus, topic: str) -> None:
    if broker.kind == "mock_kafka":
        pytest.skip("librdkafka's mock cluster finds no offsets by time; Apache Kafka shows it")
    await bus.publish(numbered(topic, range(20)))
    await asyncio.sleep(0.01)  # into another millisecond, the finest that Kafka knows
    between = datetime.now(UTC)
    await bus.publish(numbered(topic, range(20, 50)))

    async def since(moment: datetime) -> list[int]:
        async with bus.read_from(topic, moment) as reader:
            received: list[Received] = []
            while batch := await reader.poll(7, 1.0):
                received += batch
        return sorted(int(found) for found in ids(received))

    assert await since(between) == list(range(20, 50))
    assert await since(datetime(2020, 1, 1, tzinfo=UTC)) == list(range(50))
    assert await since(datetime(2100, 1, 1, tzinfo=UTC)) == []


async def test_pruning_keeps_what_is_younger(bus: Bus, topic: str, group: str) -> None:
    await bus.publish(numbered(topic, range(20)))
    assert await bus.prune(timedelta(days=1)) == 0
    async with bus.subscribe(group, [topic]) as member:
        received = await receive(member, 20)
    assert first_seen_by_key(received) == in_order(range(20))


async def test_topics_are_made_once_by_however_many(broker: Broker, bus: Bus, topic: str) -> None:
    if broker.kind == "mock_kafka":
        pytest.skip("librdkafka's mock cluster makes topics by itself; Apache Kafka shows it")
    new = [f"{topic}.a", f"{topic}.b"]
    await bus.publish([message(topic, 1)])
    async with asyncio.TaskGroup() as replicas:
        for _ in range(4):
            replicas.create_task(bus.ensure_topics([topic, *new]))
    await bus.publish([message(name, 2) for name in new])
    assert ids(await read_everything(bus, topic)) == ["1"]
    assert ids(await read_everything(bus, new[0])) == ["2"]
    with pytest.raises(ValueError):
        await bus.ensure_topics(["no such name!"])


async def test_a_topic_that_is_not_made_yet_is_waited_for(broker: Broker, topic: str) -> None:
    if broker.kind == "mock_kafka":
        pytest.skip("librdkafka's mock cluster makes topics by itself; Apache Kafka shows it")
    missing = f"{topic}.missing"
    async with started(connect(broker.kind, broker.address, timeout=3)) as bus:
        with pytest.raises(BusUnavailable):
            await bus.publish([message(missing, 1)])
        with pytest.raises(BusUnavailable):
            async with bus.read_from(missing, None):
                pass
        async with bus.subscribe(topic, [missing]) as member:
            with suppress(BusUnavailable):
                assert await member.poll(10, 0.05) == []
            await bus.ensure_topics([missing])
            await bus.publish([message(missing, 1)])
            assert ids(await receive(member, 1)) == ["1"]


async def test_a_bus_that_was_never_there_is_unavailable(tmp_path: Path) -> None:
    for bus in (
        connect("embedded", f"postgresql://postgres@/bus?host={tmp_path}"),
        connect("apache_kafka", "127.0.0.1:1", timeout=1),
    ):
        with pytest.raises(BusUnavailable):
            await bus.start()
        with pytest.raises(BusUnavailable):
            await bus.publish([message("topic", 1)])
        with pytest.raises(BusUnavailable):
            await bus.ensure_topics(["topic"])
        async with bus.subscribe("group", ["topic"]) as member:
            with pytest.raises(BusUnavailable):
                await member.poll(10, 0.05)
            await member.commit()
        with pytest.raises(BusUnavailable):
            async with bus.read_from("topic", None):
                pass
        await bus.close()


async def test_nothing_stored_is_lost_when_the_broker_is_killed(
    broker_that_dies: BrokerThatDies,
) -> None:
    """kill -9 under a publisher that tries again and a member that commits: all of it arrives."""
    broker = broker_that_dies
    topic = await broker.new_topic()
    group = f"{topic}.group"
    acknowledged = 0
    seen: list[Received] = []
    under_way, was_unavailable, published = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def publish(bus: Bus) -> None:
        nonlocal acknowledged
        while not was_unavailable.is_set() or acknowledged < 2000:
            try:
                await bus.publish(numbered(topic, range(acknowledged, acknowledged + 20)))
            except BusUnavailable:
                was_unavailable.set()
                await asyncio.sleep(0.05)
            else:
                acknowledged += 20
        published.set()

    async def read(bus: Bus) -> None:
        async with bus.subscribe(group, [topic]) as member:
            while not published.is_set() or len(set(ids(seen))) < acknowledged:
                seen.extend(await poll_or_nothing(member))
                if len(seen) > 300:
                    under_way.set()
                with suppress(BusUnavailable):
                    await member.commit()

    async with (
        started(connect(broker.kind, broker.address, timeout=5)) as bus,
        asyncio.timeout(2 * PATIENCE),
        asyncio.TaskGroup() as tasks,
    ):
        tasks.create_task(publish(bus))
        tasks.create_task(read(bus))
        await under_way.wait()
        await asyncio.to_thread(broker.kill)
        await was_unavailable.wait()
        await asyncio.to_thread(broker.restart)
    async with started(connect(broker.kind, broker.address)) as bus:
        stored = await read_everything(bus, topic)
    assert first_seen_by_key(stored) == in_order(range(acknowledged))
    assert first_seen_by_key(seen) == in_order(range(acknowledged))


async def poll_until_it_fails(member: Subscription) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            await member.poll(10, 0.2)


async def test_a_member_notices_that_the_broker_was_killed(
    broker_that_dies: BrokerThatDies, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_reading, "_SILENCE_SECONDS", 0.5)
    broker = broker_that_dies
    topic = await broker.new_topic()
    async with started(connect(broker.kind, broker.address, timeout=5)) as bus:
        await bus.publish([message(topic, 1)])
        async with bus.subscribe(f"{topic}.group", [topic]) as member:
            await receive(member, 1)
            await member.commit()
            await asyncio.to_thread(broker.kill)
            with pytest.raises(BusUnavailable):
                await poll_until_it_fails(member)
            await asyncio.to_thread(broker.restart)
            published = False
            while not published:
                with suppress(BusUnavailable):
                    await bus.publish([message(topic, 2)])
                    published = True
            received: list[Received] = []
            async with asyncio.timeout(PATIENCE):
                while not received:
                    received += await poll_or_nothing(member)
    assert ids(received) == ["2"]
