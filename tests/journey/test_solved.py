"""One complaint from "no" to "yes": exactly one rework, with a clock of its own; both counted."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from services.dispatch.complaint_facts import complaint_facts
from services.dispatch.report.content import as_json, make_report, period
from shared.auth.permissions import Role
from shared.clock import ManualClock
from shared.settings import CommonSettings
from waterdesk.demo.composition import COUNTY, DemoComposition, compose_demo
from waterdesk.demo.county import load_demo_county
from waterdesk.demo.driver import Driver, open_driver
from waterdesk.installation import open_installation

MORNING = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
"""A Monday, nine o'clock in Shanghai."""
DRY = "我们三里镇樊家村三组从昨天早上停水，到现在一滴水都没有。"


class Town:
    """The three services in one process, and the people who work with them."""

    def __init__(self, demo: DemoComposition, driver: Driver, clock: ManualClock) -> None:
        self.demo = demo
        self.driver = driver
        self.clock = clock

    async def row(self, service: str, query: str) -> Any:
        (row,) = await self.demo.rows(service, query)
        return row

    async def is_repaired_and_answered(self, version: int) -> str:
        """The crew repairs, the reviewer approves, the platform has it. Returns the work order."""
        work_order = await self.row(
            "dispatch", "SELECT id, crew_id FROM work_order WHERE state = 'assigned'"
        )
        path = f"/api/work-orders/{work_order.id}"
        repair = {"component": "network", "found": "接口漏水", "done": "更换接口"}
        for step, body in (("accept", {}), ("arrive", {}), ("repair", repair)):
            self.clock.advance(timedelta(minutes=20))
            await self.demo.request(
                "dispatch",
                Role.CREW,
                "POST",
                f"{path}/{step}",
                body,
                crew_id=work_order.crew_id,
            )
        await self.driver.run_until_idle()
        reply = await self.row(
            "reply", "SELECT complaint_id, version FROM reply WHERE state = 'draft'"
        )
        assert reply.version == version
        approve = f"/replies/{reply.complaint_id}/approve"
        await self.demo.request("reply", Role.REVIEWER, "POST", approve, {"version": reply.version})
        await self.driver.run_until_idle()
        return str(work_order.id)


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    settings = CommonSettings(home=tmp_path / "home", secret=SecretStr("s" * 40))
    clock = ManualClock(MORNING)
    with open_installation(settings) as installation:
        await installation.migrate()
        async with (
            installation.open_bus() as bus,
            compose_demo(installation, bus, clock, in_process=True) as demo,
        ):
            await load_demo_county(demo.services["dispatch"].database)
            services = list(demo.services.values())
            async with open_driver(services, bus, demo.simulators.deliver_pushes) as driver:
                yield Town(demo, driver, clock)


async def test_not_solved_is_repaired_once_more_with_a_new_clock_and_then_solved(
    town: Town,
) -> None:
    hotline = town.demo.simulators.hotline
    number = hotline.add_ticket(
        {"issueSubject": "停水", "issueDesc": DRY, "timeLimit": "3个工作日"}
    )
    await town.driver.run_until_idle()
    first = await town.is_repaired_and_answered(version=1)

    town.clock.advance(timedelta(hours=1))
    said_at = town.clock.now()
    hotline.evaluate_ticket(number, satisfied=False)
    hotline.rework_ticket(number)  # the platform says it twice, in two ways
    await town.driver.run_until_idle()
    rounds = await town.demo.rows(
        "reply", "SELECT round, min(due_at) AS due_at FROM deadline GROUP BY round ORDER BY round"
    )
    assert [row.round for row in rounds] == [1, 2]
    assert rounds[1].due_at > said_at
    second = await town.is_repaired_and_answered(version=2)
    town.clock.advance(timedelta(hours=1))
    hotline.evaluate_ticket(number, satisfied=True)
    await town.driver.run_until_idle()

    work_orders = await town.demo.rows(
        "dispatch", "SELECT id, rework_of, state, crew_id FROM work_order ORDER BY opened_at"
    )
    assert [(row.id, row.rework_of, row.state) for row in work_orders] == [
        (first, None, "closed"),
        (second, first, "closed"),
    ]
    assert work_orders[0].crew_id == work_orders[1].crew_id
    said = await town.demo.rows(
        "reply", "SELECT version, satisfied FROM call_back ORDER BY version"
    )
    assert [tuple(row) for row in said] == [(1, False), (2, True)]
    assert (await town.row("reply", "SELECT max(round) FROM deadline"))[0] == 2
    assert (await town.row("reply", "SELECT state FROM complaint")).state == "answered"
    days = date(2026, 11, 1), date(2026, 11, 30)
    async with town.demo.services["dispatch"].database.reading() as session:
        facts = await complaint_facts(session, COUNTY, *period(*days))
    figures = as_json(make_report(facts, COUNTY, *days, town.clock.now()))
    assert (figures["evaluated"], figures["satisfaction_rate"], figures["reworked"]) == (1, 1.0, 1)
