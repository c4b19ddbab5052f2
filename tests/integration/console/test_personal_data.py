"""Who may see residents' data, who looked at it, and erasing it; all of it stays in intake."""

from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlmodel import col

from services.dispatch.models import WorkOrder
from shared.clock import ManualClock
from shared.db import Database
from tests.integration.console.conftest import Reachable, SignedIn
from tests.integration.console.county import IDS
from tests.integration.console.stand_ins import LETTER, PHONE, Recorded


@pytest.mark.parametrize(
    ("crew_id", "closed_days_ago", "status"),
    [
        pytest.param("crew-1", None, 200, id="open"),
        pytest.param("crew-1", 29, 200, id="closed lately"),
        pytest.param("crew-1", 31, 404, id="closed long ago"),
        pytest.param("crew-2", None, 404, id="another crew's"),
    ],
)
async def test_a_crew_sees_residents_of_its_open_and_lately_closed_work_orders(
    signed_in: SignedIn,
    database: Database,
    clock: ManualClock,
    recorded: Recorded,
    crew_id: str,
    closed_days_ago: int | None,
    status: int,
) -> None:
    closed_at = clock.now() - timedelta(days=closed_days_ago) if closed_days_ago else None
    async with database.work() as (session, _):
        await session.execute(
            update(WorkOrder)
            .where(col(WorkOrder.id) == IDS.assigned)
            .values(
                crew_id=crew_id,
                state="closed" if closed_at else "assigned",
                closed_at=closed_at,
                outcome="repaired" if closed_at else None,
            )
        )
    crew = await signed_in("li.weixiu")
    for path in ("resident", "call"):
        assert (await crew.post(f"/complaints/complaint-01/{path}")).status_code == status
    assert (await crew.get("/complaints/complaint-01/words")).status_code == status
    assert len(recorded.people) == (2 if status == 200 else 0)


async def test_a_crew_opens_no_unreadable_message(signed_in: SignedIn, recorded: Recorded) -> None:
    crew = await signed_in("li.weixiu")
    assert (await crew.post("/unreadable/raw-1/body")).status_code == 403
    assert recorded.calls == []


@pytest.mark.parametrize("name", ["chen.zhuguan", "admin"])
async def test_supervisors_and_admins_see_who_looked(signed_in: SignedIn, name: str) -> None:
    page = (await (await signed_in(name)).get("/disclosures")).text
    for shown in ("李师傅", "维修队", 'href="/complaints/complaint-03"', "raw-1", "更早的记录"):
        assert shown in page


@pytest.mark.parametrize("name", ["wang.diaodu", "li.weixiu", "zhao.shenhe"])
async def test_nobody_else_does(signed_in: SignedIn, name: str) -> None:
    assert (await (await signed_in(name)).get("/disclosures")).status_code == 403


async def test_the_record_is_filtered_by_person_complaint_and_days_of_the_office(
    signed_in: SignedIn, recorded: Recorded
) -> None:
    boss = await signed_in("chen.zhuguan")
    typed = {
        "viewer": " li.weixiu ",
        "complaint_id": "complaint-03",
        "phone": PHONE,
        "since": "2026-10-01",
        "until": "2026-10-01",
        "before": "",
    }
    page = await boss.post("/disclosures", data=typed)
    assert f'value="{PHONE}"' in page.text
    assert recorded.calls[-1][2] == {
        "viewer": "li.weixiu",
        "complaint_id": "complaint-03",
        "phone": PHONE,
        "since": "2026-10-01T00:00:00+08:00",
        "until": "2026-10-02T00:00:00+08:00",
        "limit": 50,
    }
    older = await boss.post("/disclosures", data={**typed, "before": "d-0"})
    assert recorded.calls[-1][2]["before"] == "d-0"
    assert "没有这样的记录" in older.text


async def test_a_day_that_does_not_exist_is_said_to_be_none(signed_in: SignedIn) -> None:
    boss = await signed_in("chen.zhuguan")
    answer = await boss.post("/disclosures", data={"since": "2026-02-30"})
    assert (answer.status_code, "日期不对" in answer.text) == (422, True)


async def test_the_page_stands_while_intake_is_unavailable(
    signed_in: SignedIn, intake: Reachable
) -> None:
    boss = await signed_in("chen.zhuguan")
    intake.unavailable = True
    page = await boss.get("/disclosures")
    assert (page.status_code, "受理服务暂时连不上" in page.text) == (200, True)


async def test_an_admin_erases_what_a_resident_wrote(
    signed_in: SignedIn, recorded: Recorded
) -> None:
    admin = await signed_in("admin")
    here = f"/complaints/{IDS.drafted}"
    assert 'action="/complaints/complaint-03/erasure"' in (await admin.get(here)).text
    answer = await admin.post(f"{here}/erasure", data={"reason": "居民要求", "sure": "true"})
    assert answer.headers["location"] == f"{here}?done=erased"
    body = {"complaint_id": IDS.drafted, "reason": "居民要求"}
    assert recorded.calls == [("POST", "/erasures", body)]
    page = (await admin.get(here)).text
    assert LETTER not in page
    assert "已按规定删除" in page
    assert "/erasure" not in page


@pytest.mark.parametrize("typed", [{"reason": "居民要求"}, {"sure": "true"}, {"reason": " "}])
async def test_nothing_is_erased_without_a_reason_and_a_yes(
    signed_in: SignedIn, recorded: Recorded, typed: dict[str, str]
) -> None:
    admin = await signed_in("admin")
    answer = await admin.post(f"/complaints/{IDS.drafted}/erasure", data=typed)
    assert (answer.status_code, recorded.calls) == (422, [])


async def test_only_an_admin_erases(signed_in: SignedIn, recorded: Recorded) -> None:
    boss = await signed_in("chen.zhuguan")
    assert "/erasure" not in (await boss.get(f"/complaints/{IDS.drafted}")).text
    data = {"reason": "居民要求", "sure": "true"}
    answer = await boss.post(f"/complaints/{IDS.drafted}/erasure", data=data)
    assert (answer.status_code, recorded.calls) == (403, [])
