"""Same fault or not: a table; and against a plain restatement of the rule."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dispatch.rules.faults import Category, Component, Signs
from services.dispatch.rules.merging import (
    OpenFault,
    Reach,
    Reason,
    Refusal,
    find_fault,
    refusal_by_hand,
    same_fault,
    stands_alone,
)

NOW = datetime(2026, 10, 12, 1, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
REACH = Reach()
_C, _P = Category, Component


def said(
    category: Category = Category.OUTAGE,
    component: Component | None = None,
    *,
    village: str = "A",
    group: str | None = None,
    after: timedelta = timedelta(0),
) -> Signs:
    return Signs(village, group, category, component, NOW + after)


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        pytest.param(said(), said(), Reason.SAME, id="two households without water"),
        pytest.param(
            said(),
            said(_C.LOW_PRESSURE),
            Reason.PRESSURE_AND_OUTAGE,
            id="one without, one with little",
        ),
        pytest.param(
            said(_C.PIPE_LEAK), said(), Reason.LEAK_TAKES_WATER, id="a leak, then no water"
        ),
        pytest.param(said(_C.WATER_QUALITY), said(), None, id="bad water is another fault"),
        pytest.param(
            said(_C.WATER_QUALITY), said(_C.WATER_QUALITY), Reason.SAME, id="bad water twice"
        ),
        pytest.param(
            said(component=_P.PUMP), said(component=_P.WELL), None, id="two parts are two faults"
        ),
        pytest.param(
            said(component=_P.PUMP), said(), Reason.SAME, id="who names no part may mean that one"
        ),
        pytest.param(
            said(_C.PIPE_LEAK, group="三组"),
            said(_C.PIPE_LEAK, group="五组"),
            None,
            id="leaks in two groups",
        ),
        pytest.param(
            said(_C.PIPE_LEAK, group="三组"),
            said(_C.PIPE_LEAK),
            Reason.SAME,
            id="a leak somewhere in the village",
        ),
        pytest.param(
            said(group="三组"), said(group="五组"), Reason.SAME, id="no water in two groups"
        ),
        pytest.param(
            said(), said(village="B"), Reason.SHARED_SOURCE, id="two villages on one source"
        ),
        pytest.param(
            said(component=_P.NETWORK), said(village="B"), None, id="a main is felt in its village"
        ),
        pytest.param(
            said(_C.PIPE_LEAK), said(village="B"), None, id="a leak is felt in its village"
        ),
        pytest.param(
            said(), said(village="B", after=48 * HOUR), Reason.SHARED_SOURCE, id="just near enough"
        ),
        pytest.param(
            said(), said(village="B", after=49 * HOUR), None, id="elsewhere, and two days later"
        ),
        pytest.param(said(), said(after=14 * DAY), Reason.SAME, id="still open after two weeks"),
        pytest.param(said(), said(after=14 * DAY + HOUR), None, id="too long ago"),
        pytest.param(
            said(component=_P.SERVICE_LINE), said(), None, id="one household's service line"
        ),
        pytest.param(
            said(component=_P.METER), said(component=_P.METER), None, id="two households' meters"
        ),
        pytest.param(said(_C.BILLING), said(_C.BILLING), None, id="two bills"),
        pytest.param(said(_C.OTHER), said(_C.OTHER), None, id="two questions"),
        pytest.param(
            said(_C.OTHER, _P.TANK), said(_C.OTHER, _P.TANK), Reason.SAME, id="a tank's lid, twice"
        ),
    ],
)
def test_same_fault(one: Signs, other: Signs, reason: Reason | None) -> None:
    assert same_fault(one, other, REACH, own_source=True) == reason
    assert same_fault(other, one, REACH, own_source=True) == reason


def test_villages_on_the_citys_mains_share_no_source() -> None:
    assert same_fault(said(), said(village="B"), REACH, own_source=False) is None


def fault(order: str, signs: Signs, *, repaired: timedelta | None = None) -> OpenFault:
    at = signs.said_at
    return OpenFault(order, signs, at, None if repaired is None else NOW + repaired)


def test_what_was_said_before_the_repair_joins_the_repaired_order() -> None:
    repaired = fault("w1", said(), repaired=3 * HOUR)
    found = find_fault(said(after=2 * HOUR), [repaired], REACH, own_source=True)
    assert found == (repaired, Reason.BEFORE_REPAIR)


def test_what_is_said_after_the_repair_is_a_new_fault() -> None:
    repaired = fault("w1", said(), repaired=3 * HOUR)
    assert find_fault(said(after=3 * HOUR), [repaired], REACH, own_source=True) is None


def test_of_several_faults_the_strongest_reason_counts_then_the_oldest() -> None:
    leak = fault("w1", said(_C.PIPE_LEAK))
    outage = fault("w2", said(component=_P.PUMP, after=2 * HOUR))
    older = fault("w3", said(component=_P.WELL, after=HOUR))
    found = find_fault(said(after=3 * HOUR), [leak, outage, older], REACH, own_source=True)
    assert found == (older, Reason.SAME)


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ((False, True, False, False), None),
        ((True, True, False, False), Refusal.SAME_ORDER),
        ((False, False, False, False), Refusal.OTHER_SCHEME),
        ((False, True, True, False), Refusal.OFFICE_TASK),
        ((False, True, False, True), Refusal.TARGET_CLOSED),
    ],
)
def test_by_hand(facts: tuple[bool, bool, bool, bool], why: Refusal | None) -> None:
    same_order, same_scheme, for_office, target_closed = facts
    assert why == refusal_by_hand(
        same_order=same_order,
        same_scheme=same_scheme,
        for_office=for_office,
        target_closed=target_closed,
    )


signs = st.builds(
    Signs,
    village_code=st.sampled_from("AB"),
    group=st.sampled_from([None, "一组", "二组"]),
    category=st.sampled_from(Category),
    component=st.none() | st.sampled_from(Component),
    said_at=st.integers(0, 20 * 24).map(lambda hours: NOW + hours * HOUR),
)


def _plainly_the_same(a: Signs, b: Signs, *, own_source: bool) -> bool:
    """The rule again, as sentences, on the values the words have on the wire."""
    for one in (a, b):
        if one.category.value in ("billing", "new_connection", "service", "not_ours"):
            return False
        if one.component is None and one.category.value == "other":
            return False
        if one.component is not None and one.component.value in ("meter", "service_line"):
            return False
    kinds = {a.category.value, b.category.value}
    if len(kinds) == 2 and not kinds <= {"outage", "low_pressure", "pipe_leak"}:
        return False
    named = {str(one.component) for one in (a, b) if one.component is not None}
    if len(named) == 2:
        return False
    hours = abs((a.said_at - b.said_at).total_seconds()) / 3600
    if a.village_code == b.village_code:
        groups = {one.group for one in (a, b) if one.group is not None}
        if kinds == {"pipe_leak"} and len(groups) == 2:
            return False
        return hours <= 14 * 24
    everywhere = kinds <= {"outage", "low_pressure", "water_quality"} and "network" not in named
    return own_source and everywhere and hours <= 48


@given(signs, signs, st.booleans())
def test_the_rule_says_what_its_sentences_say(a: Signs, b: Signs, own_source: bool) -> None:
    together = same_fault(a, b, REACH, own_source=own_source) is not None
    assert together == _plainly_the_same(a, b, own_source=own_source)
    assert together == (same_fault(b, a, REACH, own_source=own_source) is not None)


@given(st.lists(st.tuples(signs, st.none() | st.integers(0, 30)), max_size=25), st.booleans())
def test_one_fault_never_gets_two_open_orders(
    sequence: list[tuple[Signs, int | None]], own_source: bool
) -> None:
    """Complaints come in any order; now and then an open fault is repaired."""
    faults: list[OpenFault] = []
    for number, (complaint, to_repair) in enumerate(sequence):
        if to_repair is not None and to_repair < len(faults):
            faults[to_repair] = replace(faults[to_repair], repaired_at=NOW + 10 * DAY)
        if stands_alone(complaint):
            continue
        found = find_fault(complaint, faults, REACH, own_source=own_source)
        if found is None:
            faults.append(OpenFault(f"w{number:02d}", complaint, complaint.said_at))
    still_open = [each for each in faults if each.repaired_at is None]
    for index, one in enumerate(still_open):
        for other in still_open[index + 1 :]:
            assert not _plainly_the_same(one.signs, other.signs, own_source=own_source)
