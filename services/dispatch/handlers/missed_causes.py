"""A person says why deadlines of a fault were missed. They stay missed."""

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.models import Cause, Complaint, DeadlineView, MissedCause
from shared.sql import table_of

_causes, _complaints = table_of(MissedCause), table_of(Complaint)
_deadlines = table_of(DeadlineView)
_SAID = ("cause", "note", "given_by", "given_at")


class NothingMissed(Exception):
    """The fault is unknown here, or nothing of it is overdue (any more)."""


async def give_cause(
    session: AsyncSession,
    county: str,
    fault: str,
    cause: Cause,
    note: str,
    who: str,
    now: datetime,
) -> None:
    """For all that is overdue of `fault`: a work order's id, or that of a complaint without one.
    What is said again replaces what was said before. Raises NothingMissed."""
    of_fault = or_(
        _complaints.c.work_order_id == fault,
        (_complaints.c.id == fault) & _complaints.c.work_order_id.is_(None),
    )
    overdue = (
        select(
            _deadlines.c.complaint_id,
            _deadlines.c.stage,
            _deadlines.c.round,
            _deadlines.c.due_at,
            _deadlines.c.county,
        )
        .join(_complaints, _complaints.c.id == _deadlines.c.complaint_id)
        .where(of_fault, _complaints.c.county == county)
        .where(_deadlines.c.state == "missed", _deadlines.c.met_at.is_(None))
    )
    said = dict(zip(_SAID, (cause.value, note, who, now), strict=True))
    rows = [{**row._mapping, **said} for row in await session.execute(overdue)]
    if not rows:
        raise NothingMissed
    new = insert(_causes).values(rows)
    key = [_causes.c.complaint_id, _causes.c.stage, _causes.c.round, _causes.c.due_at]
    await session.execute(
        new.on_conflict_do_update(
            index_elements=key, set_={name: new.excluded[name] for name in _SAID}
        )
    )
