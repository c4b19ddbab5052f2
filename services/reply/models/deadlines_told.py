"""What the others are told of a complaint's deadlines."""

from collections.abc import Iterable

from services.reply.rules.counting import CountedDeadline
from services.reply.rules.deadlines import Stage
from services.reply.rules.pauses import PauseKind
from shared.events.replies import DeadlinesSet, RulebookChange, SetDeadline

from .complaint import Complaint
from .deadline import Deadline

_ORDER = {stage.value: number for number, stage in enumerate(Stage)}


def deadlines_set(
    complaint: Complaint,
    deadlines: Iterable[Deadline | CountedDeadline],
    because: RulebookChange | None = None,
) -> DeadlinesSet:
    """Deadlines of a complaint as they are now, in the order of rounds and stages.

    `because`: the version of a policy or calendar that they are counted again by."""
    return DeadlinesSet(
        complaint_id=complaint.id,
        county=complaint.county,
        deadlines=tuple(
            SetDeadline(
                stage=Stage(deadline.stage).value,
                round=deadline.round,
                due_at=deadline.due_at,
                warn_at=deadline.warn_at,
                provisional=deadline.provisional,
                source=deadline.source,
                unverified=deadline.unverified,
                paused_since=deadline.paused_since,
                paused_for=PauseKind(deadline.paused_for).value if deadline.paused_for else None,
                step=deadline.step,
            )
            for deadline in sorted(deadlines, key=lambda each: (each.round, _ORDER[each.stage]))
        ),
        limit_unreadable=complaint.limit_unreadable,
        because=because,
    )
