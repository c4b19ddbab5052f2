"""A county's files become tables, as often as they are loaded."""

from datetime import time
from typing import Any

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from services.dispatch.county_file import QuietPart, StaffPart, read_county
from services.dispatch.handlers.alert_people import quiet_hours_of
from services.dispatch.handlers.county_import import NameTaken, give_first_passwords
from services.dispatch.models import Crew, Scheme, SchemeVillage, Staff
from services.dispatch.rules.alerts import QUIET_AT_NIGHT, QuietHours
from shared.auth.permissions import Role
from shared.vocabulary import Level
from tests.integration.dispatch.county import COUNTY, EAST, HILL_B, WEST, small_county
from tests.integration.dispatch.events import HOUR, received
from tests.integration.dispatch.harness import Dispatch


async def everything(dispatch: Dispatch) -> dict[str, list[dict[str, Any]]]:
    async with dispatch.database.reading() as session:
        return {
            table.__name__: sorted(
                (row.model_dump() for row in (await session.execute(select(table))).scalars()),
                key=str,
            )
            for table in (Scheme, SchemeVillage, Crew, Staff)
        }


async def test_loading_again_changes_nothing(dispatch: Dispatch) -> None:
    before = await everything(dispatch)
    await dispatch.loads()
    assert await everything(dispatch) == before


async def test_what_work_and_people_have_left_stays(dispatch: Dispatch) -> None:
    async with dispatch.database.work() as (session, _):
        await give_first_passwords(session, COUNTY, one_time=True)
    await dispatch.receives(received("c1"))
    dispatch.clock.advance(HOUR)
    await dispatch.repairs((await dispatch.work_order()).id)
    before = await everything(dispatch)
    await dispatch.loads()
    assert await everything(dispatch) == before
    assert any(crew["idle_since"] == dispatch.clock.now() for crew in before["Crew"])


async def test_who_is_no_longer_in_the_file_is_let_go(dispatch: Dispatch) -> None:
    county = small_county()
    await dispatch.loads(
        county.model_copy(
            update={
                "crews": county.crews[:1],
                "staff": county.staff[:1],
                "villages": [row for row in county.villages if row.code != HILL_B],
            }
        )
    )
    tables = await everything(dispatch)
    assert {crew["id"]: crew["active"] for crew in tables["Crew"]}[EAST]
    assert not {crew["id"]: crew["active"] for crew in tables["Crew"]}[WEST]
    assert {staff["sign_in_name"] for staff in tables["Staff"] if staff["active"]} == {"wang"}
    assert len(tables["SchemeVillage"]) == 3


async def test_everybody_gets_one_first_password(dispatch: Dispatch) -> None:
    async with dispatch.database.work() as (session, _):
        given = await give_first_passwords(session, COUNTY, one_time=True)
    assert given.keys() == {"wang", "li"}
    async with dispatch.database.work() as (session, _):
        assert await give_first_passwords(session, COUNTY, one_time=True) == {}
        staff = await session.get(Staff, "wang")
    assert staff is not None
    assert staff.password_hash is not None
    assert PasswordHasher().verify(staff.password_hash, given["wang"])


async def test_a_sign_in_name_belongs_to_one_county(dispatch: Dispatch) -> None:
    other = small_county().model_copy(
        update={
            "code": "610124",
            "schemes": [],
            "villages": [],
            "crews": [],
            "staff": [StaffPart(name="wang", role=Role.ADMIN)],
        }
    )
    with pytest.raises(NameTaken, match="wang"):
        await dispatch.loads(other)


async def test_the_demo_county_loads(dispatch: Dispatch) -> None:
    county = read_county().model_copy(update={"staff": []})
    await dispatch.loads(county)
    async with dispatch.database.reading() as session:
        villages = (await session.execute(select(SchemeVillage))).scalars().all()
    assert len({row.village_code for row in villages}) == 352


async def test_levels_in_the_file_win_and_others_stay_as_the_console_says(
    dispatch: Dispatch,
) -> None:
    async with dispatch.database.work() as (session, _):
        for name in ("wang", "li"):
            (await session.get_one(Staff, name)).levels = ["bureau"]
    county = small_county()
    wang, *others = county.staff
    told = wang.model_copy(update={"levels": [Level.DIRECTOR]})
    quiet = QuietPart.model_validate({"from": "23:00", "to": "06:30"})
    await dispatch.loads(county.model_copy(update={"staff": [told, *others], "quiet_hours": quiet}))
    async with dispatch.database.reading() as session:
        levels = [(await session.get_one(Staff, name)).levels for name in ("wang", "li")]
        assert levels == [["director"], ["bureau"]]
        assert await quiet_hours_of(session, COUNTY) == QuietHours(time(23), time(6, 30))
        assert await quiet_hours_of(session, "610124") == QUIET_AT_NIGHT
