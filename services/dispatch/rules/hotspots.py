"""Does the same kind of part of one scheme keep failing?

Real mains of one city broke again with 0.18 / 0.31 / 0.49 chance after 1 / 2 / 3 and more breaks:
repeats are real and concentrated, so the second failure within the window is already worth a look.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple


class Failure(NamedTuple):
    """One repaired fault of one component kind of one scheme."""

    failed_at: datetime
    work_order_id: str


def find_repeat(failures: Iterable[Failure], window: timedelta) -> list[Failure]:
    """The failures within `window` before the newest one, which counts itself, the oldest first;
    none for fewer than two. A failure exactly `window` before the newest one is within it."""
    in_order = sorted(failures)
    within = [each for each in in_order if each.failed_at >= in_order[-1].failed_at - window]
    return within if len(within) >= 2 else []
