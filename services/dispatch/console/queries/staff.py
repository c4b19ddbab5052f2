"""The people of a county who may sign in."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.console.queries.tables import crew, staff


@dataclass(frozen=True, slots=True)
class StaffLine:
    name: str
    """To sign in with."""
    display_name: str
    """What the person is called."""
    role: str
    crew: str | None
    password: str
    """none, one_time or own."""
    levels: tuple[str, ...] | None
    """At which they are told of deadlines; None: those of the role."""


async def read_staff(session: AsyncSession, county: str) -> tuple[StaffLine, ...]:
    """Those who are active, by role and name."""
    rows = await session.execute(
        select(
            staff.c.sign_in_name,
            staff.c.display_name,
            staff.c.role,
            crew.c.name,
            staff.c.password_hash.is_not(None),
            staff.c.password_is_one_time,
            staff.c.levels,
        )
        .outerjoin(crew, crew.c.id == staff.c.crew_id)
        .where(staff.c.county == county, staff.c.active)
        .order_by(staff.c.role, staff.c.sign_in_name)
    )
    return tuple(
        StaffLine(
            name,
            display_name or name,
            role,
            of_crew,
            _password_state(has_one, one_time),
            None if levels is None else tuple(levels),
        )
        for name, display_name, role, of_crew, has_one, one_time, levels in rows
    )


async def read_display_names(session: AsyncSession, county: str) -> Mapping[str, str]:
    """What the county's people are called, by sign-in name; those who have left as well."""
    rows = await session.execute(
        select(staff.c.sign_in_name, staff.c.display_name).where(staff.c.county == county)
    )
    return {name: shown or name for name, shown in rows}


def _password_state(has_one: bool, one_time: bool) -> str:
    if not has_one:
        return "none"
    return "one_time" if one_time else "own"
