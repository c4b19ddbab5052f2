"""Who may be told of a county's alerts, and when its people are left alone."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.dispatch.models import CountyQuietHours, Crew, Staff
from services.dispatch.rules.alerts import QUIET_AT_NIGHT, QuietHours, Recipient
from services.dispatch.rules.assignment import in_shift
from shared.auth.permissions import Role


async def recipients_of(session: AsyncSession, county: str, now: datetime) -> Sequence[Recipient]:
    """Those who are active, by name."""
    found = await session.execute(
        select(Staff, Crew)
        .outerjoin(Crew, col(Crew.id) == col(Staff.crew_id))
        .where(col(Staff.county) == county, col(Staff.active))
        .order_by(col(Staff.sign_in_name))
    )
    return [
        Recipient(
            name=staff.sign_in_name,
            levels=staff.told_at,
            is_admin=staff.role == Role.ADMIN,
            crew_id=staff.crew_id,
            on_duty=crew is None or in_shift(crew.shifts, now),
        )
        for staff, crew in found
    ]


async def quiet_hours_of(session: AsyncSession, county: str) -> QuietHours:
    kept = await session.get(CountyQuietHours, county)
    return QuietHours(kept.starts, kept.ends) if kept else QUIET_AT_NIGHT
