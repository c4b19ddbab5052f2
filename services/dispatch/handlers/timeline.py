"""The timeline of a work order."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Table
from sqlmodel.ext.asyncio.session import AsyncSession

from services.dispatch.models import WorkOrderStep
from shared.bulk_insert import bulk_insert

_steps: Table = WorkOrderStep.__table__  # type: ignore[attr-defined]


class What(StrEnum):
    """What happened. The values are message keys; beside each: its details."""

    OPENED = "opened"  # reason
    LINKED = "linked"  # complaints (how many), reason
    LEFT = "complaints_left"  # complaints
    EDITED = "complaint_edited"  # complaint_id
    CHASED = "chased"  # complaint_id, times
    BECAME_URGENT = "became_urgent"
    ASSIGNED = "assigned"  # crew_id, crew, reason, note
    RELEASED = "released"  # crew_id, note
    ACCEPTED = "accepted"  # crew_id
    ARRIVED = "arrived"  # crew_id
    REPAIRED = "repaired"  # crew_id, component
    REOPENED = "reopened"  # note
    CLOSED = "closed"  # outcome, note or merged_into


def step(
    work_order_id: str, at: datetime, what: What, who: str | None = None, **details: Any
) -> dict[str, Any]:
    return {
        "work_order_id": work_order_id,
        "at": at,
        "who": who,
        "what": what.value,
        "details": details,
    }


async def write_steps(session: AsyncSession, steps: Sequence[dict[str, Any]]) -> None:
    await bulk_insert(session, _steps, steps)
