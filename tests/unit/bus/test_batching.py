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
HANDLER_OF: dict[type[Event], str] = {Opened: "first", Moved: "second", Closed: "first"}

batches = st.lists(st.tuples(st.sampled_from(KINDS), st.sampled_from("abc")), max_size=40)


def envelopes(batch: list[tuple[type[_About], str]]) -> list[Envelope[Event]]:
    return [
        Envelope(id=str(number), time=NOW, sequence=number, data=kind(thing=thing, number=number))
        for number, (kind, thing) in enumerate(batch)
    ]


@given(batches)
def test_every_event_is_handed_over_once(batch: list[tuple[type[_About], str]]) -> None:
    events = envelopes(batch)
    handed = [event for _, group in grouped_by_handler(events, HANDLER_OF) for event in group]
    assert sorted(int(event.id) for event in handed) == list(range(len(events)))


@given(batches)
def test_each_keys_events_keep_their_order(batch: list[tuple[type[_About], str]]) -> None:
    events = envelopes(batch)
    handed = [event for _, group in grouped_by_handler(events, HANDLER_OF) for event in group]
    for thing in "abc":
        numbers = [int(event.id) for event in handed if event.data.key == thing]
        assert numbers == sorted(numbers)


@given(batches)
def test_a_call_holds_only_events_of_its_handler(batch: list[tuple[type[_About], str]]) -> None:
    for handler, group in grouped_by_handler(envelopes(batch), HANDLER_OF):
        assert group
        assert {HANDLER_OF[type(event.data)] for event in group} == {handler}


def test_types_of_one_handler_are_one_call() -> None:
    events = envelopes([(Opened, "a"), (Closed, "a"), (Opened, "b"), (Closed, "b")])
    assert [(by, len(group)) for by, group in grouped_by_handler(events, HANDLER_OF)] == [
        ("first", 4)
    ]


def test_interleaved_types_of_different_keys_need_two_calls() -> None:
    events = envelopes([(Opened, "a"), (Moved, "b"), (Closed, "c"), (Moved, "b")])
    calls = [(by, len(group)) for by, group in grouped_by_handler(events, HANDLER_OF)]
    assert calls == [("first", 2), ("second", 2)]


def test_another_handler_in_between_splits_a_keys_events() -> None:
    events = envelopes([(Opened, "a"), (Moved, "a"), (Closed, "a")])
    calls = [(by, len(group)) for by, group in grouped_by_handler(events, HANDLER_OF)]
    assert calls == [("first", 1), ("second", 1), ("first", 1)]
