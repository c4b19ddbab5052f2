"""Which crew goes: hard conditions first, then the best of those that are free.

Conditions, in this order; the first one that leaves nobody is the reason the work order waits:
active, of the right kind (office or field), has the skill, covers the town, has not given it back,
on shift (an on-call crew comes for urgent work orders at any time), below its capacity (half of an
on-call crew's is kept for urgent ones: no dripping meter keeps it from a village without water).

Of the crews that are left goes the one that knows the fault from before (rework), else with the
fewest open work orders, else already in the town, else idle the longest, else the first by id.
Urgent work orders choose first, then those asked for most often, then the oldest.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from shared.vocabulary import Component

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")


class AssignmentReason(StrEnum):
    """Why this crew. The values are message keys; the first four decide between free crews."""

    KNOWS_IT = "knows_this_fault"
    FEWEST_OPEN = "fewest_open_work_orders"
    ALREADY_THERE = "already_in_town"
    IDLE_LONGEST = "idle_longest"
    FIRST_BY_ID = "first_of_equals"
    ONLY_ONE_FREE = "only_free_crew"
    ON_SHIFT = "on_shift"
    CALLED_OUT = "called_out_for_urgent"
    BY_PERSON = "chosen_by_person"


class WaitReason(StrEnum):
    """Why no crew goes yet. The values are message keys."""

    NO_ACTIVE_CREW = "no_active_crew"
    NO_SUCH_CREW = "no_crew_of_this_kind"
    NOBODY_SKILLED = "no_crew_with_the_skill"
    NOBODY_COVERS_TOWN = "no_crew_covers_the_town"
    ALL_GAVE_BACK = "all_crews_gave_it_back"
    NOBODY_ON_SHIFT = "no_crew_on_shift"
    ALL_FULL = "all_crews_at_capacity"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A crew, and what it is busy with."""

    id: str
    is_office: bool
    skills: frozenset[str]
    towns: frozenset[str]
    shifts: tuple[tuple[int, int, int], ...]
    """(weekday 0-6 from Monday, from minute, to minute), Shanghai; the last minute is not in it."""
    on_call: bool
    capacity: int
    active: bool
    open_work_orders: int
    in_towns: frozenset[str]
    """Where its open work orders are."""
    idle_since: datetime | None
    """None: it has never worked yet."""


@dataclass(frozen=True, slots=True)
class WaitingWorkOrder:
    """What the choice of a crew depends on."""

    id: str
    component: Component
    town: str
    for_office: bool
    urgent: bool
    chases: int
    opened_at: datetime
    last_crew: str | None = None
    """Who worked on it before it was opened again."""
    given_back_by: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Choice:
    """`crew_id` with the reasons for it, or None with the reason for waiting."""

    crew_id: str | None
    reasons: tuple[AssignmentReason | WaitReason, ...]


Condition = Callable[[WaitingWorkOrder, Candidate, datetime], bool]


def in_shift(shifts: Iterable[Sequence[int]], now: datetime) -> bool:
    """`shifts`: as Candidate's."""
    local = now.astimezone(SHANGHAI)
    minute = local.hour * 60 + local.minute
    return any(
        weekday == local.weekday() and start <= minute < end for weekday, start, end in shifts
    )


def on_shift(crew: Candidate, now: datetime) -> bool:
    return in_shift(crew.shifts, now)


def _has_room(work_order: WaitingWorkOrder, crew: Candidate) -> bool:
    kept_free = crew.capacity // 2 if crew.on_call and not work_order.urgent else 0
    return crew.open_work_orders < crew.capacity - kept_free


CONDITIONS: Final[tuple[tuple[WaitReason, Condition], ...]] = (
    (WaitReason.NO_ACTIVE_CREW, lambda _work_order, crew, _now: crew.active),
    (
        WaitReason.NO_SUCH_CREW,
        lambda work_order, crew, _now: crew.is_office == work_order.for_office,
    ),
    (
        WaitReason.NOBODY_SKILLED,
        lambda work_order, crew, _now: work_order.for_office or work_order.component in crew.skills,
    ),
    (WaitReason.NOBODY_COVERS_TOWN, lambda work_order, crew, _now: work_order.town in crew.towns),
    (
        WaitReason.ALL_GAVE_BACK,
        lambda work_order, crew, _now: crew.id not in work_order.given_back_by,
    ),
    (
        WaitReason.NOBODY_ON_SHIFT,
        lambda work_order, crew, now: on_shift(crew, now) or (work_order.urgent and crew.on_call),
    ),
    (WaitReason.ALL_FULL, lambda work_order, crew, _now: _has_room(work_order, crew)),
)


def choose_crew(work_order: WaitingWorkOrder, crews: Sequence[Candidate], now: datetime) -> Choice:
    """The best free crew with its reasons, the strongest first; or why there is none."""
    free = list(crews)
    for reason, holds in CONDITIONS:
        free = [crew for crew in free if holds(work_order, crew, now)]
        if not free:
            return Choice(None, (reason,))
    best, *others = sorted(free, key=lambda crew: _rank(work_order, crew))
    here = AssignmentReason.ON_SHIFT if on_shift(best, now) else AssignmentReason.CALLED_OUT
    return Choice(best.id, (_what_decided(work_order, best, others), here))


def choose_crews(
    work_orders: Iterable[WaitingWorkOrder], crews: Sequence[Candidate], now: datetime
) -> dict[str, Choice]:
    """A choice for every work order, as each crew fills up."""
    by_id = {crew.id: crew for crew in crews}
    choices = {}
    for work_order in sorted(work_orders, key=lambda each: (*urgency(each), each.id)):
        choice = choices[work_order.id] = choose_crew(work_order, list(by_id.values()), now)
        if choice.crew_id is not None:
            crew = by_id[choice.crew_id]
            by_id[crew.id] = replace(
                crew,
                open_work_orders=crew.open_work_orders + 1,
                in_towns=crew.in_towns | {work_order.town},
            )
    return choices


def urgency(work_order: WaitingWorkOrder) -> tuple[bool, int, datetime]:
    """The smaller, the sooner."""
    return (not work_order.urgent, -work_order.chases, work_order.opened_at)


def _rank(work_order: WaitingWorkOrder, crew: Candidate) -> tuple[bool, int, bool, float, str]:
    idle_since = crew.idle_since.timestamp() if crew.idle_since else float("-inf")
    return (
        crew.id != work_order.last_crew,
        crew.open_work_orders,
        work_order.town not in crew.in_towns,
        idle_since,
        crew.id,
    )


_DECIDING: Final = tuple(AssignmentReason)[:5]


def _what_decided(
    work_order: WaitingWorkOrder, best: Candidate, others: Sequence[Candidate]
) -> AssignmentReason:
    """The first point in which the best crew differs from the second."""
    if not others:
        return AssignmentReason.ONLY_ONE_FREE
    mine, second = _rank(work_order, best), _rank(work_order, others[0])
    return next(reason for reason, a, b in zip(_DECIDING, mine, second, strict=True) if a != b)


class AssignmentRefusal(StrEnum):
    """Why a person cannot give the work order to this crew. The values are message keys."""

    NOT_ACTIVE = "crew_not_active"
    OF_ANOTHER_KIND = "crew_of_another_kind"
    FULL = "crew_at_capacity"


def choice_refusal(work_order: WaitingWorkOrder, crew: Candidate) -> AssignmentRefusal | None:
    """A person may choose against skill, town and shift, but not give a crew too much."""
    if not crew.active:
        return AssignmentRefusal.NOT_ACTIVE
    if crew.is_office != work_order.for_office:
        return AssignmentRefusal.OF_ANOTHER_KIND
    return None if crew.open_work_orders < crew.capacity else AssignmentRefusal.FULL
