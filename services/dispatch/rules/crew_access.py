"""Whose personal data a crew may see.

Source: 个人信息保护法, article 6: no more than the purpose needs. A crew needs a resident while it
repairs the fault, and for questions some time after.
"""

from datetime import datetime, timedelta

SEEN_AFTER_CLOSING = timedelta(days=30)


def crew_may_see(
    crew_id: str | None, work_order_crew_id: str | None, closed_at: datetime | None, now: datetime
) -> bool:
    """Residents of a work order. `closed_at`: None while it is open."""
    if crew_id is None or crew_id != work_order_crew_id:
        return False
    return closed_at is None or now - closed_at < SEEN_AFTER_CLOSING
