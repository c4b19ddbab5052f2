"""However the two topics interleave, and however they are cut into batches: one end, one draft."""

import asyncio
from collections.abc import Callable, Sequence
from itertools import count

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from services.reply.models import ReplyState
from services.reply.rules.deadlines import Stage
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
    lambda c, w: [opened(w), linked(c, work_order_id=w), closed(w, outcome="nothing_found")],
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


@st.composite
def interleavings(draw: st.DrawFn) -> tuple[int, int, list[bool], list[int]]:
    """Which stories, whose turn it is each time, and how many events each batch has."""
    return (
        draw(st.integers(0, len(COMPLAINT_STORIES) - 1)),
        draw(st.integers(0, len(REPAIR_STORIES) - 1)),
        draw(st.lists(st.booleans(), min_size=12, max_size=12)),
        draw(st.lists(st.integers(1, 4), min_size=12, max_size=12)),
    )


def _merged(
    one: Sequence[Envelope[Event]], other: Sequence[Envelope[Event]], turns: list[bool]
) -> list[Envelope[Event]]:
    waiting, merged = (list(one), list(other)), list[Envelope[Event]]()
    for first in turns:
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
@given(interleavings())
@example((0, 2, [False] * 6 + [True] + [False] * 5, [3, 4] + [1] * 10)).via(
    "a repair, then its move"
)
async def test_any_interleaving_ends_alike(
    harness: Harness, drawn: tuple[int, int, list[bool], list[int]]
) -> None:
    of_complaint, of_repair, turns, sizes = drawn
    ends = []
    for mixed in (False, True):
        name = f"x{next(_numbers)}"
        complaint = [*map(envelope, COMPLAINT_STORIES[of_complaint](name))]
        repair = [*map(envelope, REPAIR_STORIES[of_repair](name, f"w{name}"))]
        events = _merged(complaint, repair, turns) if mixed else [*complaint, *repair]
        batches = iter(sizes if mixed else [1] * len(events))
        while events:
            size = next(batches, 1)
            await harness.receives_enveloped(*events[:size])
            events = events[size:]
        ends.append(await _end(harness, name))
    harness.events.clear()
    assert ends[0] == ends[1]


async def test_two_replicas_that_hear_one_half_each_miss_nothing(harness: Harness) -> None:
    for number in range(20):
        name = f"r{number}"
        await asyncio.gather(
            harness.receives(received(name)),
            harness.receives(
                linked(name, work_order_id=f"w{name}"), repaired(f"w{name}"), closed(f"w{name}")
            ),
        )
        assert (await harness.live_reply(name)).version == 1
        assert (await harness.deadlines(name))[Stage.RESOLVE].met_at == NOW + 4 * HOUR
