"""Use case: erase what residents wrote and who they are; counts, dates, place and category stay.

Source: 个人信息保护法 article 47 (erasure on request, or once the purpose is met) and article 19
(kept no longer than the purpose needs).
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.intake.models import (
    Complaint,
    Erasure,
    RawMessage,
    ResidentData,
    Words,
)
from shared.ids import new_ids

RETENTION = "retention"
"""Who erased, where nobody asked for it."""


async def erase(
    session: AsyncSession,
    complaint_ids: Sequence[str],
    *,
    county: str,
    erased_by: str,
    reason: str,
    now: datetime,
) -> int:
    """Erase words, identity and raw bodies of these complaints; returns how many were erased now.

    One of another county, or erased before, is left as it is. Each erasure is recorded.
    """
    complaints = (
        await session.exec(
            select(Complaint)
            .where(
                col(Complaint.id).in_(complaint_ids),
                Complaint.county == county,
                col(Complaint.erased_at).is_(None),
            )
            .order_by(col(Complaint.external_id))  # as ingest locks them
            .with_for_update()
        )
    ).all()
    ids = [complaint.id for complaint in complaints]
    bodies = select(Words.raw_message_id).where(col(Words.complaint_id).in_(ids))
    await session.execute(
        update(RawMessage).where(col(RawMessage.id).in_(bodies)).values(sealed_body=b"")
    )
    await session.execute(delete(Words).where(col(Words.complaint_id).in_(ids)))
    await session.execute(delete(ResidentData).where(col(ResidentData.complaint_id).in_(ids)))
    for complaint in complaints:
        complaint.erase(now)
    _record(session, ids, county, erased_by, reason, now)
    return len(ids)


async def erase_unreadable(
    session: AsyncSession, raw_ids: Sequence[str], *, county: str, reason: str, now: datetime
) -> None:
    """Erase the bodies of these unreadable messages; that they came stays."""
    await session.execute(
        update(RawMessage).where(col(RawMessage.id).in_(raw_ids)).values(sealed_body=b"")
    )
    _record(session, raw_ids, county, RETENTION, reason, now)


def _record(
    session: AsyncSession,
    ids: Sequence[str],
    county: str,
    erased_by: str,
    reason: str,
    now: datetime,
) -> None:
    session.add_all(
        Erasure(
            id=row_id,
            county=county,
            erased_id=erased_id,
            erased_by=erased_by,
            reason=reason,
            erased_at=now,
        )
        for row_id, erased_id in zip(new_ids("e", now, len(ids)), ids, strict=True)
    )
