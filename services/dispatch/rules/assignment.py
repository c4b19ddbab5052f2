"""Which crew goes: hard conditions first, then the best of those that are free.

Conditions, in this order; the first one that leaves nobody is the reason the order waits:
active, of the right kind (office or field), has the skill, covers the town, has not given it back,
on shift (an on-call crew comes for urgent orders at any time), below its capacity (half of an
on-call crew's is kept for urgent orders: no dripping meter keeps it from a village without water).

Of the crews that are left goes the one that knows the fault from before (rework), else with the
fewest open orders, else already in the town, else idle the longest, else the first by id.
Urgent orders choose first, then those asked for most often, then the oldest.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from .faults import Component

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")


class Reason(StrEnum):
    """Why this crew. The values are message keys; the first four decide between free crews."""

    KNOWS_IT = "knows_this_fault"
    FEWEST_OPEN = "fewest_open_orders"
    ALREADY_THERE = "already_in_town"
    IDLE_LONGEST = "idle_longest"
    FIRST_BY_ID = "first_of_equals"
    ONLY_ONE_FREE = "only_free_crew"
    ON_SHIFT = "on_shift"
    CALLED_OUT = "called_out_for_urgent"
    BY_PERSON = "chosen_by_person"


class Waiting(StrEnum):
    """Why no crew goes yet. The values are message keys."""

    NO_ACTIVE_CREW = "no_active_crew"
    NO_SUCH_DESK = "no_crew_of_this_kind"
    NOBODY_SKILLED = "no_crew_with_the_skill"
    NOBODY_COVERS_TOWN = "no_crew_covers_the_town"
    ALL_GAVE_BACK = "all_crews_gave_it_back"
    NOBODY_ON_SHIFT = "no_crew_on_shift"
    ALL_FULL = "all_crews_at_capacity"


@dataclass(frozen=True, slots=True)
class Crew:
    id: str
    is_office: bool
    skills: frozenset[str]
    towns: frozenset[str]
    shifts: tuple[tuple[int, int, int], ...]
    """(weekday 0-6 from Monday, from minute, to minute), Shanghai; the last minute is not in it."""
    on_call: bool
    capacity: int
    active: bool
    open_orders: int
    in_towns: frozenset[str]
    """Where its open orders are."""
    idle_since: datetime | None
    """None: it has never worked yet."""


@dataclass(frozen=True, slots=True)
class Order:
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
    reasons: tuple[Reason | Waiting, ...]


Condition = Callable[[Order, Crew, datetime], bool]


def on_shift(crew: Crew, now: datetime) -> bool:
    local = now.astimezone(SHANGHAI)
    minute = local.hour * 60 + local.minute
    return any(
        weekday == local.weekday() and start <= minute < end for weekday, start, end in crew.shifts
    )


def is_below_capacity(crew: Crew) -> bool:
    return crew.open_orders < crew.capacity


def _has_a_place(order: Order, crew: Crew) -> bool:
    kept_free = crew.capacity // 2 if crew.on_call and not order.urgent else 0
    return crew.open_orders < crew.capacity - kept_free


CONDITIONS: Final[tuple[tuple[Waiting, Condition], ...]] = (
    (Waiting.NO_ACTIVE_CREW, lambda _order, crew, _now: crew.active),
    (Waiting.NO_SUCH_DESK, lambda order, crew, _now: crew.is_office == order.for_office),
    (
        Waiting.NOBODY_SKILLED,
        lambda order, crew, _now: order.for_office or order.component in crew.skills,
    ),
    (Waiting.NOBODY_COVERS_TOWN, lambda order, crew, _now: order.town in crew.towns),
    (Waiting.ALL_GAVE_BACK, lambda order, crew, _now: crew.id not in order.given_back_by),
    (
        Waiting.NOBODY_ON_SHIFT,
        lambda order, crew, now: on_shift(crew, now) or (order.urgent and crew.on_call),
    ),
    (Waiting.ALL_FULL, lambda order, crew, _now: _has_a_place(order, crew)),
)


def choose_crew(order: Order, crews: Sequence[Crew], now: datetime) -> Choice:
    """The best free crew with its reasons, the strongest first; or why there is none."""
    free = list(crews)
    for waiting, holds in CONDITIONS:
        free = [crew for crew in free if holds(order, crew, now)]
        if not free:
            return Choice(None, (waiting,))
    best, *others = sorted(free, key=lambda crew: _rank(order, crew))
    here = Reason.ON_SHIFT if on_shift(best, now) else Reason.CALLED_OUT
    return Choice(best.id, (_what_decided(order, best, others), here))


def choose_crews(
    orders: Iterable[Order], crews: Sequence[Crew], now: datetime
) -> dict[str, Choice]:
    """A choice for every order, as each crew fills up."""
    by_id = {crew.id: crew for crew in crews}
    choices = {}
    for order in sorted(orders, key=lambda each: (*urgency(each), each.id)):
        choice = choices[order.id] = choose_crew(order, list(by_id.values()), now)
        if choice.crew_id is not None:
            crew = by_id[choice.crew_id]
            by_id[crew.id] = replace(
                crew,
                open_orders=crew.open_orders + 1,
                in_towns=crew.in_towns | {order.town},
            )
    return choices


def urgency(order: Order) -> tuple[bool, int, datetime]:
    """The smaller, the sooner."""
    return (not order.urgent, -order.chases, order.opened_at)


def _rank(order: Order, crew: Crew) -> tuple[bool, int, bool, float, str]:
    idle_since = crew.idle_since.timestamp() if crew.idle_since else float("-inf")
    return (
        crew.id != order.last_crew,
        crew.open_orders,
        order.town not in crew.in_towns,
        idle_since,
        crew.id,
    )


_DECIDING: Final = tuple(Reason)[:5]


def _what_decided(order: Order, best: Crew, others: Sequence[Crew]) -> Reason:
    """The first point in which the best crew differs from the second."""
    if not others:
        return Reason.ONLY_ONE_FREE
    mine, second = _rank(order, best), _rank(order, others[0])
    return next(reason for reason, a, b in zip(_DECIDING, mine, second, strict=True) if a != b)


class Refusal(StrEnum):
    """Why a person cannot give the order to this crew. The values are message keys."""

    NOT_ACTIVE = "crew_not_active"
    OF_ANOTHER_KIND = "crew_of_another_kind"
    FULL = "crew_at_capacity"


def refusal_by_hand(order: Order, crew: Crew) -> Refusal | None:
    """A person may choose against skill, town and shift, but not give a crew too much."""
    if not crew.active:
        return Refusal.NOT_ACTIVE
    if crew.is_office != order.for_office:
        return Refusal.OF_ANOTHER_KIND
    return None if is_below_capacity(crew) else Refusal.FULL
