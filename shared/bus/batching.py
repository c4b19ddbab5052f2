"""How a batch is handed to handlers: few calls, and the order of each key kept."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from shared.events.event import Envelope, Event

_Handler = TypeVar("_Handler")


def grouped_by_handler(
    events: Iterable[Envelope[Event]], handlers: Mapping[type[Event], _Handler]
) -> list[tuple[_Handler, list[Envelope[Event]]]]:
    """Group events by handler so that every event still comes after all earlier ones of its key.

    An event joins the wave of its key's previous event where both have one handler, else the next
    wave. Waves run in order; within a wave, handlers stand in the order they were first met.
    """
    last: dict[tuple[str, str], tuple[int, _Handler]] = {}
    groups: dict[tuple[int, _Handler], list[Envelope[Event]]] = {}
    for heard in events:
        event_class = type(heard.data)
        handler = handlers[event_class]
        key = (event_class.topic, heard.data.key)
        wave, previous = last.get(key, (0, handler))
        if previous is not handler:
            wave += 1
        last[key] = (wave, handler)
        groups.setdefault((wave, handler), []).append(heard)
    # sorted() is stable: handlers of one wave keep the order of their first events.
    return [
        (handler, groups[wave, handler])
        for wave, handler in sorted(groups, key=lambda group: group[0])
    ]
