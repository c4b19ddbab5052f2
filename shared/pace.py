"""How a sender waits between attempts, and how long one attempt may take."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Pace:
    """How long to wait between attempts, twice as long each time."""

    first_wait: timedelta = timedelta(seconds=30)
    longest_wait: timedelta = timedelta(hours=1)
    lease: timedelta = timedelta(minutes=5)
    """How long one attempt may take in all: longer than an HTTP client waits in all. A
    sender that holds a claim longer is taken for dead; before that nothing is sent again."""

    def wait_after(self, attempts: int, asked_for: timedelta | None = None) -> timedelta:
        """`asked_for`: the pause the platform wants, where it said so."""
        doubled = self.first_wait * (1 << min(max(attempts - 1, 0), 30))
        return max(min(doubled, self.longest_wait), asked_for or timedelta(0))
