"""Keep a county's files in the tables, and let its staff in."""

import secrets
from collections.abc import Collection, Sequence

from argon2 import PasswordHasher
from sqlalchemy import Column, delete, select, update
from sqlmodel import SQLModel, col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.dispatch.county_file import County
from services.dispatch.models import CountyQuietHours, Crew, Scheme, SchemeVillage, Staff
from shared.sql import row_written, table_of

_schemes, _villages = table_of(Scheme), table_of(SchemeVillage)
_crews, _staff = table_of(Crew), table_of(Staff)
_KEPT_OF_STAFF = (
    "levels",
    "alert_sound",
    "password_hash",
    "password_is_one_time",
    "wecom_userid",
    "phone",
    "declined_ways",
    "addresses_edited",
)


class NameTaken(ValueError):
    """A sign-in name, village or id of the file belongs to another county already."""


async def import_county(session: AsyncSession, county: County) -> None:
    """Make the tables say what the files say; doing it again changes nothing. A crew or a person no
    longer in them becomes inactive, a village leaves its scheme; schemes stay, for their history.
    Passwords stay, and addresses that were changed in the console. Raises NameTaken."""
    await _check_nobody_elses(session, county)
    code = county.code
    await _upsert(
        session,
        [Scheme(county=code, **scheme.model_dump(mode="json")) for scheme in county.schemes],
    )
    await _upsert(
        session,
        [
            SchemeVillage(
                village_code=row.code, scheme_id=row.scheme, village=row.village, town=row.town
            )
            for row in county.villages
        ],
    )
    await session.execute(
        delete(_villages).where(
            _villages.c.scheme_id.in_(select(_schemes.c.id).where(_schemes.c.county == code)),
            _villages.c.village_code.not_in([row.code for row in county.villages]),
        )
    )
    crews = [
        Crew(
            county=code,
            is_office=crew.office,
            towns=county.towns_of(crew),
            shifts=[interval for shift in crew.shifts for interval in shift.intervals()],
            active=True,
            **crew.model_dump(mode="json", exclude={"office", "towns", "shifts"}),
        )
        for crew in county.crews
    ]
    await _upsert(session, crews, keeping=("idle_since",))
    await _retire(session, _crews.c.id, code, [crew.id for crew in crews])
    people = [
        Staff(
            sign_in_name=each.name,
            display_name=each.display_name or "",
            county=code,
            role=each.role.value,
            crew_id=each.crew,
            declined_ways=[],
        )
        for each in county.staff
    ]
    await _upsert(session, people, keeping=_KEPT_OF_STAFF)
    await _set_addresses(session, county)
    for each in county.staff:
        if each.levels is not None:
            named = {"levels": [level.value for level in each.levels]}
            at = _staff.c.sign_in_name == each.name
            await session.execute(update(_staff).where(at).values(named))
    quiet = county.quiet_hours
    await _upsert(session, [CountyQuietHours(county=code, starts=quiet.start, ends=quiet.end)])
    await _retire(session, _staff.c.sign_in_name, code, [each.sign_in_name for each in people])


async def _set_addresses(session: AsyncSession, county: County) -> None:
    addresses = {each.name: (each.wecom, each.phone) for each in county.staff}
    found = await session.execute(
        select(Staff).where(
            col(Staff.sign_in_name).in_(addresses), col(Staff.addresses_edited).is_(False)
        )
    )
    for staff in found.scalars():
        staff.wecom_userid, staff.phone = addresses[staff.sign_in_name]
    await session.flush()


async def give_first_passwords(
    session: AsyncSession, county: str, *, one_time: bool
) -> dict[str, str]:
    """Make a password for everybody active who has none yet. Returns them by sign-in name: they are
    kept nowhere but as hashes, so whoever calls this must hand them over.

    `one_time`: it must be changed at the first sign-in."""
    found = await session.execute(
        select(Staff)
        .where(
            col(Staff.county) == county,
            col(Staff.active).is_(True),
            col(Staff.password_hash).is_(None),
        )
        .order_by(col(Staff.sign_in_name))
        .with_for_update()
    )
    hasher = PasswordHasher()
    given = {}
    for staff in found.scalars():
        given[staff.sign_in_name] = secrets.token_urlsafe(9)
        staff.password_hash = hasher.hash(given[staff.sign_in_name])
        staff.password_is_one_time = one_time
    return given


async def _check_nobody_elses(session: AsyncSession, county: County) -> None:
    # Ids of schemes and crews begin with the county's code: they cannot be another's.
    names = [staff.name for staff in county.staff]
    taken = select(_staff.c.sign_in_name).where(
        _staff.c.sign_in_name.in_(names), _staff.c.county != county.code
    )
    codes = [village.code for village in county.villages]
    elsewhere = (
        select(_villages.c.village_code)
        .join(_schemes, _schemes.c.id == _villages.c.scheme_id)
        .where(_villages.c.village_code.in_(codes), _schemes.c.county != county.code)
    )
    found = [
        *(await session.execute(taken)).scalars(),
        *(await session.execute(elsewhere)).scalars(),
    ]
    if found:
        raise NameTaken(f"{', '.join(sorted(found))}: in another county's file")


async def _upsert(
    session: AsyncSession, rows: Sequence[SQLModel], keeping: Collection[str] = ()
) -> None:
    """`keeping`: columns of which the files say nothing."""
    if rows:
        written = row_written(table_of(type(rows[0])), keeping)
        await session.execute(written, [row.model_dump() for row in rows])


async def _retire(
    session: AsyncSession, key: Column[str], county: str, kept: Sequence[str]
) -> None:
    table = key.table
    await session.execute(
        update(table).where(table.c.county == county, key.not_in(kept)).values(active=False)
    )
