"""Who goes: a table, and against a plain tournament between the crews that may go."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dispatch.rules.assignment import (
    AssignmentReason,
    AssignmentRefusal,
    Candidate,
    WaitingWorkOrder,
    WaitReason,
    choice_refusal,
    choose_crew,
    choose_crews,
    on_shift,
)
from shared.vocabulary import Component

MORNING = datetime(2026, 10, 12, 1, 30, tzinfo=UTC)
"""Monday 9:30 in Shanghai."""
NIGHT = datetime(2026, 10, 12, 15, 0, tzinfo=UTC)
"""Monday 23:00 in Shanghai."""
HOUR = timedelta(hours=1)
WEEKDAYS = tuple((day, 480, 1080) for day in range(5))

FIRST = Candidate(
    id="k1",
    is_office=False,
    skills=frozenset({"pump", "network"}),
    towns=frozenset({"三里镇", "华胥镇"}),
    shifts=WEEKDAYS,
    on_call=False,
    capacity=3,
    active=True,
    open_work_orders=0,
    in_towns=frozenset(),
    idle_since=MORNING - HOUR,
)
SECOND = replace(FIRST, id="k2")
OFFICE = replace(FIRST, id="k9", is_office=True, skills=frozenset())
WORK_ORDER = WaitingWorkOrder(
    id="w1",
    component=Component.PUMP,
    town="三里镇",
    for_office=False,
    urgent=False,
    chases=0,
    opened_at=MORNING,
)
URGENT = replace(WORK_ORDER, urgent=True)


@pytest.mark.parametrize(
    ("crews", "chosen", "reason"),
    [
        pytest.param([FIRST], "k1", AssignmentReason.ONLY_ONE_FREE, id="only one"),
        pytest.param(
            [FIRST, SECOND], "k1", AssignmentReason.FIRST_BY_ID, id="nothing between them"
        ),
        pytest.param(
            [replace(FIRST, open_work_orders=1), SECOND],
            "k2",
            AssignmentReason.FEWEST_OPEN,
            id="has less to do",
        ),
        pytest.param(
            [FIRST, replace(SECOND, in_towns=frozenset({"三里镇"}))],
            "k2",
            AssignmentReason.ALREADY_THERE,
            id="is there already",
        ),
        pytest.param(
            [FIRST, replace(SECOND, idle_since=MORNING - 2 * HOUR)],
            "k2",
            AssignmentReason.IDLE_LONGEST,
            id="has waited longer",
        ),
        pytest.param(
            [FIRST, replace(SECOND, idle_since=None)],
            "k2",
            AssignmentReason.IDLE_LONGEST,
            id="has never been sent",
        ),
        pytest.param(
            [OFFICE, SECOND], "k2", AssignmentReason.ONLY_ONE_FREE, id="the office repairs nothing"
        ),
    ],
)
def test_the_best_free_crew_goes(
    crews: list[Candidate], chosen: str, reason: AssignmentReason
) -> None:
    choice = choose_crew(WORK_ORDER, crews, MORNING)
    assert choice.crew_id == chosen
    assert choice.reasons == (reason, AssignmentReason.ON_SHIFT)


def test_the_crew_that_knows_the_fault_goes_again() -> None:
    busy = replace(SECOND, open_work_orders=2)
    choice = choose_crew(replace(WORK_ORDER, last_crew="k2"), [FIRST, busy], MORNING)
    assert (choice.crew_id, choice.reasons[0]) == ("k2", AssignmentReason.KNOWS_IT)


@pytest.mark.parametrize(
    ("crew", "why"),
    [
        (replace(FIRST, active=False), WaitReason.NO_ACTIVE_CREW),
        (OFFICE, WaitReason.NO_SUCH_CREW),
        (replace(FIRST, skills=frozenset({"tank"})), WaitReason.NOBODY_SKILLED),
        (replace(FIRST, towns=frozenset({"玉山镇"})), WaitReason.NOBODY_COVERS_TOWN),
        (replace(FIRST, shifts=((0, 600, 1080),)), WaitReason.NOBODY_ON_SHIFT),
        (replace(FIRST, open_work_orders=3), WaitReason.ALL_FULL),
    ],
)
def test_an_order_waits_with_the_reason(crew: Candidate, why: WaitReason) -> None:
    choice = choose_crew(WORK_ORDER, [crew], MORNING)
    assert (choice.crew_id, choice.reasons) == (None, (why,))


def test_a_crew_that_gave_it_back_does_not_get_it_again() -> None:
    choice = choose_crew(replace(WORK_ORDER, given_back_by=frozenset({"k1"})), [FIRST], MORNING)
    assert choice.reasons == (WaitReason.ALL_GAVE_BACK,)


def test_the_crew_on_call_comes_at_night_for_urgent_orders_alone() -> None:
    on_call = replace(FIRST, on_call=True)
    assert choose_crew(WORK_ORDER, [on_call], NIGHT).reasons == (WaitReason.NOBODY_ON_SHIFT,)
    choice = choose_crew(URGENT, [on_call, SECOND], NIGHT)
    assert choice.reasons == (AssignmentReason.ONLY_ONE_FREE, AssignmentReason.CALLED_OUT)


@pytest.mark.parametrize(
    ("capacity", "what_can_wait", "urgent"), [(1, 1, 1), (2, 1, 2), (5, 3, 5), (10, 5, 10)]
)
def test_a_crew_on_call_keeps_half_of_its_places_for_urgent_orders(
    capacity: int, what_can_wait: int, urgent: int
) -> None:
    on_call = replace(FIRST, on_call=True, capacity=capacity)

    def takes(work_order: WaitingWorkOrder) -> int:
        work_orders = [replace(work_order, id=f"{n:02}") for n in range(12)]
        return len(
            [one for one in choose_crews(work_orders, [on_call], MORNING).values() if one.crew_id]
        )

    assert (takes(WORK_ORDER), takes(URGENT)) == (what_can_wait, urgent)
    filled = replace(on_call, open_work_orders=what_can_wait)
    assert choose_crew(WORK_ORDER, [filled], MORNING).reasons == (WaitReason.ALL_FULL,)


@pytest.mark.parametrize(
    ("shanghai", "on"),
    [("07:59", False), ("08:00", True), ("17:59", True), ("18:00", False)],
)
def test_a_shift_begins_with_its_first_minute_and_ends_before_its_last(
    shanghai: str, on: bool
) -> None:
    at = datetime.fromisoformat(f"2026-10-12T{shanghai}+08:00").astimezone(UTC)
    assert on_shift(FIRST, at) is on


def test_the_weekday_is_shanghais() -> None:
    saturday_there = datetime(2026, 10, 16, 17, 0, tzinfo=UTC)  # still Friday in UTC
    assert not on_shift(replace(FIRST, shifts=((4, 0, 1440),)), saturday_there)
    assert on_shift(replace(FIRST, shifts=((5, 0, 1440),)), saturday_there)


def test_urgent_orders_choose_first_then_the_most_asked_for_then_the_oldest() -> None:
    crew = replace(FIRST, capacity=3)
    work_orders = [
        replace(WORK_ORDER, id="young", opened_at=MORNING + HOUR),
        replace(WORK_ORDER, id="old"),
        replace(WORK_ORDER, id="chased", opened_at=MORNING + HOUR, chases=2),
        replace(URGENT, id="urgent", opened_at=MORNING + 2 * HOUR),
    ]
    choices = choose_crews(work_orders, [crew], MORNING)
    assert {name for name, choice in choices.items() if choice.crew_id} == {
        "urgent",
        "chased",
        "old",
    }


@pytest.mark.parametrize(
    ("crew", "why"),
    [
        (replace(FIRST, skills=frozenset(), towns=frozenset(), shifts=()), None),
        (replace(FIRST, active=False), AssignmentRefusal.NOT_ACTIVE),
        (OFFICE, AssignmentRefusal.OF_ANOTHER_KIND),
        (replace(FIRST, open_work_orders=3), AssignmentRefusal.FULL),
    ],
)
def test_by_hand_anything_goes_but_too_much(crew: Candidate, why: AssignmentRefusal | None) -> None:
    assert choice_refusal(WORK_ORDER, crew) is why


towns = st.sampled_from(["三里镇", "华胥镇", "玉山镇"])
moments = st.integers(0, 7 * 24).map(lambda hours: MORNING + hours * HOUR)
crews = st.builds(
    Candidate,
    id=st.sampled_from([f"k{number}" for number in range(6)]),
    is_office=st.booleans(),
    skills=st.frozensets(st.sampled_from(["pump", "network", "tank"])),
    towns=st.frozensets(towns),
    shifts=st.lists(
        st.tuples(st.integers(0, 6), st.integers(0, 900), st.integers(901, 1440)), max_size=5
    ).map(tuple),
    on_call=st.booleans(),
    capacity=st.integers(1, 4),
    active=st.booleans(),
    open_work_orders=st.integers(0, 4),
    in_towns=st.frozensets(towns),
    idle_since=st.none() | moments,
)
work_orders = st.builds(
    WaitingWorkOrder,
    id=st.uuids().map(str),
    component=st.sampled_from([Component.PUMP, Component.NETWORK]),
    town=towns,
    for_office=st.booleans(),
    urgent=st.booleans(),
    chases=st.integers(0, 3),
    opened_at=moments,
    last_crew=st.none() | st.just("k1"),
    given_back_by=st.frozensets(st.sampled_from(["k2", "k3"])),
)
some_crews = st.lists(crews, max_size=6, unique_by=lambda crew: crew.id)


def _may_go(work_order: WaitingWorkOrder, crew: Candidate, now: datetime) -> bool:
    there = now + 8 * HOUR
    minute = there.hour * 60 + there.minute
    works = any(day == there.weekday() and a <= minute < b for day, a, b in crew.shifts)
    if not crew.active or crew.id in work_order.given_back_by or work_order.town not in crew.towns:
        return False
    if work_order.for_office is not crew.is_office or crew.open_work_orders >= crew.capacity:
        return False
    if (
        crew.on_call
        and not work_order.urgent
        and crew.open_work_orders + crew.capacity // 2 >= crew.capacity
    ):
        return False
    if not work_order.for_office and work_order.component.value not in crew.skills:
        return False
    return works or (work_order.urgent and crew.on_call)


def _beats(work_order: WaitingWorkOrder, one: Candidate, other: Candidate) -> bool:
    if (one.id == work_order.last_crew) != (other.id == work_order.last_crew):
        return one.id == work_order.last_crew
    if one.open_work_orders != other.open_work_orders:
        return one.open_work_orders < other.open_work_orders
    if (work_order.town in one.in_towns) != (work_order.town in other.in_towns):
        return work_order.town in one.in_towns
    if one.idle_since != other.idle_since:
        if one.idle_since is None or other.idle_since is None:
            return one.idle_since is None
        return one.idle_since < other.idle_since
    return one.id < other.id


@given(work_orders, some_crews, moments)
def test_the_chosen_crew_may_go_and_none_that_may_beats_it(
    work_order: WaitingWorkOrder, available: list[Candidate], now: datetime
) -> None:
    choice = choose_crew(work_order, available, now)
    free = [crew for crew in available if _may_go(work_order, crew, now)]
    chosen = [crew for crew in free if not any(_beats(work_order, other, crew) for other in free)]
    assert choice.crew_id == (chosen[0].id if free else None)
    assert choice.reasons
    assert choose_crew(work_order, available[::-1], now) == choice


@given(
    st.lists(work_orders, max_size=12, unique_by=lambda work_order: work_order.id),
    some_crews,
    moments,
)
def test_every_order_has_an_answer_and_no_crew_gets_too_much(
    waiting: list[WaitingWorkOrder], available: list[Candidate], now: datetime
) -> None:
    choices = choose_crews(waiting, available, now)
    assert choices.keys() == {work_order.id for work_order in waiting}
    for crew in available:
        given_to = sum(choice.crew_id == crew.id for choice in choices.values())
        assert given_to == 0 or crew.open_work_orders + given_to <= crew.capacity
    assert choose_crews(waiting[::-1], available[::-1], now) == choices
