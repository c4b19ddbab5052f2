"""Events for benchmarks of one service: complaints that were received at intake."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import TypeVar

from services.dispatch.county_file import VillageRow
from shared.bus.protocol import Message
from shared.events.complaints import ComplaintReceived, Decision
from shared.events.event import Envelope, Event, to_message

NOW = datetime(2026, 10, 12, 1, 30, tzinfo=UTC)
_CATEGORIES = ("outage", "outage", "low_pressure", "water_quality", "pipe_leak")
_TIME_LIMITS = (None, "5个工作日", "24小时", "3个工作日")
_SECONDS_OF_A_DAY = 86_400

E = TypeVar("E", bound=Event)


def received_complaints(
    county: str, villages: Sequence[VillageRow], *, first: int = 0, opens_every: int = 50
) -> Iterator[ComplaintReceived]:
    """Complaints without end, numbered from `first`: the same ones for the same arguments.

    One in `opens_every` is a fault that no other reports; the others share a few faults a village.
    """
    random = Random(first)
    for number in count(first):
        alone = number % opens_every == 0
        village = random.choice(villages)
        yield ComplaintReceived(
            complaint_id=f"c{number:09d}",
            county=county,
            platform="hotline_12345",
            external_id=f"BENCH-{number}",
            sent_at=NOW - timedelta(seconds=number % _SECONDS_OF_A_DAY),
            received_at=NOW,
            time_limit=_TIME_LIMITS[number % len(_TIME_LIMITS)],
            decision=Decision(
                is_ours=True,
                category="outage" if alone else random.choice(_CATEGORIES),
                component="service_line" if alone else None,
                urgent=False,
                village_code=village.code,
                village=village.village,
                town=village.town,
                category_confidence=0.9,
                place_confidence=0.9,
                needs_human=False,
            ),
        )


def envelope_of(event: E, number: int) -> Envelope[E]:
    """As a consumer hands it to a handler; `number` is unique among the events of a type."""
    return Envelope(id=f"{event.type}/{number}", time=NOW, sequence=number, data=event)


def message_of(event: ComplaintReceived) -> Message:
    """As intake's relay sends it."""
    number = int(event.complaint_id.removeprefix("c"))
    return to_message(
        event, event_id=f"e{number}", source="/bench", time=NOW, traceparent="", sequence=number
    )
