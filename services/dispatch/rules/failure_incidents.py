"""Repairs become incidents: what fails again right after its repair has come back.

Three repairs of one pipe within a week are one bad repair, not three failures. Planned work is not
among the repairs: every work order follows from a complaint. No source gives the 48 hours: the
centre that this is built for set them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from shared.vocabulary import Component

from .components import OF_ONE_HOUSEHOLD

CAME_BACK_WITHIN = timedelta(hours=48)
_SECONDS_AN_HOUR = 3600


class Repair(NamedTuple):
    """A repaired work order."""

    scheme_id: str
    component: str
    village_code: str
    failed_at: datetime
    repaired_at: datetime
    work_order_id: str
    complaints: int
    no_water: bool
    """It was about water that did not come at all."""


@dataclass(frozen=True, slots=True)
class Incident:
    """One failure, with the repairs that it took, oldest first."""

    repairs: Sequence[Repair]

    @property
    def scheme_id(self) -> str:
        return self.repairs[0].scheme_id

    @property
    def component(self) -> str:
        return self.repairs[0].component

    @property
    def failed_at(self) -> datetime:
        return self.repairs[0].failed_at

    @property
    def times_back(self) -> int:
        """How often it came back after a repair."""
        return len(self.repairs) - 1

    @property
    def complaints(self) -> int:
        return sum(repair.complaints for repair in self.repairs)

    @property
    def hours_without_water(self) -> float:
        seconds = sum(
            (repair.repaired_at - repair.failed_at).total_seconds()
            for repair in self.repairs
            if repair.no_water
        )
        return max(seconds, 0.0) / _SECONDS_AN_HOUR


def incidents_of(repairs: Iterable[Repair]) -> list[Incident]:
    """In the order of their failures. One component of one village, failing within 48 hours of its
    repair, is one incident; meters and service lines of different households are not told apart by
    village, so each of their repairs is its own."""
    found: list[list[Repair]] = []
    newest: dict[tuple[str, str, str], list[Repair]] = {}
    for repair in sorted(repairs, key=lambda each: (each.failed_at, each.work_order_id)):
        key = (repair.scheme_id, repair.component, repair.village_code)
        before = newest.get(key)
        is_shared = Component(repair.component) not in OF_ONE_HOUSEHOLD
        if is_shared and before and repair.failed_at <= _end(before) + CAME_BACK_WITHIN:
            before.append(repair)
            continue
        newest[key] = [repair]
        found.append(newest[key])
    return [Incident(tuple(each)) for each in found]


def _end(repairs: Sequence[Repair]) -> datetime:
    return max(repair.repaired_at for repair in repairs)
