"""How a batch is handed to handlers: few calls, and the order of each key kept."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from shared.events.event import Envelope, Event

_Handler = TypeVar("_Handler")


def grouped_by_handler(
    events: Iterable[Envelope[Event]], handlers: Mapping[type[Event], _Handler]
) -> list[tuple[_Handler, list[Envelope[Event]]]]:
    """Group events by handler so that every event still comes after all earlier ones of its key.

    Calls are made in rounds. An event joins the round of its key's previous event where both have
    one handler, else the next round. Within a round, handlers stand in the order they first occur.
    """
    last: dict[tuple[str, str], tuple[int, _Handler]] = {}
    groups: dict[tuple[int, _Handler], list[Envelope[Event]]] = {}
    for envelope in events:
        event_class = type(envelope.data)
        handler = handlers[event_class]
        key = (event_class.topic, envelope.data.key)
        number, previous = last.get(key, (0, handler))
        if previous is not handler:
            number += 1
        last[key] = (number, handler)
        groups.setdefault((number, handler), []).append(envelope)
    # sorted() is stable: handlers of one round keep the order of their first events.
    return [
        (handler, groups[number, handler])
        for number, handler in sorted(groups, key=lambda group: group[0])
    ]
