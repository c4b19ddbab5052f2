"""People at the context: enter, decide, read, and look up who it was."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlmodel import select

from services.intake.models import Complaint, Disclosure
from shared.auth.permissions import Role
from shared.bus.tables import outbox as outbox_table
from shared.db import Database
from tests.integration.intake.conftest import Intake
from tests.integration.intake.requests import CALL, DRY, PULL, enter, get
from tests.integration.intake.steps import complaints, count, the_complaint

VERDICT: dict[str, Any] = {
    "is_ours": True,
    "category": "pipe_leak",
    "component": "network",
    "urgent": True,
    "village_code": "610122107226",
    "group": "三组",
}
FAN_VILLAGE = "610122107226"


async def decide(intake: Intake, complaint_id: str, **changes: object) -> httpx.Response:
    return await intake.client.post(
        f"/complaints/{complaint_id}/decision",
        json=VERDICT | changes,
        headers=intake.signed_in(),
    )


async def a_waiting_complaint(intake: Intake) -> str:
    """One whose words tell nothing."""
    return str((await enter(intake, text="喂？你好", address_line="")).json()["complaint_id"])


async def test_a_call_is_ingested_like_any_complaint(intake: Intake, database: Database) -> None:
    response = await enter(intake)

    complaint = await the_complaint(database)
    assert response.status_code == 201
    assert response.json() == {"complaint_id": complaint.id, "result": "received"}
    assert (complaint.platform, complaint.category, complaint.village_code) == (
        "phone",
        "outage",
        FAN_VILLAGE,
    )
    assert complaint.external_id.startswith("20261012-")
    assert await count(database, outbox_table) == 1


async def test_a_second_call_about_the_same_chases_the_first(
    intake: Intake, database: Database
) -> None:
    first = (await enter(intake)).json()
    second = (await enter(intake, text="还没来水，什么时候能修好", phone="13900000002")).json()

    assert second == {"complaint_id": first["complaint_id"], "result": "chased"}
    assert (await the_complaint(database)).chases == 1


async def test_a_form_that_is_sent_twice_is_entered_once(
    intake: Intake, database: Database
) -> None:
    first = (await enter(intake, entry_id="form-1")).json()
    second = (await enter(intake, entry_id="form-1")).json()

    assert second == {"complaint_id": first["complaint_id"], "result": "duplicate"}
    assert await count(database, Complaint) == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"text": "  "}, "text", id="nothing said"),
        pytest.param({"text": "水" * 20_001}, "text", id="too much said"),
        pytest.param({"phone": "12345"}, "phone", id="no phone number"),
        pytest.param({"stated_at": "2026-10-13T01:30:00Z"}, "stated_at", id="said tomorrow"),
        pytest.param({"stated_at": "2020-10-13T01:30:00Z"}, "stated_at", id="said years ago"),
        pytest.param({"name": "名" * 101}, "name", id="a name without end"),
    ],
)
@pytest.mark.parametrize("language", ["zh", "en"])
async def test_a_call_with_faults_names_them_in_the_readers_language(
    intake: Intake, database: Database, changes: Mapping[str, object], field: str, language: str
) -> None:
    response = await intake.client.post(
        "/complaints",
        json={**CALL, **changes},
        headers=intake.signed_in() | {"accept-language": language},
    )

    (error,) = response.json()["errors"]
    assert (response.status_code, error["field"]) == (422, field)
    assert error["why"].isascii() == (language == "en")
    assert await count(database, Complaint) == 0


async def test_what_waits_is_listed_until_a_person_decides_it(
    intake: Intake, database: Database
) -> None:
    complaint_id = await a_waiting_complaint(intake)
    waiting = (await get(intake, "/waiting")).json()
    assert [one["complaint_id"] for one in waiting["complaints"]] == [complaint_id]
    assert waiting["complaints_in_all"] == 1

    assert (await decide(intake, complaint_id)).status_code == 204

    assert (await get(intake, "/waiting")).json()["complaints"] == []
    complaint = await the_complaint(database)
    assert (complaint.category, complaint.town, complaint.decided_by) == (
        "pipe_leak",
        "三里镇",
        "dispatcher-1",
    )
    async with database.reading() as session:
        last = (
            await session.execute(outbox_table.select().order_by(outbox_table.c.id.desc()))
        ).first()
    assert last is not None
    assert last.headers["ce_type"] == "cn.waterdesk.complaint.decided.v1"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"is_ours": False}, "category_contradicts_is_ours"),
        ({"category": "not_ours"}, "category_contradicts_is_ours"),
        ({"village_code": "000000000000"}, "unknown_village"),
        ({"village_code": None}, "village_missing"),
        ({"category": "nonsense"}, "invalid_request"),
    ],
)
async def test_a_verdict_that_cannot_be_carried_out_is_refused(
    intake: Intake, database: Database, changes: dict[str, object], problem: str
) -> None:
    response = await decide(intake, await a_waiting_complaint(intake), **changes)

    assert response.status_code == 422
    assert response.json()["type"] == f"urn:waterdesk:problem:{problem}"
    assert (await the_complaint(database)).needs_human


async def test_not_ours_and_questions_of_billing_need_no_village(intake: Intake) -> None:
    for verdict in ({"is_ours": False, "category": "not_ours"}, {"category": "billing"}):
        complaint_id = await a_waiting_complaint(intake)
        assert (await decide(intake, complaint_id, village_code=None, **verdict)).is_success


async def test_anothers_decision_is_overruled_only_knowingly(
    intake: Intake, database: Database
) -> None:
    complaint_id = await a_waiting_complaint(intake)
    await decide(intake, complaint_id)
    path, admin = f"/complaints/{complaint_id}/decision", intake.signed_in(Role.ADMIN)
    outage = VERDICT | {"category": "outage"}

    refused = await intake.client.post(path, json=outage, headers=admin)
    overruled = await intake.client.post(path, json=outage | {"overrule": True}, headers=admin)

    assert (refused.status_code, overruled.status_code) == (409, 204)
    assert (await the_complaint(database)).category == "outage"


async def test_an_unknown_complaint_and_anothers_countys_are_the_same_404(intake: Intake) -> None:
    complaint_id = (await enter(intake)).json()["complaint_id"]
    for path in (f"/complaints/{complaint_id}", "/complaints/c0"):
        for part in ("words", "resident", "handle"):
            response = await get(intake, f"{path}/{part}", county="610199")
            assert response.status_code == 404
    unknown = await intake.client.post(
        f"/complaints/{complaint_id}/decision",
        json=VERDICT,
        headers=intake.signed_in(county="610199"),
    )
    assert unknown.status_code == 404


async def test_the_words_are_shown_with_their_history(intake: Intake) -> None:
    number = intake.simulators.hotline.add_ticket(DRY)
    await intake.drain(PULL)
    intake.clock.advance(timedelta(minutes=1))
    intake.simulators.hotline.edit_ticket(number, {"issueDesc": "三里镇樊家村三组又停水"})
    intake.simulators.hotline.chase_ticket(number, "怎么还没来")
    await intake.drain(PULL)
    (complaint,) = await complaints(intake.service.database)

    words = (await get(intake, f"/complaints/{complaint.id}/words")).json()

    assert (words["title"], words["text"]) == ("停水", "三里镇樊家村三组又停水")
    assert [edit["text"] for edit in words["edits"]] == [DRY["issueDesc"]]
    assert words["chases"] == 1
    assert [said["text"] for said in words["chase_words"]] == ["怎么还没来"]


async def test_a_resident_is_shown_and_the_look_is_recorded(
    intake: Intake, database: Database
) -> None:
    complaint_id = (await enter(intake)).json()["complaint_id"]

    shown = await get(intake, f"/complaints/{complaint_id}/resident", Role.CREW, opens=complaint_id)

    assert shown.json() == {
        "name": "测试乙",
        "phone": "13900000002",
        "address_line": "三里镇樊家村三组5号",
    }
    async with database.reading() as session:
        (look,) = (await session.exec(select(Disclosure))).all()
    assert (look.disclosed_id, look.disclosed_to, look.role, look.disclosed_at) == (
        complaint_id,
        "crew-1",
        "crew",
        intake.clock.now(),
    )


@pytest.mark.parametrize("part", ["words", "resident", "handle"])
async def test_a_crew_opens_only_the_complaints_its_token_lists(
    intake: Intake, database: Database, part: str
) -> None:
    """Dispatch lists the crew's own work orders in the token; intake takes nothing else for one."""
    mine = (await enter(intake)).json()["complaint_id"]
    anothers = (await enter(intake, phone="13900000003")).json()["complaint_id"]

    listed = await get(intake, f"/complaints/{mine}/{part}", Role.CREW, opens=mine)
    not_listed = await get(intake, f"/complaints/{anothers}/{part}", Role.CREW, opens=mine)

    assert (listed.status_code, not_listed.status_code) == (200, 403)
    async with database.reading() as session:
        looks = (await session.exec(select(Disclosure))).all()
    assert {look.disclosed_id for look in looks} <= {mine}


async def test_a_handle_is_given_to_who_answers_on_the_platform(
    intake: Intake, database: Database
) -> None:
    intake.simulators.wechat.write_message("oTest0001", CALL["text"])
    await intake.simulators.deliver_pushes()
    complaint = await the_complaint(database)

    response = await get(intake, f"/complaints/{complaint.id}/handle", Role.ADMIN)
    assert response.json() == {"handle": "oTest0001"}
    assert await count(database, Disclosure) == 1


async def test_not_ours_that_was_wrong_goes_back_to_a_person_and_is_not_returned_again(
    intake: Intake, database: Database
) -> None:
    complaint_id = await a_waiting_complaint(intake)
    not_ours = {"is_ours": False, "category": "not_ours", "component": None, "village_code": None}

    async def back(**more: object) -> int:
        body = {"reason": "平台认定属供水职责", **more}
        path, reviewer = f"/complaints/{complaint_id}/back", intake.signed_in(Role.REVIEWER)
        return (await intake.client.post(path, json=body, headers=reviewer)).status_code

    assert await back() == 409, "nobody has decided that it is not ours"
    await decide(intake, complaint_id, **not_ours)
    assert await back() == 204
    complaint = await the_complaint(database)
    assert (complaint.needs_human, complaint.came_back_why) == (True, "平台认定属供水职责")
    assert (await decide(intake, complaint_id, **not_ours)).status_code == 204, "a colleague's word"
    assert await back(is_platforms_word=True) == 204
    refused = await decide(intake, complaint_id, **not_ours)
    assert (refused.status_code, refused.json()["type"]) == (
        409,
        "urn:waterdesk:problem:returned_before",
    )
    assert (await decide(intake, complaint_id)).status_code == 204


@pytest.mark.parametrize(
    ("method", "path", "role"),
    [
        ("POST", "/complaints/c0/back", Role.CREW),
        ("POST", "/complaints", Role.REVIEWER),
        ("POST", "/complaints/c0/decision", Role.CREW),
        ("GET", "/complaints/c0/resident", Role.REVIEWER),
        ("GET", "/complaints/c0/handle", Role.REVIEWER),
        ("GET", "/waiting", Role.CREW),
        ("GET", "/unreadable/r0", Role.REVIEWER),
        ("GET", "/unreadable/r0", Role.CREW),
        ("GET", "/complaints/c0/words", Role.CREW),
        ("GET", "/complaints/c0/resident", Role.CREW),
        ("GET", "/complaints/c0/handle", Role.CREW),
    ],
)
async def test_who_may_not_is_told_so(
    intake: Intake, database: Database, method: str, path: str, role: Role
) -> None:
    body = VERDICT if path.endswith("decision") else CALL
    json = body if method == "POST" else None
    refused = await intake.client.request(method, path, json=json, headers=intake.signed_in(role))
    unknown = await intake.client.request(method, path, json=json)

    assert (refused.status_code, unknown.status_code) == (403, 401)
    assert await count(database, Disclosure) == 0


async def test_villages_are_found_by_part_of_their_name(intake: Intake) -> None:
    found = (await get(intake, "/villages?q=樊家")).json()

    assert [(one["village"], one["town"]) for one in found] == [
        ("樊家坡村", "焦岱镇"),
        ("樊家村", "三里镇"),
        ("樊家村", "孟村镇"),
    ]
    assert len((await get(intake, "/villages?limit=1000")).json()) == 352
