"""Which deadlines still want something done."""

from sqlalchemy import func

from services.dispatch.console.queries.tables import complaint, deadline

is_unmet = deadline.c.met_at.is_(None) & deadline.c.state.in_(("open", "warned", "missed"))
is_overdue = deadline.c.state == "missed"
"""Of an unmet one: missed, and not made good since."""

fault_of_complaint = func.coalesce(complaint.c.work_order_id, complaint.c.id)
"""What the lists count: a work order with all its complaints, or a complaint that has none."""
