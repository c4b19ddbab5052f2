"""Failures of past years are taken in from a file, and taken out again."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.dispatch.history_file import PastRow
from services.dispatch.models import HistoryImport, PastFailure
from shared.ids import new_id, new_ids
from shared.sql import table_of

_past = table_of(PastFailure)
_AT_ONCE = 1000


class UnknownImport(LookupError):
    """No such import in this county, or it is undone already."""


async def take_in(
    session: AsyncSession,
    county: str,
    file_name: str,
    rows: Sequence[PastRow],
    who: str,
    now: datetime,
) -> HistoryImport:
    """What was told before is not told again: the same file changes nothing."""
    taken = HistoryImport(
        id=new_id("h-", now),
        county=county,
        file_name=file_name,
        imported_at=now,
        imported_by=who,
        failures=0,
    )
    session.add(taken)
    await session.flush()
    for start in range(0, len(rows), _AT_ONCE):
        some = rows[start : start + _AT_ONCE]
        values = [
            {
                "id": row_id,
                "import_id": taken.id,
                "county": county,
                "scheme_id": row.scheme_id,
                "component": row.component,
                "village": row.village,
                "failed_on": row.failed_on,
                "repaired_on": row.repaired_on,
                "complaints": row.complaints,
                "number": row.number,
                "note": row.note,
            }
            for row_id, row in zip(new_ids("f-", now, len(some)), some, strict=True)
        ]
        new = insert(_past).values(values).on_conflict_do_nothing().returning(_past.c.id)
        taken.failures += len((await session.execute(new)).all())
    return taken


async def imports_of(session: AsyncSession, county: str) -> Sequence[HistoryImport]:
    """Oldest first, the undone ones too."""
    found = await session.execute(
        select(HistoryImport)
        .where(col(HistoryImport.county) == county)
        .order_by(col(HistoryImport.imported_at))
    )
    return found.scalars().all()


async def undo(session: AsyncSession, county: str, import_id: str, now: datetime) -> HistoryImport:
    """Take out what this import brought. Raises UnknownImport."""
    taken = await session.get(HistoryImport, import_id, with_for_update=True)
    if taken is None or taken.county != county or taken.undone_at is not None:
        raise UnknownImport
    await session.execute(delete(PastFailure).where(col(PastFailure.import_id) == import_id))
    taken.undone_at = now
    return taken
