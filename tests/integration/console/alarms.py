"""Alerts of the county that the console shows."""

from datetime import datetime, timedelta
from typing import Any

from services.dispatch.models import Alert, AlertPerson
from shared.db import Database
from tests.integration.console.county import COUNTY, IDS

DISPATCHER, CREW, SUPERVISOR = "wang.diaodu", "li.weixiu", "chen.zhuguan"


def alert(number: int, now: datetime, **columns: Any) -> Alert:
    return Alert(
        **{
            "id": f"alert-{number:03}",
            "county": COUNTY,
            "fault": IDS.on_site,
            "work_order_id": IDS.on_site,
            "complaint_id": "complaint-03",
            "stage": "reply",
            "round": number,
            "step": 75,
            "level": "dispatcher",
            "reached": "dispatcher",
            "complaints": 23,
            "urgent": False,
            "due_at": now + timedelta(hours=number),
            "raised_at": now,
            "stepped_at": now,
            **columns,
        }
    )


async def raises(database: Database, *alerts: Alert, to: str = DISPATCHER) -> None:
    async with database.work() as (session, _):
        session.add_all(alerts)
        await session.flush()
        session.add_all(
            AlertPerson(alert_id=one.id, sign_in_name=to, step=one.step, told_at=one.raised_at)
            for one in alerts
        )
