"""A supervisor decides about a scheme: opens a case, changes it, ends it."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.dispatch.models import Scheme, SchemeCase, Staff
from services.dispatch.models.scheme_case import Decided


class UnknownScheme(LookupError):
    """No such scheme in this county."""


class UnknownOwner(LookupError):
    """Nobody of this county has that sign-in name, or they have left."""


class CaseChanged(Exception):
    """Somebody else has opened, changed or ended it meanwhile."""


async def decide_about_scheme(
    session: AsyncSession,
    county: str,
    scheme_id: str,
    decided: Decided,
    version: int,
    who: str,
    now: datetime,
) -> SchemeCase:
    """`version`: of the open case that the supervisor saw; 0: there was none.

    The scheme's row is locked, so that two supervisors do not open two cases. Raises UnknownScheme,
    UnknownOwner, CaseChanged.
    """
    found = await session.execute(
        select(Scheme)
        .where(col(Scheme.id) == scheme_id, col(Scheme.county) == county)
        .with_for_update(key_share=True)
    )
    if found.scalar_one_or_none() is None:
        raise UnknownScheme
    if decided.owner:
        owner = await session.get(Staff, decided.owner)
        if owner is None or owner.county != county or not owner.active:
            raise UnknownOwner
    open_case = await session.execute(
        select(SchemeCase)
        .where(col(SchemeCase.scheme_id) == scheme_id, col(SchemeCase.ended_at).is_(None))
        .with_for_update()
    )
    case = open_case.scalar_one_or_none()
    if (case.version if case else 0) != version:
        raise CaseChanged
    if case is None:
        case, step = SchemeCase.opened(scheme_id, county, decided, who, now)
        session.add(case)
        await session.flush()
    else:
        step = case.change(decided, who, now)
    session.add(step)
    return case
