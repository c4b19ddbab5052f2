"""Batches become few handler calls without any key's events changing their order."""

from datetime import UTC, datetime
from typing import ClassVar

from hypothesis import given
from hypothesis import strategies as st

from shared.bus.waves import in_waves
from shared.events.event import Event, Heard

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

batches = st.lists(st.tuples(st.sampled_from(KINDS), st.sampled_from("abc")), max_size=40)


def heard(batch: list[tuple[type[_About], str]]) -> list[Heard[Event]]:
    return [
        Heard(id=str(number), time=NOW, data=kind(thing=thing, number=number))
        for number, (kind, thing) in enumerate(batch)
    ]


@given(batches)
def test_every_event_is_handed_over_once(batch: list[tuple[type[_About], str]]) -> None:
    events = heard(batch)
    handed = [event for _, wave in in_waves(events) for event in wave]
    assert sorted(int(event.id) for event in handed) == list(range(len(events)))


@given(batches)
def test_each_keys_events_keep_their_order(batch: list[tuple[type[_About], str]]) -> None:
    events = heard(batch)
    handed = [event for _, wave in in_waves(events) for event in wave]
    for thing in "abc":
        numbers = [int(event.id) for event in handed if event.data.key == thing]
        assert numbers == sorted(numbers)


@given(batches)
def test_a_call_holds_one_type(batch: list[tuple[type[_About], str]]) -> None:
    for kind, wave in in_waves(heard(batch)):
        assert wave
        assert all(type(event.data) is kind for event in wave)


def test_a_burst_of_one_type_is_one_call() -> None:
    events = heard([(Opened, key) for key in "abcabc"])
    assert [(kind, len(wave)) for kind, wave in in_waves(events)] == [(Opened, 6)]


def test_interleaved_types_of_different_keys_need_two_calls() -> None:
    events = heard([(Opened, "a"), (Closed, "b"), (Opened, "c"), (Closed, "b")])
    assert [(kind, len(wave)) for kind, wave in in_waves(events)] == [(Opened, 2), (Closed, 2)]
