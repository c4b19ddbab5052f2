"""What every event has in common, and how one travels: CloudEvents 1.0 in binary mode.

Source: CloudEvents 1.0.2 and its Kafka protocol binding (attributes become `ce_` headers, the
body is the data alone).
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from shared.bus.protocol import Message


class Event(BaseModel, ABC):
    """A fact in the past tense, without personal data: no resident's name, phone, address, words.

    An optional field may be added to a version; anything else is a new version beside the old.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    type: ClassVar[str]
    topic: ClassVar[str]

    @property
    @abstractmethod
    def key(self) -> str:
        """The id of the thing it is about: events of one thing stay in order."""


E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True)
class Envelope(Generic[E]):
    """One event as a handler gets it.

    `sequence` grows per source: of two facts about one thing, the one with the larger sequence is
    the newer, whatever the machines' clocks say. `time` is for people to read.
    """

    id: str
    time: datetime
    sequence: int
    data: E
    traceparent: str = ""


class UnreadableEvent(ValueError):
    """A message that is not the event it says it is."""


def sequence_header(sequence: int) -> dict[str, str]:
    """The CloudEvents extension `sequence`: of one width, so that text order is number order.

    Source: https://github.com/cloudevents/spec/blob/main/cloudevents/extensions/sequence.md
    """
    return {"ce_sequence": f"{sequence:020d}"}


def to_message(
    event: Event,
    *,
    event_id: str,
    source: str,
    time: datetime,
    traceparent: str,
    sequence: int | None = None,
) -> Message:
    """`source` is the service that speaks, as a URI reference ("/waterdesk/intake").

    `sequence` None: the outbox numbers the event when it is written, and the relay adds the number.
    """
    return Message(
        topic=event.topic,
        key=event.key,
        headers={
            "ce_specversion": "1.0",
            "ce_id": event_id,
            "ce_type": event.type,
            "ce_source": source,
            "ce_time": time.isoformat(),
            "ce_subject": event.key,
            "content-type": "application/json",
            "traceparent": traceparent,
            **({} if sequence is None else sequence_header(sequence)),
        },
        value=event.model_dump_json().encode(),
    )


def from_message(message: Message, event_class: type[E]) -> Envelope[E]:
    """Fields this version does not know are passed over: a newer sender may have added them.

    Raises UnreadableEvent.
    """
    try:
        return Envelope(
            id=message.event_id,
            time=datetime.fromisoformat(message.headers["ce_time"]),
            sequence=int(message.headers["ce_sequence"]),
            data=event_class.model_validate_json(message.value, extra="ignore"),
            traceparent=message.headers.get("traceparent", ""),
        )
    except (KeyError, ValueError) as error:
        raise UnreadableEvent(f"{event_class.type}: {type(error).__name__}") from error
