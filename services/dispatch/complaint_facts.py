"""Reads what figures are counted from: every complaint of a period, with its stages."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.handlers.official_codes import read_codes
from services.dispatch.models import (
    CallBackView,
    Complaint,
    Crew,
    DeadlineView,
    MissedCause,
    Rework,
    WorkOrder,
)
from services.dispatch.rules.figures import ComplaintFact, StageFact
from services.dispatch.rules.official_codes import STANDARD, labels
from shared.clock import SHANGHAI
from shared.sql import table_of

_complaints, _work_orders, _crews = table_of(Complaint), table_of(WorkOrder), table_of(Crew)
_call_backs, _reworks = table_of(CallBackView), table_of(Rework)
_deadlines, _causes = table_of(DeadlineView), table_of(MissedCause)


async def complaint_facts(
    session: AsyncSession,
    county: str,
    received_from: datetime,
    received_before: datetime,
    code_system: str = STANDARD,
) -> Sequence[ComplaintFact]:
    """The complaints received from one instant until before the other, the oldest first.
    `code_system`: the standard that names their official classes."""
    classes = labels((await read_codes(session, county, code_system)).lines)
    in_period = (
        _complaints.c.county == county,
        _complaints.c.received_at >= received_from,
        _complaints.c.received_at < received_before,
    )
    stages: dict[str, list[StageFact]] = defaultdict(list)
    found = await session.execute(
        select(_deadlines, _causes.c.cause)
        .join(_complaints, _complaints.c.id == _deadlines.c.complaint_id)
        .outerjoin(
            _causes,
            and_(
                _causes.c.complaint_id == _deadlines.c.complaint_id,
                _causes.c.stage == _deadlines.c.stage,
                _causes.c.round == _deadlines.c.round,
                _causes.c.due_at == _deadlines.c.due_at,
            ),
        )
        .where(*in_period)
        .order_by(_deadlines.c.complaint_id, _deadlines.c.due_at, _deadlines.c.stage)
    )
    for row in found:
        stages[row.complaint_id].append(
            StageFact(
                stage=row.stage,
                due_at=row.due_at,
                met_at=row.met_at,
                missed=row.state == "missed",
                late=row.late,
                provisional=row.provisional,
                cause=row.cause or "",
                round=row.round,
                was_paused=row.was_paused,
            )
        )
    satisfied = {
        row.complaint_id: row.satisfied
        for row in await session.execute(
            select(_call_backs.c.complaint_id, _call_backs.c.satisfied)
            .join(_complaints, _complaints.c.id == _call_backs.c.complaint_id)
            .where(*in_period, _call_backs.c.satisfied.is_not(None))
            .order_by(_call_backs.c.complaint_id, _call_backs.c.version)
        )
    }
    reworks = dict(
        (
            await session.execute(
                select(_reworks.c.complaint_id, func.count())
                .join(_complaints, _complaints.c.id == _reworks.c.complaint_id)
                .where(*in_period, _reworks.c.outcome.in_(("opened", "joined")))
                .group_by(_reworks.c.complaint_id)
            )
        )
        .tuples()
        .all()
    )
    listed = await session.execute(
        select(_complaints, _crews.c.name.label("crew"))
        .outerjoin(_work_orders, _work_orders.c.id == _complaints.c.work_order_id)
        .outerjoin(_crews, _crews.c.id == _work_orders.c.crew_id)
        .where(*in_period)
        .order_by(_complaints.c.received_at, _complaints.c.id)
    )
    return [
        ComplaintFact(
            complaint_id=row.id,
            external_id=row.external_id,
            platform=row.platform,
            town=row.town or "",
            category=row.category,
            crew=row.crew or "",
            month=row.received_at.astimezone(SHANGHAI).strftime("%Y-%m"),
            is_ours=row.is_ours,
            chases=row.chases,
            stages=tuple(stages[row.id]),
            official_class=classes.get(row.category, ""),
            satisfied=satisfied.get(row.id),
            reworks=reworks.get(row.id, 0),
        )
        for row in listed
    ]


async def count_complaints(
    session: AsyncSession, county: str, received_from: datetime, received_before: datetime
) -> int:
    query = select(func.count()).where(
        _complaints.c.county == county,
        _complaints.c.received_at >= received_from,
        _complaints.c.received_at < received_before,
    )
    return (await session.execute(query)).scalar_one()
