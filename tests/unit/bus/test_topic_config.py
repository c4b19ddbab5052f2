"""What a topic of Kafka is made with."""

from datetime import timedelta

import pytest

from shared.bus.kafka import topic_config


@pytest.mark.parametrize(("replication", "in_sync"), [(1, "1"), (2, "1"), (3, "2"), (5, "2")])
def test_with_three_replicas_one_broker_may_be_lost_without_an_event(
    replication: int, in_sync: str
) -> None:
    config = topic_config(replication, timedelta(days=1))
    assert config["min.insync.replicas"] == in_sync


def test_it_keeps_events_as_long_as_the_setting_says() -> None:
    assert topic_config(1, timedelta(days=400))["retention.ms"] == "34560000000"
