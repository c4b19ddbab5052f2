"""Is this complaint about a fault that is being repaired already?

The open work orders of its scheme are looked through, and the rules say yes with a reason or no:

- Categories must go together: no water, little water and a leak can be one fault; bad water is a
  fault of its own kind.
- Two named parts must be the same part. Where one side names none, it may be that part.
- In one village it is the same fault. In another village of the scheme only where the parts that
  all drink through may have failed, and soon after: a burst main is felt in its own village.
- Two leaks in two groups of a village are two leaks.
- Meters and service lines belong to one household, and office tasks to one complaint: each is its
  own order. A person can still merge by hand.
- A repaired order takes only what was said before the repair. What comes after is a new fault.

No statistics stand behind the two windows: they are settings (README.md).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from .faults import OF_ONE_HOUSEHOLD, OF_THE_SOURCE, Category, Signs, is_for_office


class Reason(StrEnum):
    """Why a complaint hangs on its work order. The values are message keys."""

    FIRST = "first_of_this_fault"
    HOUSEHOLD = "fault_of_one_household"
    OFFICE_TASK = "task_of_its_own"
    SAME = "same_fault_same_village"
    PRESSURE_AND_OUTAGE = "pressure_falls_where_water_fails"
    LEAK_TAKES_WATER = "leak_takes_the_water"
    SHARED_SOURCE = "villages_share_the_source"
    BEFORE_REPAIR = "said_before_the_repair"
    BY_PERSON = "merged_by_person"


@dataclass(frozen=True, slots=True)
class Reach:
    """How far apart two complaints about one fault may be sent."""

    same_village: timedelta = timedelta(days=14)
    other_village: timedelta = timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class OpenFault:
    """An open work order, as what its first complaint said."""

    work_order_id: str
    signs: Signs
    opened_at: datetime
    repaired_at: datetime | None = None


_C = Category
_TOGETHER: Final[Mapping[frozenset[Category], Reason]] = {
    frozenset({_C.OUTAGE}): Reason.SAME,
    frozenset({_C.LOW_PRESSURE}): Reason.SAME,
    frozenset({_C.PIPE_LEAK}): Reason.SAME,
    frozenset({_C.WATER_QUALITY}): Reason.SAME,
    frozenset({_C.OTHER}): Reason.SAME,
    frozenset({_C.OUTAGE, _C.LOW_PRESSURE}): Reason.PRESSURE_AND_OUTAGE,
    frozenset({_C.OUTAGE, _C.PIPE_LEAK}): Reason.LEAK_TAKES_WATER,
    frozenset({_C.LOW_PRESSURE, _C.PIPE_LEAK}): Reason.LEAK_TAKES_WATER,
}
_FELT_EVERYWHERE: Final = frozenset({_C.OUTAGE, _C.LOW_PRESSURE, _C.WATER_QUALITY})
_STRENGTH: Final = {reason: rank for rank, reason in enumerate(Reason)}


def stands_alone(signs: Signs) -> Reason | None:
    """Why this is never merged by rule, or None where it may be."""
    if is_for_office(signs.category, signs.component):
        return Reason.OFFICE_TASK
    return Reason.HOUSEHOLD if signs.component in OF_ONE_HOUSEHOLD else None


def same_fault(one: Signs, other: Signs, reach: Reach, *, own_source: bool) -> Reason | None:
    """Why two things said about one scheme mean one fault, or None. Does not depend on which is
    which. `own_source`: the scheme has a well or pump of its own."""
    together = _TOGETHER.get(frozenset({one.category, other.category}))
    if together is None or stands_alone(one) or stands_alone(other):
        return None
    if one.component and other.component and one.component is not other.component:
        return None
    apart = abs(one.said_at - other.said_at)
    if one.village_code != other.village_code:
        near = own_source and _may_be_the_source(one) and _may_be_the_source(other)
        return Reason.SHARED_SOURCE if near and apart <= reach.other_village else None
    two_leaks = one.category is other.category is Category.PIPE_LEAK
    if two_leaks and one.group and other.group and one.group != other.group:
        return None
    return together if apart <= reach.same_village else None


def find_fault(
    complaint: Signs, open_faults: Iterable[OpenFault], reach: Reach, *, own_source: bool
) -> tuple[OpenFault, Reason] | None:
    """The open fault of the complaint's scheme it is about, and why; None: it is a new one.

    Of several the strongest reason counts, then the oldest order.
    """
    found = [
        (_STRENGTH[reason], fault.opened_at, fault.work_order_id, fault, reason)
        for fault in open_faults
        if (reason := _joins(complaint, fault, reach, own_source=own_source))
    ]
    if not found:
        return None
    *_, fault, reason = min(found, key=lambda each: each[:3])
    return fault, reason


def _joins(complaint: Signs, fault: OpenFault, reach: Reach, *, own_source: bool) -> Reason | None:
    if fault.repaired_at is not None and complaint.said_at >= fault.repaired_at:
        return None
    reason = same_fault(complaint, fault.signs, reach, own_source=own_source)
    return Reason.BEFORE_REPAIR if reason and fault.repaired_at is not None else reason


def _may_be_the_source(signs: Signs) -> bool:
    named = signs.component is not None
    return signs.category in _FELT_EVERYWHERE and (not named or signs.component in OF_THE_SOURCE)


class Refusal(StrEnum):
    """Why a person cannot merge one order into another. The values are message keys."""

    SAME_ORDER = "cannot_merge_into_itself"
    OTHER_SCHEME = "cannot_merge_across_schemes"
    OFFICE_TASK = "office_tasks_do_not_merge"
    TARGET_CLOSED = "target_is_closed"


def refusal_by_hand(
    *, same_order: bool, same_scheme: bool, for_office: bool, target_closed: bool
) -> Refusal | None:
    """A person may merge against category, place and time, but not across schemes."""
    if same_order:
        return Refusal.SAME_ORDER
    if not same_scheme:
        return Refusal.OTHER_SCHEME
    if for_office:
        return Refusal.OFFICE_TASK
    return Refusal.TARGET_CLOSED if target_closed else None
