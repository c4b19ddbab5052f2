"""Which deadlines still want something done."""

from services.dispatch.console.queries.tables import deadline

is_pending = deadline.c.state.in_(("open", "warned"))
is_overdue = (deadline.c.state == "missed") & deadline.c.met_at.is_(None)
"""Missed, and not made good since."""
