"""Which deadlines still want something done."""

from sqlalchemy import func, select

from services.dispatch.console.queries.tables import complaint, deadline

is_unmet = deadline.c.met_at.is_(None) & deadline.c.state.in_(("open", "warned", "missed"))
is_overdue = deadline.c.state == "missed"
"""Of an unmet one: missed, and not made good since."""

_later = deadline.alias("later_round")
is_of_newest_round = (
    deadline.c.round
    == select(func.max(_later.c.round))
    .where(_later.c.complaint_id == deadline.c.complaint_id, _later.c.stage == deadline.c.stage)
    .scalar_subquery()
)
"""A stage has a deadline for each round of its complaint; the newest one is being worked on."""

is_paused = deadline.c.paused_since.is_not(None)
"""Of an unmet one: its clock stands still."""

fault_of_complaint = func.coalesce(complaint.c.work_order_id, complaint.c.id)
"""What the lists count: a work order with all its complaints, or a complaint that has none."""
