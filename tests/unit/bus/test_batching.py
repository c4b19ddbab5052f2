"""Batches become few handler calls without any key's events changing their order."""

from datetime import UTC, datetime
from typing import ClassVar

from hypothesis import given
from hypothesis import strategies as st

from shared.bus.batching import grouped_by_handler
from shared.events.event import Envelope, Event

NOW = datetime(2026, 10, 12, tzinfo=UTC)


class _About(Event):
    topic: ClassVar[str] = "waterdesk.test"
    thing: str
    number: int

    @property
    def key(self) -> str:
        return self.thing


class Opened(_About):
    type: ClassVar[str] = "test.opened.v1"


class Moved(_About):
    type: ClassVar[str] = "test.moved.v1"


class Closed(_About):
    type: ClassVar[str] = "test.closed.v1"


KINDS = (Opened, Moved, Closed)
HEARD_BY: dict[type[Event], str] = {Opened: "desk", Moved: "yard", Closed: "desk"}

batches = st.lists(st.tuples(st.sampled_from(KINDS), st.sampled_from("abc")), max_size=40)


def heard(batch: list[tuple[type[_About], str]]) -> list[Envelope[Event]]:
    return [
        Envelope(id=str(number), time=NOW, sequence=number, data=kind(thing=thing, number=number))
        for number, (kind, thing) in enumerate(batch)
    ]


@given(batches)
def test_every_event_is_handed_over_once(batch: list[tuple[type[_About], str]]) -> None:
    events = heard(batch)
    handed = [event for _, wave in grouped_by_handler(events, HEARD_BY) for event in wave]
    assert sorted(int(event.id) for event in handed) == list(range(len(events)))


@given(batches)
def test_each_keys_events_keep_their_order(batch: list[tuple[type[_About], str]]) -> None:
    events = heard(batch)
    handed = [event for _, wave in grouped_by_handler(events, HEARD_BY) for event in wave]
    for thing in "abc":
        numbers = [int(event.id) for event in handed if event.data.key == thing]
        assert numbers == sorted(numbers)


@given(batches)
def test_a_call_holds_only_what_its_handler_hears(batch: list[tuple[type[_About], str]]) -> None:
    for handler, wave in grouped_by_handler(heard(batch), HEARD_BY):
        assert wave
        assert {HEARD_BY[type(event.data)] for event in wave} == {handler}


def test_types_of_one_handler_are_one_call() -> None:
    events = heard([(Opened, "a"), (Closed, "a"), (Opened, "b"), (Closed, "b")])
    assert [(by, len(wave)) for by, wave in grouped_by_handler(events, HEARD_BY)] == [("desk", 4)]


def test_interleaved_types_of_different_keys_need_two_calls() -> None:
    events = heard([(Opened, "a"), (Moved, "b"), (Closed, "c"), (Moved, "b")])
    calls = [(by, len(wave)) for by, wave in grouped_by_handler(events, HEARD_BY)]
    assert calls == [("desk", 2), ("yard", 2)]


def test_another_handler_in_between_splits_a_keys_events() -> None:
    events = heard([(Opened, "a"), (Moved, "a"), (Closed, "a")])
    calls = [(by, len(wave)) for by, wave in grouped_by_handler(events, HEARD_BY)]
    assert calls == [("desk", 1), ("yard", 1), ("desk", 1)]
