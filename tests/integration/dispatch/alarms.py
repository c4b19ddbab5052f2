"""Deadlines of a fault that come to their steps, and the alerts that follow."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from services.dispatch.models import Alert, Staff
from shared.auth.permissions import Role
from shared.auth.tokens import Person
from shared.events.replies import DeadlineMet, DeadlineMissed, DeadlineWarned
from shared.vocabulary import Level
from tests.integration.dispatch.county import COUNTY, EAST
from tests.integration.dispatch.events import DUE, HOUR, deadlines_set, received
from tests.integration.dispatch.harness import Dispatch

LI, CHEN = Person("li", Role.CREW, COUNTY, EAST), Person("chen", Role.SUPERVISOR, COUNTY)
LEVELS = {50: Level.CREW_LEADER, 75: Level.DISPATCHER, 90: Level.DIRECTOR}


def warned(complaint_id: str, step: int, **more: Any) -> DeadlineWarned:
    return DeadlineWarned(
        complaint_id=complaint_id,
        county=COUNTY,
        stage="reply",
        due_at=DUE,
        warned_at=DUE - HOUR,
        step=step,
        level=LEVELS[step],
        **more,
    )


def missed(complaint_id: str) -> DeadlineMissed:
    return DeadlineMissed(
        complaint_id=complaint_id,
        county=COUNTY,
        stage="reply",
        due_at=DUE,
        recorded_at=DUE + HOUR,
        level=Level.BUREAU,
    )


def met(complaint_id: str) -> DeadlineMet:
    return DeadlineMet(
        complaint_id=complaint_id, county=COUNTY, stage="reply", due_at=DUE, met_at=DUE, late=False
    )


async def hires(dispatch: Dispatch, *staff: Person) -> None:
    async with dispatch.database.work() as (session, _):
        session.add_all(
            Staff(sign_in_name=each.name, county=COUNTY, role=each.role, crew_id=each.crew_id)
            for each in staff
        )


async def a_fault(dispatch: Dispatch, *complaints: str) -> str:
    """One work order with these complaints, which the east crew has; the director is hired."""
    await hires(dispatch, CHEN, Person("liu", Role.ADMIN, COUNTY))
    await dispatch.receives(*map(received, complaints), *map(deadlines_set, complaints))
    work_order = await dispatch.work_order()
    if work_order.crew_id != EAST:
        await dispatch.gives(work_order.id, EAST)
    return work_order.id


async def alerts(dispatch: Dispatch) -> Sequence[Alert]:
    """Those that have ended first."""
    async with dispatch.database.reading() as session:
        found = await session.execute(select(Alert).order_by(col(Alert.ended_at).nulls_last()))
        return found.scalars().all()
