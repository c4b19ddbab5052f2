"""How a batch is handed to handlers: few calls, and the order of each key kept."""

from collections.abc import Iterable

from shared.events.event import Event, Heard


def in_waves(events: Iterable[Heard[Event]]) -> list[tuple[type[Event], list[Heard[Event]]]]:
    """Group events by type so that every event still comes after all earlier ones of its key.

    An event joins the wave of its key's previous event where both have one type, else the next
    wave. Waves run in order; within a wave, types stand in the order they were first met.
    """
    last: dict[tuple[str, str], tuple[int, type[Event]]] = {}
    groups: dict[tuple[int, type[Event]], list[Heard[Event]]] = {}
    for heard in events:
        event_class = type(heard.data)
        key = (event_class.topic, heard.data.key)
        wave, previous = last.get(key, (0, event_class))
        if previous is not event_class:
            wave += 1
        last[key] = (wave, event_class)
        groups.setdefault((wave, event_class), []).append(heard)
    # sorted() is stable: types of one wave keep the order of their first events.
    return [(kind, groups[wave, kind]) for wave, kind in sorted(groups, key=lambda group: group[0])]
