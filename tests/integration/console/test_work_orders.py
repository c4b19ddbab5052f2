"""A work order's page, and what can be done there: the same handlers as over the JSON API."""

import re
from collections.abc import Mapping
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlmodel import col

from services.dispatch.commands import Repair
from services.dispatch.console.queries.crews import read_crew_choices
from services.dispatch.console.queries.work_order import shortened
from services.dispatch.models import WorkOrder, WorkOrderStep
from shared.bus.tables import outbox
from shared.db import Database
from tests.conftest import NOW
from tests.integration.console.conftest import SignedIn
from tests.integration.console.county import IDS

REPAIR = {"component": "pump", "found": "水泵电机烧毁", "done": "更换电机"}


async def _state(database: Database, work_order_id: str) -> str:
    async with database.reading() as session:
        return (await session.get_one(WorkOrder, work_order_id)).state


async def _events(database: Database) -> list[str]:
    async with database.reading() as session:
        rows = await session.execute(select(outbox.c.headers).order_by(outbox.c.id))
        return [str(headers["ce_type"]).split(".")[-2] for headers in rows.scalars()]


async def test_the_page_shows_fault_crew_reason_complaints_and_timeline(
    signed_in: SignedIn,
) -> None:
    page = (await (await signed_in("wang.diaodu")).get(f"/work-orders/{IDS.on_site}")).text
    for shown in ("焦岱镇岱峪水厂", "三里镇维修一队", "手上任务最少", "XA20261012000003", "接单"):
        assert shown in page
    assert 'data-due="' in page


async def test_note_fields_ask_for_what_the_command_asks_for(signed_in: SignedIn) -> None:
    schema = Repair.model_json_schema()["properties"]["found"]
    limits = f'minlength="{schema["minLength"]}" maxlength="{schema["maxLength"]}" required'
    client = await signed_in("wang.diaodu")
    for page in (f"/work-orders/{IDS.on_site}", "/work-orders/work-order-04"):
        fields = re.findall(
            r"<[^>]*name=\"(?:note|found|done)\"[^>]*>", (await client.get(page)).text
        )
        assert fields
        assert all(limits in field for field in fields), fields


def _linked(minutes: int, who: str | None = None) -> WorkOrderStep:
    return WorkOrderStep(
        work_order_id="w",
        at=NOW + timedelta(minutes=minutes),
        who=who,
        what="linked",
        details={"complaints": 2, "reason": "same_fault_same_village"},
    )


def test_complaints_that_come_one_after_another_are_one_line_of_the_timeline() -> None:
    chased = WorkOrderStep(work_order_id="w", at=NOW, who=None, what="chased", details={})
    steps = [_linked(9), _linked(7), _linked(4), chased, _linked(-3), _linked(-5, "wang.diaodu")]
    lines = shortened(steps)
    assert [(line.step.what, line.complaints) for line in lines] == [
        ("linked", 6),
        ("chased", 0),
        ("linked", 2),
        ("linked", 2),  # by a person: another matter
    ]
    assert (lines[0].since, lines[0].step.at) == (steps[2].at, steps[0].at)


async def test_crews_that_suit_come_first_with_what_they_have_in_hand(database: Database) -> None:
    async with database.reading() as session:
        work_order = await session.get_one(WorkOrder, IDS.on_site)
        choices = await read_crew_choices(session, work_order)
    assert [(one.id, one.suits) for one in choices] == [("crew-2", True), ("crew-1", False)]
    assert [one.open_work_orders for one in choices] == [4, 6]


async def test_the_office_notes_a_crews_steps_apart_from_its_own(signed_in: SignedIn) -> None:
    here = f"/work-orders/{IDS.assigned}"
    office = (await (await signed_in("wang.diaodu")).get(here)).text
    assert office.index("改派") < office.index("代维修队登记") < office.index("接单出发")
    crew = (await (await signed_in("li.weixiu")).get(here)).text
    assert "代维修队登记" not in crew
    assert "接单出发" in crew


async def test_a_crew_takes_its_order_from_assigned_to_repaired(
    signed_in: SignedIn, database: Database
) -> None:
    crew = await signed_in("li.weixiu")
    here = f"/work-orders/{IDS.assigned}"
    for step, data, state in (
        ("accept", {"from": "crew"}, "accepted"),
        ("arrive", {"from": "crew"}, "on_site"),
        ("repair", {"from": "crew", **REPAIR}, "repaired"),
    ):
        answer = await crew.post(f"{here}/{step}", data=data)
        assert (answer.status_code, answer.headers["location"]) == (303, "/crew")
        assert await _state(database, IDS.assigned) == state
    assert (await _events(database))[:3] == ["accepted", "crew-arrived", "repaired"]


@pytest.mark.parametrize(
    ("work_order_id", "step", "data", "state"),
    [
        ("work-order-01", "assign", {"crew_id": "crew-2", "note": "顺路"}, "assigned"),
        ("work-order-01", "release", {"note": "没有配件"}, None),
        (
            "work-order-01",
            "close",
            {"note": "现场无故障", "despite": "回复待审"},
            "closed",
        ),
        ("work-order-20", "reopen", {"note": "又停水了"}, None),
        ("work-order-13", "merge", {"into": "work-order-07"}, "closed"),
    ],
)
async def test_a_dispatcher_directs_an_order(
    signed_in: SignedIn,
    database: Database,
    work_order_id: str,
    step: str,
    data: Mapping[str, str],
    state: str | None,
) -> None:
    desk = await signed_in("wang.diaodu")
    answer = await desk.post(f"/work-orders/{work_order_id}/{step}", data=dict(data))
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        f"/work-orders/{work_order_id}",
    )
    assert await _state(database, work_order_id) in (
        [state] if state else ["waiting_for_crew", "assigned"]
    )
    async with database.reading() as session:
        steps = await session.execute(
            select(WorkOrderStep).where(
                col(WorkOrderStep.work_order_id) == work_order_id,
                col(WorkOrderStep.who) == "wang.diaodu",
            )
        )
        assert len(steps.all()) == 1


async def test_closing_what_is_unanswered_asks_for_a_reason_and_the_timeline_shows_it(
    signed_in: SignedIn, database: Database
) -> None:
    desk = await signed_in("wang.diaodu")
    here = "/work-orders/work-order-01"
    page = (await desk.get(here)).text
    assert "还有 2 件诉求没有答复送达" in page
    assert '<label class="form-label" for="close-despite">' in page
    refused = await desk.post(f"{here}/close", data={"note": "现场无故障", "despite": ""})
    assert (refused.status_code, "请写明仍要关闭的原因" in refused.text) == (409, True)
    assert await _state(database, "work-order-01") == "assigned"
    await desk.post(f"{here}/close", data={"note": "现场无故障", "despite": "回复待审"})
    assert "未答复仍关闭：“回复待审”" in (await desk.get(here)).text


async def test_what_somebody_changed_meanwhile_is_not_overwritten(
    signed_in: SignedIn, database: Database
) -> None:
    desk = await signed_in("wang.diaodu")
    version = re.search(
        r'name="version" value="(\d+)"', (await desk.get(f"/work-orders/{IDS.assigned}")).text
    )
    assert version is not None
    await (await signed_in("li.weixiu")).post(f"/work-orders/{IDS.assigned}/accept")
    late = {"version": version[1], "note": "现场无故障"}
    answer = await desk.post(f"/work-orders/{IDS.assigned}/close", data=late)
    assert answer.status_code == 409
    assert "刚被别人改过" in answer.text
    assert await _state(database, IDS.assigned) == "accepted"


async def test_a_refusal_comes_into_the_form_and_keeps_what_was_typed(
    signed_in: SignedIn,
) -> None:
    crew = await signed_in("li.weixiu")
    path = f"/work-orders/{IDS.assigned}/repair"
    part = await crew.post(path, data=REPAIR, headers={"HX-Request": "true"})
    assert (part.status_code, part.text.count("<html")) == (409, 0)
    assert 'role="alert"' in part.text
    whole = await crew.post(path, data=REPAIR)  # without JavaScript
    assert (whole.status_code, whole.text.count("<html")) == (409, 1)
    for typed in REPAIR.values():
        assert typed in whole.text


@pytest.mark.parametrize("missing", ["component", "found", "done"])
async def test_a_repair_says_what_was_found_and_done(signed_in: SignedIn, missing: str) -> None:
    crew = await signed_in("li.weixiu")
    data = {**REPAIR, missing: "  "}
    answer = await crew.post(f"/work-orders/{IDS.on_site}/repair", data=data)
    assert answer.status_code == 422


async def test_a_crew_cannot_take_another_crews_order(
    signed_in: SignedIn, database: Database
) -> None:
    crew = await signed_in("li.weixiu")
    answer = await crew.post("/work-orders/work-order-06/accept")
    assert answer.status_code == 403
    assert await _state(database, "work-order-06") == "assigned"


async def test_the_buttons_are_those_that_make_sense(signed_in: SignedIn) -> None:
    async def steps(name: str, work_order_id: str) -> set[str]:
        page = (await (await signed_in(name)).get(f"/work-orders/{work_order_id}")).text
        return set(re.findall(rf'action="/work-orders/{work_order_id}/(\w+)"', page))

    assert await steps("wang.diaodu", "work-order-01") == {
        "assign",
        "release",
        "accept",
        "expect",
        "close",
        "merge",
        "pause",
    }
    assert await steps("li.weixiu", "work-order-01") == {"accept", "expect", "release"}
    assert await steps("chen.zhuguan", "work-order-01") == set()
    assert await steps("wang.diaodu", "work-order-20") == {"reopen"}
