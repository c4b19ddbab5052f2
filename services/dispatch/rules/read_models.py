"""The console's picture of deadlines and replies, from news that comes in any order.

Of two facts about one thing the one with the larger sequence stands, whatever the machines' clocks
say. So any order of arrival, and any repetition, gives the same picture.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final


@dataclass(slots=True)
class Deadline:
    """One stage's deadline of one complaint; fields as in models.DeadlineView."""

    complaint_id: str
    stage: str
    county: str
    due_at: datetime
    warn_at: datetime | None = None
    provisional: bool = False
    source: str = ""
    limit_unreadable: bool = False
    state: str = "open"
    met_at: datetime | None = None
    late: bool = False
    warned_for: datetime | None = None
    set_sequence: int = 0
    state_sequence: int = 0

    def set(
        self,
        sequence: int,
        *,
        due_at: datetime,
        warn_at: datetime,
        provisional: bool,
        source: str,
        limit_unreadable: bool,
    ) -> None:
        """The deadline was counted, or counted again."""
        if sequence <= self.set_sequence:
            return
        self.set_sequence = sequence
        self.due_at, self.warn_at, self.provisional = due_at, warn_at, provisional
        self.source, self.limit_unreadable = source, limit_unreadable
        self._withdraw_warning()

    def become(
        self,
        sequence: int,
        state: str,
        due_at: datetime,
        met_at: datetime | None = None,
        *,
        late: bool = False,
    ) -> None:
        """It was warned of, missed or met; what is met late stays missed. `due_at`: the deadline
        that this is about."""
        if sequence <= self.state_sequence:
            return
        self.state_sequence = sequence
        self.state, self.met_at, self.late = "missed" if late else state, met_at, late
        self.warned_for = due_at if state == "warned" else None
        if self.set_sequence == 0:
            self.due_at = due_at
        self._withdraw_warning()

    def _withdraw_warning(self) -> None:
        """A warning no longer stands where the deadline has been moved away since."""
        if self.warned_for is not None:
            moved = self.set_sequence > self.state_sequence and self.due_at > self.warned_for
            self.state = "open" if moved else "warned"


_STATES: Final[Mapping[str, str]] = {
    "draft": "draft",
    "approved": "approved",
    "stuck": "stuck",
    "delivered": "delivered",
    "told": "delivered",
}
"""By kind of news. The resident is told of nothing but what has been delivered."""


@dataclass(slots=True)
class Reply:
    """The newest version of the reply to one complaint; fields as in models.ReplyView."""

    complaint_id: str
    county: str
    version: int = 0
    state: str = ""
    returned: bool = False
    sequences: dict[str, int] = field(default_factory=dict)
    drafted_at: datetime | None = None
    approved_by: str | None = None
    approved_at: datetime | None = None
    stuck_at: datetime | None = None
    why_stuck: str | None = None
    delivered_at: datetime | None = None
    receipt: str | None = None
    told_at: datetime | None = None
    told_by: str | None = None

    def drafted(self, sequence: int, version: int, at: datetime, *, returned: bool) -> None:
        if self._is_newer("draft", sequence, version, returned):
            self.drafted_at = at

    def approved(self, sequence: int, version: int, by: str, at: datetime) -> None:
        if self._is_newer("approved", sequence, version):
            self.approved_by, self.approved_at = by, at

    def stuck(self, sequence: int, version: int, why: str, at: datetime) -> None:
        if self._is_newer("stuck", sequence, version):
            self.why_stuck, self.stuck_at = why, at

    def delivered(
        self, sequence: int, version: int, receipt: str, at: datetime, *, returned: bool
    ) -> None:
        if self._is_newer("delivered", sequence, version, returned):
            self.receipt, self.delivered_at = receipt, at

    def told(self, sequence: int, version: int, by: str, at: datetime) -> None:
        if self._is_newer("told", sequence, version):
            self.told_by, self.told_at = by, at

    def _is_newer(
        self, kind: str, sequence: int, version: int, returned: bool | None = None
    ) -> bool:
        """Whether the news changes anything; then its sequence, and the state, are noted.
        `returned`: None where the news does not say."""
        if version > self.version:
            self.__init__(self.complaint_id, self.county, version)  # type: ignore[misc]
        if version < self.version or sequence <= self.sequences.get(kind, 0):
            return False
        if returned is not None and sequence > max(map(self._sequence_of, ("draft", "delivered"))):
            self.returned = returned
        self.sequences = {**self.sequences, kind: sequence}
        self.state = _STATES[max(self.sequences, key=self._sequence_of)]
        return True

    def _sequence_of(self, kind: str) -> int:
        return self.sequences.get(kind, 0)
