"""Read a table of official codes, and save its next version."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.dispatch.models import CodeTable
from services.dispatch.rules.official_codes import (
    STANDARD,
    OfficialCode,
    Table,
    checked,
    empty_table,
)
from shared.sql import table_of

_tables = table_of(CodeTable)


class StaleCodes(Exception):
    """Somebody has saved another version meanwhile."""


@dataclass(frozen=True, slots=True)
class Codes:
    """The table that stands. `version` 0: as shipped."""

    system: str
    version: int
    lines: Table


async def read_codes(session: AsyncSession, county: str, system: str = STANDARD) -> Codes:
    """A system that nobody has saved is empty."""
    newest = (await read_versions(session, county, system, most=1))[:1]
    if not newest:
        return Codes(system, 0, empty_table())
    return Codes(system, newest[0].version, checked(OfficialCode(**one) for one in newest[0].lines))


async def read_versions(
    session: AsyncSession, county: str, system: str, most: int = 50
) -> Sequence[CodeTable]:
    """The newest first."""
    found = await session.execute(
        select(CodeTable)
        .where(col(CodeTable.county) == county, col(CodeTable.system) == system)
        .order_by(col(CodeTable.version).desc())
        .limit(most)
    )
    return found.scalars().all()


async def read_systems(session: AsyncSession, county: str) -> Sequence[str]:
    """The names of the county's tables: the standard, then others by name."""
    found = await session.execute(
        select(col(CodeTable.system)).where(col(CodeTable.county) == county).distinct()
    )
    return [STANDARD, *sorted(name for name in found.scalars() if name != STANDARD)]


async def save_codes(
    session: AsyncSession, county: str, codes: Codes, who: str, now: datetime
) -> None:
    """`codes.version`: the one that was changed. Raises StaleCodes, BadCodes."""
    lines = [asdict(line) for line in checked(codes.lines)]
    if (await read_codes(session, county, codes.system)).version != codes.version:
        raise StaleCodes
    saved = await session.execute(
        insert(_tables)
        .values(
            county=county,
            system=codes.system,
            version=codes.version + 1,
            lines=lines,
            changed_by=who,
            changed_at=now,
        )
        .on_conflict_do_nothing()
        .returning(_tables.c.version)
    )
    if saved.first() is None:
        raise StaleCodes
