"""What each part of a service has got done lately: its relay, its consumer, its periodic tasks.

The parts report here and `/readyz` tells it. Ages are of the process's own monotonic clock, so a
process that was frozen sees on waking how long it was gone.
"""

from collections.abc import Callable
from time import monotonic

import structlog

LATE_AFTER_SECONDS = 30.0

log = structlog.get_logger(__name__)


class Progress:
    """One part's record. A part is late when its next success is overdue, and stopped when it has
    met a systemic error: then no later try helps before a person has mended something.

    `every_seconds`: how long it pauses between two successes; `late_after`: how many seconds more
    it may take. `monotonic`: seconds of a clock that never goes back.
    """

    def __init__(
        self,
        part: str,
        *,
        every_seconds: float = 0.0,
        late_after: float = LATE_AFTER_SECONDS,
        monotonic: Callable[[], float] = monotonic,
    ) -> None:
        self.part = part
        self._every_seconds = every_seconds
        self._late_after = late_after
        self._monotonic = monotonic
        self._succeeded_at: float | None = None
        self._due_at = monotonic() + late_after
        self._error: str | None = None
        self._stopped = False

    def succeeded(self) -> None:
        """It has done what was to do, even where that was nothing."""
        if self._stopped:
            log.warning("part_goes_on", part=self.part, after=self._error)
        now = self._monotonic()
        self._succeeded_at, self._error, self._stopped = now, None, False
        self._due_at = now + self._every_seconds + self._late_after

    def failed(self, error: BaseException) -> None:
        """A transient error: it tries again by itself."""
        self._error = type(error).__name__
        self._due_at = min(self._due_at, self._monotonic() + self._late_after)

    def stopped(self, error: BaseException) -> None:
        """A systemic error: unready at once, logged once, until the next success."""
        if not self._stopped:
            log.error("part_stopped", part=self.part, why=type(error).__name__, exc_info=error)
        self._error, self._stopped = type(error).__name__, True

    @property
    def is_ready(self) -> bool:
        return not self._stopped and self._monotonic() <= self._due_at

    def report(self) -> dict[str, object]:
        """For `/readyz`; `age` is the seconds since the last success (None: none yet)."""
        age = None if self._succeeded_at is None else self._monotonic() - self._succeeded_at
        return {
            "ready": self.is_ready,
            "age": None if age is None else round(age, 1),
            "stopped": self._stopped,
            "error": self._error,
        }
