"""Is this complaint about a fault that a work order repairs already?

First, where the complaint stands: a person decides what the rules are not sure of; what is not
ours, or comes from a village without a scheme, gets no work order. Then the open work orders of
its scheme:

- Categories must go together: no water, little water and a leak can be one fault; bad water is a
  fault of its own kind.
- Two named components must be the same. Where one side names none, it may be that one.
- In one village it is the same fault. In another village of the scheme only where the components
  that all drink through may have failed, and soon after: a burst main is felt in its own village.
- Two leaks in two groups of a village are two leaks.
- Meters and service lines belong to one household, and office tasks to one complaint: each gets
  its own work order. A person can still merge by hand.
- A repaired work order takes only what was sent before the repair. What comes after is a new fault.

No statistics stand behind the two time windows: they are settings (README.md).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from shared.vocabulary import Category, Component

from .components import OF_ONE_HOUSEHOLD, OF_THE_SOURCE, is_for_office


class ComplaintState(StrEnum):
    """Where a complaint stands."""

    WAITING_FOR_PERSON = "waiting_for_person"
    """Nobody is sure what or where it is: a person decides it in the console."""
    NO_SCHEME = "no_scheme"
    """Its village is known, and on no scheme of the county file: a person must look."""
    NOT_OURS = "not_ours"
    LINKED = "linked"
    """It has a work order."""


UNDECIDED: Final = (ComplaintState.WAITING_FOR_PERSON, ComplaintState.NO_SCHEME)
"""A person has to look."""


class LinkReason(StrEnum):
    """Why a complaint is linked to its work order. The values are message keys."""

    FIRST = "first_of_this_fault"
    HOUSEHOLD = "fault_of_one_household"
    OFFICE_TASK = "task_of_its_own"
    SAME = "same_fault_same_village"
    PRESSURE_AND_OUTAGE = "pressure_falls_where_water_fails"
    LEAK_TAKES_WATER = "leak_takes_the_water"
    SHARED_SOURCE = "villages_share_the_source"
    BEFORE_REPAIR = "sent_before_the_repair"
    BY_PERSON = "merged_by_person"
    REWORK = "not_solved"


@dataclass(frozen=True, slots=True)
class MatchingWindow:
    """How far apart two complaints about one fault may be sent."""

    same_village: timedelta = timedelta(days=14)
    other_village: timedelta = timedelta(hours=48)


class Signs(NamedTuple):
    """What a complaint says of its fault."""

    village_code: str
    group: str | None
    """村民小组, where it was named."""
    category: Category
    component: Component | None
    """None: nobody named it."""
    sent_at: datetime


class OpenFault(NamedTuple):
    """An open work order, as the signs of its first complaint."""

    work_order_id: str
    signs: Signs
    opened_at: datetime
    repaired_at: datetime | None = None


class Match(NamedTuple):
    """The work order of a complaint; `opens`: a new one, with this complaint as its first."""

    work_order_id: str
    reason: LinkReason
    opens: bool = False


_C = Category
_PAIRS: Final = (
    (_C.OUTAGE, _C.OUTAGE, LinkReason.SAME),
    (_C.LOW_PRESSURE, _C.LOW_PRESSURE, LinkReason.SAME),
    (_C.PIPE_LEAK, _C.PIPE_LEAK, LinkReason.SAME),
    (_C.WATER_QUALITY, _C.WATER_QUALITY, LinkReason.SAME),
    (_C.OTHER, _C.OTHER, LinkReason.SAME),
    (_C.OUTAGE, _C.LOW_PRESSURE, LinkReason.PRESSURE_AND_OUTAGE),
    (_C.OUTAGE, _C.PIPE_LEAK, LinkReason.LEAK_TAKES_WATER),
    (_C.LOW_PRESSURE, _C.PIPE_LEAK, LinkReason.LEAK_TAKES_WATER),
)
_TOGETHER: Final = {
    (a, b): why for one, other, why in _PAIRS for a, b in ((one, other), (other, one))
}
_FELT_EVERYWHERE: Final = frozenset({_C.OUTAGE, _C.LOW_PRESSURE, _C.WATER_QUALITY})
_STRENGTH: Final = {reason: rank for rank, reason in enumerate(LinkReason)}


def complaint_state(
    *, is_ours: bool, category: Category, needs_human: bool, has_village: bool, has_scheme: bool
) -> ComplaintState:
    """The first that holds: unsure, not ours, no village, no scheme; else it gets a work order."""
    if needs_human:
        return ComplaintState.WAITING_FOR_PERSON
    if not is_ours or category is Category.NOT_OURS:
        return ComplaintState.NOT_OURS
    if not has_village:
        return ComplaintState.WAITING_FOR_PERSON
    return ComplaintState.LINKED if has_scheme else ComplaintState.NO_SCHEME


def stands_alone(signs: Signs) -> LinkReason | None:
    """Why this is never merged by rule, or None where it may be."""
    if is_for_office(signs.category, signs.component):
        return LinkReason.OFFICE_TASK
    return LinkReason.HOUSEHOLD if signs.component in OF_ONE_HOUSEHOLD else None


def same_fault(
    one: Signs, other: Signs, window: MatchingWindow, *, own_source: bool
) -> LinkReason | None:
    """Why the signs of two complaints of one scheme mean one fault, or None. Does not depend on
    which is which. `own_source`: the scheme has a well or pump of its own."""
    if stands_alone(one) or stands_alone(other):
        return None
    return _same_shared_fault(one, other, window, own_source=own_source)


def _same_shared_fault(
    one: Signs, other: Signs, window: MatchingWindow, *, own_source: bool
) -> LinkReason | None:
    """The same of two signs of which neither stands alone."""
    elsewhere = one.village_code != other.village_code
    if elsewhere and not own_source:
        return None
    together = _TOGETHER.get((one.category, other.category))
    if together is None:
        return None
    if one.component and other.component and one.component is not other.component:
        return None
    apart = abs(one.sent_at - other.sent_at)
    if elsewhere:
        near = apart <= window.other_village
        shared = near and may_be_the_source(one) and may_be_the_source(other)
        return LinkReason.SHARED_SOURCE if shared else None
    two_leaks = one.category is other.category is Category.PIPE_LEAK
    if two_leaks and one.group and other.group and one.group != other.group:
        return None
    return together if apart <= window.same_village else None


def may_be_the_source(signs: Signs) -> bool:
    """Whether other villages of a scheme with a source of its own may report the same fault."""
    named = signs.component is not None
    return signs.category in _FELT_EVERYWHERE and (not named or signs.component in OF_THE_SOURCE)


def find_fault(
    complaint: Signs, open_faults: Iterable[OpenFault], window: MatchingWindow, *, own_source: bool
) -> tuple[OpenFault, LinkReason] | None:
    """The open fault of the complaint's scheme it is about, and why; None: it is a new one.

    Of several the strongest reason counts, then the oldest work order. Neither the complaint nor
    any of the faults stands alone.
    """
    found = [
        (_STRENGTH[reason], fault.opened_at, fault.work_order_id, fault, reason)
        for fault in open_faults
        if (reason := _joins(complaint, fault, window, own_source=own_source))
    ]
    if not found:
        return None
    *_, fault, reason = min(found, key=lambda each: each[:3])
    return fault, reason


def _joins(
    complaint: Signs, fault: OpenFault, window: MatchingWindow, *, own_source: bool
) -> LinkReason | None:
    if fault.repaired_at is not None and complaint.sent_at >= fault.repaired_at:
        return None
    reason = _same_shared_fault(complaint, fault.signs, window, own_source=own_source)
    return LinkReason.BEFORE_REPAIR if reason and fault.repaired_at is not None else reason


def match_complaints(
    complaints: Mapping[str, Signs],
    open_faults: Iterable[OpenFault],
    window: MatchingWindow,
    *,
    own_source: bool,
    open_fault: Callable[[Signs], OpenFault],
) -> dict[str, Match]:
    """The work order of each complaint of one scheme, in their order: a fault that one of them
    opens is open to the ones after it."""
    faults = _ByVillage(open_faults)
    matches = {}
    for complaint_id, signs in complaints.items():
        alone = stands_alone(signs)
        found = None
        if alone is None:
            near = faults.near(signs, own_source=own_source)
            found = find_fault(signs, near, window, own_source=own_source)
        if found:
            matches[complaint_id] = Match(found[0].work_order_id, found[1])
            continue
        fault = open_fault(signs)
        matches[complaint_id] = Match(fault.work_order_id, alone or LinkReason.FIRST, opens=True)
        if alone is None:
            faults.add(fault)
    return matches


class _ByVillage:
    """Open faults of one scheme, so that few of them need comparing with a complaint."""

    def __init__(self, faults: Iterable[OpenFault]) -> None:
        self._in: dict[str, list[OpenFault]] = defaultdict(list)
        self._of_the_source: list[OpenFault] = []
        for fault in faults:
            self.add(fault)

    def add(self, fault: OpenFault) -> None:
        self._in[fault.signs.village_code].append(fault)
        if may_be_the_source(fault.signs):
            self._of_the_source.append(fault)

    def near(self, signs: Signs, *, own_source: bool) -> list[OpenFault]:
        """All faults that same_fault may find to be the complaint's."""
        here = signs.village_code
        if not own_source or not may_be_the_source(signs):
            return self._in[here]
        elsewhere = [each for each in self._of_the_source if each.signs.village_code != here]
        return self._in[here] + elsewhere


class MergeRefusal(StrEnum):
    """Why a person cannot merge one work order into another. The values are message keys."""

    SAME_WORK_ORDER = "cannot_merge_into_itself"
    OTHER_SCHEME = "cannot_merge_across_schemes"
    OFFICE_TASK = "office_tasks_do_not_merge"
    TARGET_CLOSED = "target_is_closed"


def merge_refusal(
    *, same_work_order: bool, same_scheme: bool, for_office: bool, target_closed: bool
) -> MergeRefusal | None:
    """A person may merge against category, village and time, but not across schemes."""
    if same_work_order:
        return MergeRefusal.SAME_WORK_ORDER
    if not same_scheme:
        return MergeRefusal.OTHER_SCHEME
    if for_office:
        return MergeRefusal.OFFICE_TASK
    return MergeRefusal.TARGET_CLOSED if target_closed else None
