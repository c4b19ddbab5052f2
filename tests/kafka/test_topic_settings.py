"""What a topic has that was made on a real broker."""

import secrets
from datetime import timedelta

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from shared.bus.kafka import KafkaBus, topic_config
from waterdesk.local_kafka.broker import LocalBroker


@pytest.mark.kafka
async def test_a_topic_is_made_with_the_settings_that_the_bus_names(
    apache_kafka: LocalBroker,
) -> None:
    topic = f"test.{secrets.token_hex(6)}"
    kept = timedelta(days=7)
    bus = KafkaBus(apache_kafka.bootstrap, partitions=2, retention=kept)
    await bus.start()
    await bus.ensure_topics([topic])
    await bus.close()

    admin = AIOKafkaAdminClient(bootstrap_servers=apache_kafka.bootstrap)
    await admin.start()
    try:
        resource = ConfigResource(ConfigResourceType.TOPIC, topic)
        (answer,) = await admin.describe_configs([resource])
    finally:
        await admin.close()
    ((*_, entries),) = answer.resources
    settings = {name: value for name, value, *_ in entries}
    assert settings | topic_config(replication=1, retention=kept) == settings
