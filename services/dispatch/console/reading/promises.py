"""Which promises still want something done."""

from services.dispatch.console.reading.tables import promise

is_pending = promise.c.state.in_(("open", "warned"))
is_overdue = (promise.c.state == "missed") & promise.c.kept_at.is_(None)
"""Missed, and not made good since."""
