"""However the topics interleave, are cut into batches, and wrong clocks are: one end, one draft."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from services.reply.models import ReplyState
from shared.events.event import Envelope, Event
from tests.conftest import NOW
from tests.integration.reply.events import (
    DAY,
    HOUR,
    NOT_OURS,
    arrived,
    assigned,
    chased,
    closed,
    decided,
    decision,
    edited,
    envelope,
    linked,
    opened,
    received,
    repaired,
)
from tests.integration.reply.harness import Harness

_numbers = count(1)
LATER = NOW + 6 * HOUR

COMPLAINT_STORIES: list[Callable[[str], list[Event]]] = [
    lambda c: [received(c)],
    lambda c: [received(c, time_limit="24小时"), chased(c, times=1, at=NOW + DAY)],
    lambda c: [received(c, decision=NOT_OURS), decided(c, at=LATER)],
    lambda c: [received(c), decided(c, at=LATER, category="low_pressure", urgent=True)],
    lambda c: [
        received(c, decision=decision(needs_human=True)),
        decided(c, at=LATER, is_ours=False, category="not_ours"),
    ],
    lambda c: [received(c), edited(c, time_limit="2小时", at=LATER), chased(c, times=2, at=LATER)],
]
REPAIR_STORIES: list[Callable[[str, str], list[Event]]] = [
    lambda c, w: [
        opened(w),
        linked(c, work_order_id=w),
        assigned(w),
        arrived(w),
        repaired(w),
        closed(w),
    ],
    lambda c, w: [
        opened(w),
        linked(c, work_order_id=w),
        closed(w, outcome="nothing_found", note="现场已供水"),
    ],
    lambda c, w: [
        linked(c, work_order_id=w),
        closed(w, outcome="nothing_found", note="现场已供水"),
        assigned(w, at=NOW + 6 * HOUR),
        arrived(w, at=NOW + 7 * HOUR),
        repaired(w, at=NOW + 8 * HOUR),
    ],
    lambda c, w: [
        opened(w),
        linked(c, work_order_id=w, at=NOW + HOUR),
        arrived(w),
        opened(f"{w}b"),
        linked(c, work_order_id=f"{w}b", at=NOW + 3 * HOUR),
        repaired(w, at=NOW + 4 * HOUR),
        repaired(f"{w}b", at=NOW + 30 * HOUR),
    ],
]


@dataclass(frozen=True)
class Interleaving:
    of_complaint: int
    of_repair: int
    first_topic: list[bool]
    """Which topic each next event comes from."""
    sizes: list[int]
    """How many events each batch has."""
    skews: list[timedelta]
    """How wrong the clock was of the replica of dispatch that told of each event."""


interleavings = st.builds(
    Interleaving,
    st.integers(0, len(COMPLAINT_STORIES) - 1),
    st.integers(0, len(REPAIR_STORIES) - 1),
    st.lists(st.booleans(), min_size=12, max_size=12),
    st.lists(st.integers(1, 4), min_size=12, max_size=12),
    st.lists(st.integers(-6, 6).map(lambda hours: hours * HOUR), min_size=7, max_size=7),
)


def _told_by_a_wrong_clock(event: Event, by: timedelta) -> Event:
    times = {name: at + by for name, at in event if isinstance(at, datetime)}
    return event.model_copy(update=times)


def _merged(
    one: Sequence[Envelope[Event]], other: Sequence[Envelope[Event]], first_topic: list[bool]
) -> list[Envelope[Event]]:
    waiting, merged = (list(one), list(other)), list[Envelope[Event]]()
    for first in first_topic:
        source = waiting[0] if (first and waiting[0]) or not waiting[1] else waiting[1]
        if source:
            merged.append(source.pop(0))
    return [*merged, *waiting[0], *waiting[1]]


async def _end(harness: Harness, complaint_id: str) -> list[object]:
    """Everything that matters, and at most one answer."""
    complaint = await harness.complaint(complaint_id)
    deadlines = await harness.deadlines(complaint_id)
    live = [
        reply
        for reply in await harness.replies(complaint_id)
        if reply.state != ReplyState.SUPERSEDED
    ]
    assert len(live) <= 1
    return [
        complaint.model_dump(exclude={"id", "external_id", "decision_sequence"}),
        {
            stage: (row.due_at, row.standing, row.met_at, row.next_at)
            for stage, row in deadlines.items()
        },
        [(reply.state, reply.text, reply.returned, reply.solved) for reply in live],
    ]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(interleavings)
@example(
    Interleaving(0, 2, [False] * 6 + [True] + [False] * 5, [3, 4] + [1] * 10, [timedelta(0)] * 7)
).via("a repair, then its move")
@example(
    Interleaving(
        0, 2, [False] * 12, [1] * 12, [*[timedelta(0)] * 4, -4 * HOUR, *[timedelta(0)] * 2]
    )
).via("a move by a clock that is behind")
async def test_any_interleaving_ends_alike(harness: Harness, drawn: Interleaving) -> None:
    ends = []
    for mixed in (False, True):
        name = f"x{next(_numbers)}"
        complaint = [*map(envelope, COMPLAINT_STORIES[drawn.of_complaint](name))]
        story = REPAIR_STORIES[drawn.of_repair](name, f"w{name}")
        skewed = map(_told_by_a_wrong_clock, story, drawn.skews)
        repair = [*map(envelope, skewed)]
        events = _merged(complaint, repair, drawn.first_topic) if mixed else [*complaint, *repair]
        batches = iter(drawn.sizes if mixed else [1] * len(events))
        while events:
            size = next(batches, 1)
            await harness.receives_enveloped(*events[:size])
            events = events[size:]
        ends.append(await _end(harness, name))
    harness.events.clear()
    assert ends[0] == ends[1]
