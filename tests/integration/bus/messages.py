"""Messages as the bus would hand them over, made by hand."""

from datetime import datetime

from shared.bus.protocol import Message, Position, Received
from shared.events.event import Event, to_message
from tests.integration.bus import ledger


def trace_of(number: int) -> str:
    return f"00-{number % 2**64 + 1:032x}-0000000000000001-01"


def over_the_bus(event: Event, sequence: int, *, event_id: str = "") -> Received:
    message = to_message(
        event,
        event_id=event_id or f"{event.type}/{event.key}/{sequence}",
        source="/waterdesk/test",
        time=datetime.fromisoformat("2026-10-12T01:30:00+00:00"),
        traceparent=trace_of(sequence),
        sequence=sequence,
    )
    return Received(message, Position(event.topic, 0, sequence))


def received(
    account: str, number: int, *, value: bytes | None = None, sequence: int | None = None
) -> Received:
    """A deposit of `number`, which is its sequence too where no other is given."""
    item = over_the_bus(
        ledger.Deposited(account=account, number=number),
        abs(number) if sequence is None else sequence,
        event_id=f"{account}{number}",
    )
    if value is None:
        return item
    message = item.message
    return Received(Message(message.topic, message.key, message.headers, value), item.position)
