"""Residents' data are erased on request and after their time; what is counted stays."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import select

from services.intake.models import (
    Complaint,
    Disclosure,
    Erasure,
    RawMessage,
    ResidentData,
    Words,
)
from shared.auth.permissions import Role
from shared.db import Database
from tests.integration.intake.conftest import Intake
from tests.integration.intake.requests import CALL, DRY, PULL, enter, get, push
from tests.integration.intake.steps import complaints, count, the_complaint

PHONE = "13900000002"
_YEAR = timedelta(days=366)
_LEFT = """
SELECT category, village_code, chases, sent_at, received_at, external_id FROM complaint ORDER BY id
"""


async def erase(intake: Intake, role: Role = Role.ADMIN, /, **whom: str) -> tuple[int, Any]:
    response = await intake.client.post(
        "/erasures", json={"reason": "本人来电要求"} | whom, headers=intake.signed_in(role)
    )
    return response.status_code, response.json()


async def what_is_counted(database: Database) -> list[Any]:
    async with database.reading() as session:
        return list((await session.execute(text(_LEFT))).all())


async def bodies(database: Database) -> set[bytes]:
    async with database.reading() as session:
        return set((await session.exec(select(RawMessage.sealed_body))).all())


async def test_an_erased_complaint_keeps_what_is_counted_and_nothing_of_the_resident(
    intake: Intake, database: Database
) -> None:
    await enter(intake)
    await enter(intake, text="还没来水，什么时候能修好")
    before = await what_is_counted(database)
    complaint = await the_complaint(database)

    assert await erase(intake, complaint_id=complaint.id) == (200, {"complaints": 1})

    assert await what_is_counted(database) == before
    assert await count(database, Words) == 0
    assert await count(database, ResidentData) == 0
    assert await bodies(database) == {b""}
    erased = await the_complaint(database)
    assert (erased.person_key, erased.content_hash) == (None, b"")
    words = (await get(intake, f"/complaints/{complaint.id}/words")).json()
    assert (words["title"], words["text"], words["chase_words"]) == ("", "", [])
    assert words["erased_at"] is not None
    resident = (await get(intake, f"/complaints/{complaint.id}/resident")).json()
    assert set(resident.values()) == {None}


async def test_a_person_is_erased_by_telephone_number_on_every_platform(
    intake: Intake, database: Database
) -> None:
    await enter(intake)
    intake.simulators.hotline.add_ticket(DRY | {"requestorTel": PHONE})
    intake.simulators.hotline.add_ticket(DRY | {"requestorTel": "13900000009"})
    await intake.drain(PULL)

    assert await erase(intake, phone="139 0000 0002") == (200, {"complaints": 2})
    assert await erase(intake, phone=PHONE) == (200, {"complaints": 0}), "nobody's any more"

    assert await count(database, ResidentData) == 1
    async with database.reading() as session:
        records = (await session.exec(select(Erasure))).all()
    assert {(one.erased_by, one.reason) for one in records} == {("admin-1", "本人来电要求")}
    assert {one.erased_id for one in records} == {
        one.id for one in await complaints(database) if one.erased_at
    }


async def test_what_comes_after_the_erasure_is_counted_and_not_kept(
    intake: Intake, database: Database
) -> None:
    number = intake.simulators.hotline.add_ticket(DRY)
    await intake.drain(PULL)
    await erase(intake, complaint_id=(await the_complaint(database)).id)
    intake.clock.advance(timedelta(minutes=1))
    intake.simulators.hotline.edit_ticket(number, {"issueDesc": "三里镇樊家村三组水费不对"})
    intake.simulators.hotline.chase_ticket(number, "怎么还没来")
    await intake.drain(PULL)

    assert (await the_complaint(database)).chases == 1
    assert await count(database, Words) == 0
    assert await count(database, ResidentData) == 0
    assert await bodies(database) == {b""}


@pytest.mark.parametrize(
    ("whom", "status"),
    [
        ({}, 422),
        ({"complaint_id": "c0", "phone": PHONE}, 422),
        ({"complaint_id": "c0", "reason": ""}, 422),
        ({"complaint_id": "c0"}, 200),
        ({"phone": "keine Ziffer"}, 200),
    ],
)
async def test_whom_to_erase_is_named_once(
    intake: Intake, whom: dict[str, str], status: int
) -> None:
    assert (await erase(intake, **whom))[0] == status


@pytest.mark.parametrize("role", [Role.DISPATCHER, Role.CREW, Role.REVIEWER, Role.SUPERVISOR])
async def test_only_an_admin_erases(intake: Intake, database: Database, role: Role) -> None:
    complaint_id = (await enter(intake)).json()["complaint_id"]
    assert (await erase(intake, role, complaint_id=complaint_id))[0] == 403
    assert await count(database, Words) == 1


async def test_another_countys_complaint_is_not_erased(intake: Intake, database: Database) -> None:
    complaint_id = (await enter(intake)).json()["complaint_id"]
    response = await intake.client.post(
        "/erasures",
        json={"complaint_id": complaint_id, "reason": "本人要求"},
        headers=intake.signed_in(Role.ADMIN, county="610199"),
    )
    assert response.json() == {"complaints": 0}
    assert await count(database, Words) == 1


async def test_after_the_retention_words_and_identities_go_and_counts_stay(
    intake: Intake, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.intake.tasks._ERASED_AT_ONCE", 2)
    for number in range(5):
        await enter(intake, phone=f"1390000001{number}")
    await push(intake, b"{broken")
    intake.clock.advance(2 * _YEAR)
    await enter(intake)
    assert await intake.drain("retention") == 0, "all is younger than three years"
    before = await what_is_counted(database)
    intake.clock.advance(1.1 * _YEAR)

    assert await intake.drain("retention") == 6

    assert await what_is_counted(database) == before
    assert (await count(database, Words), await count(database, ResidentData)) == (1, 1)
    assert (await count(database, Complaint), await count(database, RawMessage)) == (6, 7)
    assert len(await bodies(database)) == 2, "that of the one that is younger, and none"
    async with database.reading() as session:
        records = (await session.exec(select(Erasure))).all()
    assert {(one.erased_by, one.reason) for one in records} == {("retention", "older than 3 years")}
    assert len(records) == 6
    waiting = (await get(intake, "/waiting")).json()
    (unreadable,) = waiting["unreadable"]
    assert (await get(intake, f"/unreadable/{unreadable['raw_id']}")).status_code == 404


async def search(intake: Intake, role: Role = Role.SUPERVISOR, **wanted: object) -> Any:
    response = await intake.client.post(
        "/disclosures/search", json=wanted, headers=intake.signed_in(role)
    )
    assert response.status_code == 200, response.text
    return response.json()


async def test_who_looked_is_found_by_complaint_person_viewer_and_time(
    intake: Intake, database: Database
) -> None:
    first = (await enter(intake)).json()["complaint_id"]
    other = (await enter(intake, phone="13900000003")).json()["complaint_id"]
    began = intake.clock.now()
    for complaint_id, role in [(first, Role.DISPATCHER), (first, Role.ADMIN), (other, Role.ADMIN)]:
        intake.clock.advance(timedelta(minutes=1))
        await get(intake, f"/complaints/{complaint_id}/resident", role)

    def seen(page: Any) -> list[tuple[str, str]]:
        return [(one["disclosed_id"], one["disclosed_to"]) for one in page["disclosures"]]

    all_of_them = [(other, "admin-1"), (first, "admin-1"), (first, "dispatcher-1")]
    assert seen(await search(intake)) == all_of_them
    assert seen(await search(intake, complaint_id=first)) == all_of_them[1:]
    assert seen(await search(intake, phone=CALL["phone"])) == all_of_them[1:]
    assert seen(await search(intake, phone="13911111111")) == []
    assert seen(await search(intake, viewer="dispatcher-1")) == all_of_them[2:]
    late = (began + timedelta(minutes=2)).isoformat()
    assert seen(await search(intake, since=late)) == all_of_them[:2]
    assert seen(await search(intake, until=late)) == all_of_them[2:]


async def test_who_looked_is_told_page_by_page(intake: Intake, database: Database) -> None:
    complaint_id = (await enter(intake)).json()["complaint_id"]
    for _ in range(5):
        intake.clock.advance(timedelta(seconds=1))
        await get(intake, f"/complaints/{complaint_id}/resident")
    pages = [await search(intake, limit=2)]
    while pages[-1]["next"]:
        pages.append(await search(intake, limit=2, before=pages[-1]["next"]))

    times = [one["disclosed_at"] for page in pages for one in page["disclosures"]]
    assert [len(page["disclosures"]) for page in pages] == [2, 2, 1]
    assert times == sorted(times, reverse=True)
    assert len(set(times)) == 5


@pytest.mark.parametrize("role", [Role.DISPATCHER, Role.CREW, Role.REVIEWER])
async def test_who_looked_is_for_supervisors_and_admins(intake: Intake, role: Role) -> None:
    response = await intake.client.post(
        "/disclosures/search", json={}, headers=intake.signed_in(role)
    )
    assert response.status_code == 403


async def test_a_county_sees_its_own_looks_only(intake: Intake, database: Database) -> None:
    complaint_id = (await enter(intake)).json()["complaint_id"]
    await get(intake, f"/complaints/{complaint_id}/resident")
    assert await count(database, Disclosure) == 1
    response = await intake.client.post(
        "/disclosures/search", json={}, headers=intake.signed_in(Role.ADMIN, county="610199")
    )
    assert response.json() == {"disclosures": [], "next": None}
