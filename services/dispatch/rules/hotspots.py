"""Does the same kind of part of one scheme keep failing?

Real mains of one city broke again with 0.18 / 0.31 / 0.49 chance after 1 / 2 / 3 and more breaks:
repeats are real and concentrated, so the second failure within the window is already worth a look.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Failure:
    """One repaired fault of one component kind of one scheme."""

    work_order_id: str
    failed_at: datetime


@dataclass(frozen=True, slots=True)
class Repeat:
    failures: tuple[Failure, ...]
    """Two or more, the oldest first; the last one closes the window."""


def find_repeat(failures: Iterable[Failure], window: timedelta) -> Repeat | None:
    """The failures within `window` before the newest one, which counts itself; None for fewer
    than two. A failure exactly `window` before the newest one is within it."""
    in_order = sorted(failures, key=lambda failure: (failure.failed_at, failure.work_order_id))
    if not in_order:
        return None
    since = in_order[-1].failed_at - window
    within = tuple(failure for failure in in_order if failure.failed_at >= since)
    return Repeat(within) if len(within) >= 2 else None
