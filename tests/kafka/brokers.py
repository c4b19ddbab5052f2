"""Two Kafkas for tests: librdkafka's mock cluster anywhere, Apache Kafka where java and mvn are."""

import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from confluent_kafka import Producer

from waterdesk.local_kafka.broker import LocalBroker, local_broker, missing_programs

_ANSWER_SECONDS = 10


@dataclass(frozen=True, slots=True)
class MockKafka:
    """A cluster inside this process that speaks Kafka over TCP and forgets all at the end.

    It has no CreateTopics (a topic is made, with 4 partitions, when first asked for), no topic
    settings and no look-up of offsets by time.
    """

    bootstrap: str
    _cluster: Producer

    def make_topic(self, name: str) -> None:
        self._cluster.list_topics(name, timeout=_ANSWER_SECONDS)


@pytest.fixture(scope="session")
def mock_kafka() -> MockKafka:
    cluster = Producer({"bootstrap.servers": "mock", "test.mock.num.brokers": 1, "log_level": 3})
    brokers = cluster.list_topics(timeout=_ANSWER_SECONDS).brokers.values()
    return MockKafka(",".join(f"{broker.host}:{broker.port}" for broker in brokers), cluster)


def require_apache_kafka() -> None:
    """Skip where the broker cannot run; in CI, and with WATERDESK_REQUIRE_KAFKA=1, fail."""
    if missing := missing_programs():
        reason = f"Apache Kafka needs {' and '.join(missing)}: not on this machine"
        if os.environ.get("CI") == "true" or os.environ.get("WATERDESK_REQUIRE_KAFKA") == "1":
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture(scope="session")
def apache_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalBroker]:
    """One JVM for the run. A test may `kill` the broker if it starts it again."""
    require_apache_kafka()
    with local_broker(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker
