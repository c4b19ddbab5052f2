"""Run a relay or a consumer until there is nothing left to do."""

import asyncio

from shared.bus.consumer import Consumer
from shared.bus.protocol import Bus, Message
from shared.bus.relay import relay_batch
from shared.db import Database


async def relay_all(database: Database, bus: Bus) -> None:
    """In batches of two, so that a run has several."""
    async with database.connect() as connection:
        while await relay_batch(connection, bus, limit=2):
            pass


async def consume_all(consumer: Consumer, bus: Bus) -> None:
    stopping = asyncio.Event()
    async with bus.subscribe(consumer.name, consumer.topics) as subscription:
        while await consumer.poll_once(subscription, stopping):
            pass


async def stored(bus: Bus, topic: str) -> list[Message]:
    """All that the topic holds, in order."""
    messages: list[Message] = []
    async with bus.read_from(topic, None) as reader:
        while batch := await reader.poll(1000, 0.1):
            messages += [received.message for received in batch]
    return messages


def first_of_each(messages: list[Message]) -> list[Message]:
    """Without those that are repeated, as an inbox leaves them out."""
    seen: dict[str, Message] = {}
    for message in messages:
        seen.setdefault(message.event_id, message)
    return list(seen.values())
