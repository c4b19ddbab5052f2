"""Same fault or not: a table; and against a plain restatement of the rule."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dispatch.rules.fault_matching import (
    LinkReason,
    MatchingWindow,
    MergeRefusal,
    OpenFault,
    Signs,
    find_fault,
    match_complaints,
    merge_refusal,
    same_fault,
    stands_alone,
)
from shared.vocabulary import Category, Component

NOW = datetime(2026, 10, 12, 1, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WINDOW = MatchingWindow()
_C, _P = Category, Component


def signs_of(
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
        pytest.param(signs_of(), signs_of(), LinkReason.SAME, id="two households without water"),
        pytest.param(
            signs_of(),
            signs_of(_C.LOW_PRESSURE),
            LinkReason.PRESSURE_AND_OUTAGE,
            id="one without, one with little",
        ),
        pytest.param(
            signs_of(_C.PIPE_LEAK),
            signs_of(),
            LinkReason.LEAK_TAKES_WATER,
            id="a leak, then no water",
        ),
        pytest.param(signs_of(_C.WATER_QUALITY), signs_of(), None, id="bad water is another fault"),
        pytest.param(
            signs_of(_C.WATER_QUALITY),
            signs_of(_C.WATER_QUALITY),
            LinkReason.SAME,
            id="bad water twice",
        ),
        pytest.param(
            signs_of(component=_P.PUMP),
            signs_of(component=_P.WELL),
            None,
            id="two parts are two faults",
        ),
        pytest.param(
            signs_of(component=_P.PUMP),
            signs_of(),
            LinkReason.SAME,
            id="who names no part may mean that one",
        ),
        pytest.param(
            signs_of(_C.PIPE_LEAK, group="三组"),
            signs_of(_C.PIPE_LEAK, group="五组"),
            None,
            id="leaks in two groups",
        ),
        pytest.param(
            signs_of(_C.PIPE_LEAK, group="三组"),
            signs_of(_C.PIPE_LEAK),
            LinkReason.SAME,
            id="a leak somewhere in the village",
        ),
        pytest.param(
            signs_of(group="三组"),
            signs_of(group="五组"),
            LinkReason.SAME,
            id="no water in two groups",
        ),
        pytest.param(
            signs_of(),
            signs_of(village="B"),
            LinkReason.SHARED_SOURCE,
            id="two villages on one source",
        ),
        pytest.param(
            signs_of(component=_P.NETWORK),
            signs_of(village="B"),
            None,
            id="a main is felt in its village",
        ),
        pytest.param(
            signs_of(_C.PIPE_LEAK), signs_of(village="B"), None, id="a leak is felt in its village"
        ),
        pytest.param(
            signs_of(),
            signs_of(village="B", after=48 * HOUR),
            LinkReason.SHARED_SOURCE,
            id="just near enough",
        ),
        pytest.param(
            signs_of(),
            signs_of(village="B", after=49 * HOUR),
            None,
            id="elsewhere, and two days later",
        ),
        pytest.param(
            signs_of(), signs_of(after=14 * DAY), LinkReason.SAME, id="still open after two weeks"
        ),
        pytest.param(signs_of(), signs_of(after=14 * DAY + HOUR), None, id="too long ago"),
        pytest.param(
            signs_of(component=_P.SERVICE_LINE), signs_of(), None, id="one household's service line"
        ),
        pytest.param(
            signs_of(component=_P.METER),
            signs_of(component=_P.METER),
            None,
            id="two households' meters",
        ),
        pytest.param(signs_of(_C.BILLING), signs_of(_C.BILLING), None, id="two bills"),
        pytest.param(signs_of(_C.OTHER), signs_of(_C.OTHER), None, id="two questions"),
        pytest.param(
            signs_of(_C.OTHER, _P.TANK),
            signs_of(_C.OTHER, _P.TANK),
            LinkReason.SAME,
            id="a tank's lid, twice",
        ),
    ],
)
def test_same_fault(one: Signs, other: Signs, reason: LinkReason | None) -> None:
    assert same_fault(one, other, WINDOW, own_source=True) == reason
    assert same_fault(other, one, WINDOW, own_source=True) == reason


def test_villages_on_the_citys_mains_share_no_source() -> None:
    assert same_fault(signs_of(), signs_of(village="B"), WINDOW, own_source=False) is None


def fault(work_order_id: str, signs: Signs, *, repaired: timedelta | None = None) -> OpenFault:
    at = signs.sent_at
    return OpenFault(work_order_id, signs, at, None if repaired is None else NOW + repaired)


def test_what_was_sent_before_the_repair_joins_the_repaired_work_order() -> None:
    repaired = fault("w1", signs_of(), repaired=3 * HOUR)
    found = find_fault(signs_of(after=2 * HOUR), [repaired], WINDOW, own_source=True)
    assert found == (repaired, LinkReason.BEFORE_REPAIR)


def test_what_is_sent_after_the_repair_is_a_new_fault() -> None:
    repaired = fault("w1", signs_of(), repaired=3 * HOUR)
    assert find_fault(signs_of(after=3 * HOUR), [repaired], WINDOW, own_source=True) is None


def test_of_several_faults_the_strongest_reason_counts_then_the_oldest() -> None:
    leak = fault("w1", signs_of(_C.PIPE_LEAK))
    outage = fault("w2", signs_of(component=_P.PUMP, after=2 * HOUR))
    older = fault("w3", signs_of(component=_P.WELL, after=HOUR))
    found = find_fault(signs_of(after=3 * HOUR), [leak, outage, older], WINDOW, own_source=True)
    assert found == (older, LinkReason.SAME)


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ((False, True, False, False), None),
        ((True, True, False, False), MergeRefusal.SAME_WORK_ORDER),
        ((False, False, False, False), MergeRefusal.OTHER_SCHEME),
        ((False, True, True, False), MergeRefusal.OFFICE_TASK),
        ((False, True, False, True), MergeRefusal.TARGET_CLOSED),
    ],
)
def test_by_hand(facts: tuple[bool, bool, bool, bool], why: MergeRefusal | None) -> None:
    same_work_order, same_scheme, for_office, target_closed = facts
    assert why == merge_refusal(
        same_work_order=same_work_order,
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
    sent_at=st.integers(0, 20 * 24).map(lambda hours: NOW + hours * HOUR),
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
    hours = abs((a.sent_at - b.sent_at).total_seconds()) / 3600
    if a.village_code == b.village_code:
        groups = {one.group for one in (a, b) if one.group is not None}
        if kinds == {"pipe_leak"} and len(groups) == 2:
            return False
        return hours <= 14 * 24
    everywhere = kinds <= {"outage", "low_pressure", "water_quality"} and "network" not in named
    return own_source and everywhere and hours <= 48


@given(signs, signs, st.booleans())
def test_the_rule_says_what_its_sentences_say(a: Signs, b: Signs, own_source: bool) -> None:
    together = same_fault(a, b, WINDOW, own_source=own_source) is not None
    assert together == _plainly_the_same(a, b, own_source=own_source)
    assert together == (same_fault(b, a, WINDOW, own_source=own_source) is not None)


@given(st.lists(st.tuples(signs, st.none() | st.integers(0, 30)), max_size=25), st.booleans())
def test_one_fault_never_gets_two_open_work_orders(
    sequence: list[tuple[Signs, int | None]], own_source: bool
) -> None:
    """Complaints come in any order; now and then an open fault is repaired."""
    faults: list[OpenFault] = []
    for number, (complaint, to_repair) in enumerate(sequence):
        if to_repair is not None and to_repair < len(faults):
            faults[to_repair] = faults[to_repair]._replace(repaired_at=NOW + 10 * DAY)
        if stands_alone(complaint):
            continue
        found = find_fault(complaint, faults, WINDOW, own_source=own_source)
        if found is None:
            faults.append(OpenFault(f"w{number:02d}", complaint, complaint.sent_at))
    still_open = [each for each in faults if each.repaired_at is None]
    for index, one in enumerate(still_open):
        for other in still_open[index + 1 :]:
            assert not _plainly_the_same(one.signs, other.signs, own_source=own_source)


@given(st.lists(signs, max_size=20), st.lists(signs, max_size=10), st.booleans())
def test_complaints_of_a_batch_match_as_if_they_came_one_by_one(
    batch: list[Signs], before: list[Signs], own_source: bool
) -> None:
    open_before = [
        OpenFault(f"open{number:02d}", each, each.sent_at)
        for number, each in enumerate(before)
        if not stands_alone(each)
    ]
    numbers = iter(range(100))

    def open_fault(each: Signs) -> OpenFault:
        return OpenFault(f"w{next(numbers):02d}", each, NOW + 30 * DAY)

    complaints = {f"c{number:02d}": each for number, each in enumerate(batch)}
    matches = match_complaints(
        complaints, open_before, WINDOW, own_source=own_source, open_fault=open_fault
    )
    faults = list(open_before)
    for complaint_id, each in complaints.items():
        match, alone = matches[complaint_id], stands_alone(each)
        found = None if alone else find_fault(each, faults, WINDOW, own_source=own_source)
        if found is not None:
            assert (match.work_order_id, match.reason) == (found[0].work_order_id, found[1])
            assert not match.opens
            continue
        assert match.opens
        assert match.reason is (alone or LinkReason.FIRST)
        if alone is None:
            faults.append(OpenFault(match.work_order_id, each, NOW + 30 * DAY))
