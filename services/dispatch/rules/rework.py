"""A resident says that it is not solved: is the fault repaired again, and who decides?

The same facts that were handled already need not be reworked (济南市12345条例 art. 27): so the
rules open rework as often as the centre allows (once), and then a person decides, with a reason.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

ALLOWED_BY_RULE = 1
"""Our own default: no source says how often."""


class ReworkOutcome(StrEnum):
    """What became of one "not solved". The values are message keys."""

    OPENED = "opened"
    """A new work order for the same fault."""
    JOINED = "joined"
    """Linked to the rework that is under way, or was done after the resident said it."""
    UNDER_WAY = "under_way"
    """Its own work order is not repaired (any more): nothing to open."""
    FOR_PERSON = "for_person"
    """A supervisor decides."""
    DECLINED = "declined"
    """A supervisor has decided that nothing is left to repair."""


class WhyPerson(StrEnum):
    """Why a person decides. The values are message keys."""

    AGAIN = "not_solved_again"
    """The fault has been reworked as often as the rules may."""
    NO_WORK_ORDER = "no_work_order"
    """Nothing was ever repaired for it."""
    GRADE_ALONE = "grade_alone"
    """The board's grades are of manner and speed: they do not say that the fault is back."""


@dataclass(frozen=True, slots=True)
class OtherRework:
    """The newest rework of the same fault, or another open work order for it."""

    work_order_id: str
    under_way: bool
    repaired_at: datetime | None = None

    def covers(self, answered_at: datetime) -> bool:
        """What was said at `answered_at` is being repaired, or has been since."""
        return self.under_way or (self.repaired_at is not None and answered_at <= self.repaired_at)


@dataclass(frozen=True, slots=True)
class FaultFacts:
    """What the decision depends on."""

    has_work_order: bool
    under_way: bool = False
    """Its work order waits for a repair."""
    reworks: int = 0
    """How often the fault was reworked, in whatever way."""
    other: OtherRework | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    outcome: ReworkOutcome
    why: WhyPerson | None = None


def decide(facts: FaultFacts, answered_at: datetime, source: str, allowed: int) -> Decision:
    """What follows from one "not solved". `allowed`: how often the rules may open rework."""
    if not facts.has_work_order:
        return Decision(ReworkOutcome.FOR_PERSON, WhyPerson.NO_WORK_ORDER)
    if facts.under_way:
        return Decision(ReworkOutcome.UNDER_WAY)
    if facts.other is not None and facts.other.covers(answered_at):
        return Decision(ReworkOutcome.JOINED)
    if source == "message_board":
        return Decision(ReworkOutcome.FOR_PERSON, WhyPerson.GRADE_ALONE)
    if facts.reworks >= allowed:
        return Decision(ReworkOutcome.FOR_PERSON, WhyPerson.AGAIN)
    return Decision(ReworkOutcome.OPENED)
