"""Deadlines are met by what happened and when, whichever event came first."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.reply.handlers.on_complaints import UnknownComplaint
from services.reply.rules.deadlines import Stage
from services.reply.rules.escalation import Standing
from shared.events.replies import DeadlineMet, DeadlineMissed, DeadlinesSet
from tests.conftest import NOW
from tests.integration.reply.events import (
    DAY,
    HOUR,
    arrived,
    assigned,
    chased,
    closed,
    decided,
    edited,
    envelope,
    linked,
    opened,
    received,
    repaired,
)
from tests.integration.reply.harness import Harness


def _ended(harness: Harness, kind: type[DeadlineMet | DeadlineMissed]) -> list[str]:
    return [event.stage for event in harness.events_of(kind) if isinstance(event, kind)]


async def test_a_link_accepts_an_arrival_is_the_contact_a_repair_resolves(harness: Harness) -> None:
    await harness.receives(received(), opened(), linked(), assigned(), arrived(), repaired())
    deadlines = await harness.deadlines()
    assert {stage: row.met_at for stage, row in deadlines.items()} == {
        Stage.ACCEPT: NOW + HOUR,
        Stage.FIRST_CONTACT: NOW + 2 * HOUR,
        Stage.RESOLVE: NOW + 4 * HOUR,
        Stage.REPLY: None,
    }
    assert [deadlines[stage].standing for stage in (Stage.ACCEPT, Stage.REPLY)] == [
        Standing.MET,
        Standing.OPEN,
    ]
    assert sorted(_ended(harness, DeadlineMet)) == ["accept", "first_contact", "resolve"]


async def test_the_same_events_twice_tell_nothing_twice(harness: Harness) -> None:
    await harness.receives(received(), linked(), repaired())
    told = len(harness.events)
    await harness.receives(linked(), repaired())
    assert len(harness.events) == told


async def test_what_was_done_late_is_missed_and_met_late(harness: Harness) -> None:
    await harness.receives(
        received(time_limit="24小时"), linked(), arrived(), repaired(at=NOW + 25 * HOUR)
    )
    resolve = (await harness.deadlines())[Stage.RESOLVE]
    assert resolve.standing == Standing.MISSED
    assert resolve.met_at == NOW + 25 * HOUR
    (met,) = [
        event
        for event in harness.events_of(DeadlineMet)
        if isinstance(event, DeadlineMet) and event.stage == "resolve"
    ]
    assert met.late
    assert _ended(harness, DeadlineMissed) == ["resolve"]


async def test_a_miss_recorded_before_the_event_came_is_corrected(harness: Harness) -> None:
    await harness.receives(received(time_limit="24小时"))
    await harness.sweep(NOW + 25 * HOUR)
    assert (await harness.deadlines())[Stage.RESOLVE].standing == Standing.MISSED
    await harness.receives(linked(), repaired(at=NOW + 4 * HOUR))
    resolve = (await harness.deadlines())[Stage.RESOLVE]
    assert resolve.standing == Standing.MET
    assert resolve.missed_recorded_at is None
    assert resolve.next_at is None
    last = harness.events_of(DeadlineMet)[-1]
    assert isinstance(last, DeadlineMet)
    assert not last.late


async def test_a_sweep_after_a_late_event_records_no_second_miss(harness: Harness) -> None:
    await harness.receives(received(time_limit="24小时"), linked(), repaired(at=NOW + 25 * HOUR))
    await harness.sweep(NOW + 26 * HOUR)
    assert _ended(harness, DeadlineMissed).count("resolve") == 1


async def test_what_was_done_on_a_work_order_after_the_complaint_left_it_does_not_count(
    harness: Harness,
) -> None:
    await harness.receives(
        received(),
        linked(work_order_id="w1", at=NOW + HOUR),
        linked(work_order_id="w2", at=NOW + 2 * HOUR),
        repaired("w1", at=NOW + 3 * HOUR),
    )
    deadlines = await harness.deadlines()
    assert deadlines[Stage.ACCEPT].met_at == NOW + HOUR
    assert deadlines[Stage.RESOLVE].met_at is None
    assert await harness.replies() == []
    await harness.receives(repaired("w2", at=NOW + 4 * HOUR))
    assert (await harness.deadlines())[Stage.RESOLVE].met_at == NOW + 4 * HOUR
    assert (await harness.live_reply()).version == 1


async def test_the_link_with_the_larger_sequence_counts_though_its_clock_was_behind(
    harness: Harness,
) -> None:
    """A batch took its time before a person merged, and was committed after that."""
    await harness.receives(
        received(),
        linked(work_order_id="w1", at=NOW + 3 * HOUR),
        linked(work_order_id="w2", at=NOW + HOUR),
        repaired("w1", at=NOW + 4 * HOUR),
    )
    assert await harness.replies() == []
    await harness.receives(repaired("w2", at=NOW + 5 * HOUR))
    assert (await harness.live_reply()).version == 1
    assert (await harness.deadlines())[Stage.RESOLVE].met_at == NOW + 5 * HOUR


async def test_a_decision_is_not_replaced_by_an_older_one(harness: Harness) -> None:
    older, newer = envelope(decided(category="billing")), envelope(decided(category="service"))
    await harness.receives(received())
    await harness.receives_enveloped(replace(newer, sequence=newer.sequence + 10))
    await harness.receives_enveloped(replace(older, sequence=newer.sequence + 5))
    assert (await harness.complaint()).category == "service"


async def test_a_complaint_linked_to_a_finished_repair_was_resolved_when_it_came(
    harness: Harness,
) -> None:
    await harness.receives(repaired(at=NOW), received(), linked(at=NOW + HOUR))
    assert (await harness.deadlines())[Stage.RESOLVE].met_at == NOW + HOUR


@pytest.mark.parametrize("outcome", ["nothing_found", "repaired", "merged"])
async def test_a_work_order_closed_by_the_office_meets_nothing(
    harness: Harness, outcome: str
) -> None:
    await harness.receives(received(), linked(), closed(outcome=outcome))
    assert _ended(harness, DeadlineMet) == ["accept"]  # by the link
    assert (await harness.deadlines())[Stage.RESOLVE].met_at is None


async def test_a_person_who_decides_has_accepted_the_complaint(harness: Harness) -> None:
    await harness.receives(received(), decided(at=NOW + HOUR, category="billing"))
    assert (await harness.deadlines())[Stage.ACCEPT].met_at == NOW + HOUR
    assert (await harness.complaint()).category == "billing"


async def test_a_limit_printed_anew_is_counted_and_told(harness: Harness) -> None:
    await harness.receives(received(time_limit="5个工作日"))
    await harness.receives(edited(time_limit="24小时", at=NOW + HOUR))
    assert (await harness.deadlines())[Stage.REPLY].due_at == NOW + 24 * HOUR
    assert len(harness.events_of(DeadlinesSet)) == 2


async def test_an_edit_that_changes_no_limit_sets_nothing(harness: Harness) -> None:
    await harness.receives(received(time_limit="5个工作日"))
    await harness.receives(edited(time_limit="5个工作日"))
    assert len(harness.events_of(DeadlinesSet)) == 1


async def test_a_decision_that_it_is_urgent_brings_the_deadlines_forward(harness: Harness) -> None:
    await harness.receives(received())
    await harness.receives(decided(urgent=True, at=NOW + HOUR))
    deadlines = await harness.deadlines()
    assert deadlines[Stage.REPLY].due_at == NOW + 24 * HOUR
    assert deadlines[Stage.ACCEPT].due_at == NOW + timedelta(minutes=30)
    assert deadlines[Stage.ACCEPT].standing == Standing.MISSED


async def test_a_longer_limit_printed_later_warns_again(harness: Harness) -> None:
    await harness.receives(received(time_limit="24小时"))
    await harness.sweep(NOW + 23 * HOUR)
    assert (await harness.deadlines())[Stage.REPLY].standing == Standing.WARNED
    await harness.receives(edited(time_limit="10个工作日", at=NOW + 23 * HOUR))
    reply = (await harness.deadlines())[Stage.REPLY]
    assert reply.standing == Standing.OPEN
    assert reply.next_at == reply.warn_at


async def test_a_miss_is_not_edited_away(harness: Harness) -> None:
    await harness.receives(received(time_limit="24小时"))
    await harness.sweep(NOW + 25 * HOUR)
    await harness.receives(edited(time_limit="10个工作日", at=NOW + 25 * HOUR))
    reply = (await harness.deadlines())[Stage.REPLY]
    assert reply.standing == Standing.MISSED
    assert reply.due_at == NOW + 24 * HOUR


async def test_a_chase_is_noted(harness: Harness) -> None:
    await harness.receives(
        received(), chased(times=1, at=NOW + DAY), chased(times=2, at=NOW + 2 * DAY)
    )
    complaint = await harness.complaint()
    assert (complaint.chases, complaint.chased_at) == (2, NOW + 2 * DAY)


async def test_an_event_of_an_unknown_complaint_waits_for_it(harness: Harness) -> None:
    with pytest.raises(UnknownComplaint):
        await harness.receives(chased("unknown", times=1))
