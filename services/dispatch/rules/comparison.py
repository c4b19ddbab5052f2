"""One figure of two periods: both values, their difference, and whether it says anything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import zip_longest

from services.dispatch.rules.figures import Figures, count

FEWEST = 20
"""Below so many complaints no rates and no percentages are compared: one complaint more or less
would move them by five points. Our own choice: no source gives a number."""


@dataclass(frozen=True, slots=True)
class Compared:
    """`value` now, `earlier` before; both counts, or both shares of 1."""

    value: float | None
    earlier: float | None
    difference: float | None
    """Of counts: how many more. Of rates: of the shares, so 0.05 is five percentage points; None
    where one of them is missing or of too few."""
    change: float | None
    """Of counts: the difference as a share of `earlier`; None where that is of too few."""
    too_few: bool


def compare(figure: str, now: Figures, earlier: Figures) -> Compared:
    """`figure`: the name of a property of Figures; one that it has not is None."""
    value, before = getattr(now, figure, None), getattr(earlier, figure, None)
    base = now.base(figure)
    if base is None and value is not None and before is not None:
        difference, too_few = value - before, before < FEWEST
        change = None if too_few else round(difference / before, 4)
        return Compared(value, before, difference, change, too_few)
    too_few = min(base or 0, earlier.base(figure) or 0) < FEWEST
    shares = None if too_few or value is None or before is None else round(value - before, 4)
    return Compared(value, before, shares, None, too_few)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a breakdown. `earlier_value` is another one only of months."""

    value: str
    figures: Figures
    earlier_value: str
    earlier: Figures | None
    """None: no second period is asked for."""


Groups = Sequence[tuple[str, Figures]]
_NONE = count(())


def in_pairs(now: Groups, earlier: Groups | None, *, by_position: bool) -> Sequence[Line]:
    """The lines of two breakdowns beside each other: those of the same value, or (of months) the
    first beside the first. What only one period has stands beside nothing counted."""
    if earlier is None:
        return [Line(value, figures, value, None) for value, figures in now]
    if by_position:
        return [
            Line(one[0], one[1], other[0], other[1])
            for one, other in zip_longest(now, earlier, fillvalue=("", _NONE))
        ]
    before: Mapping[str, Figures] = dict(earlier)
    after: Mapping[str, Figures] = dict(now)
    return [
        Line(value, after.get(value, _NONE), value, before.get(value, _NONE))
        for value in sorted({*after, *before})
    ]


@dataclass(frozen=True, slots=True)
class TwoPeriods:
    """First and last days."""

    since: date
    until: date
    earlier_since: date
    earlier_until: date


def this_month_and_last(today: date) -> TwoPeriods:
    """As many days of both, as far as the month before has them."""
    last = _month_before(today.replace(day=1), 1)
    return TwoPeriods(today.replace(day=1), today, last, _same_day(last, today))


def this_month_and_a_year_ago(today: date) -> TwoPeriods:
    """As many days of both, as far as that month had them."""
    then = _month_before(today.replace(day=1), 12)
    return TwoPeriods(today.replace(day=1), today, then, _same_day(then, today))


def _month_before(first: date, months: int) -> date:
    year, month = divmod(first.year * 12 + first.month - 1 - months, 12)
    return date(year, month + 1, 1)


def _same_day(first: date, today: date) -> date:
    last = _month_before(first, -1) - timedelta(days=1)
    return min(first + timedelta(days=today.day - 1), last)
