"""Requests for more time: of one complaint, and whose residents are to be phoned."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.console.queries.tables import complaint, deadline, extension

_MOST_TO_TELL = 200
unanswered = extension.c.state.not_in(("granted", "declined"))
of_deadline = (
    (extension.c.complaint_id == deadline.c.complaint_id)
    & (extension.c.stage == deadline.c.stage)
    & (extension.c.round == deadline.c.round)
)


@dataclass(frozen=True, slots=True)
class Extension:
    request_id: str
    stage: str
    until: datetime
    asked_by: str
    asked_at: datetime
    state: str
    why: str | None
    next_try_at: datetime | None
    granted_until: datetime | None
    answered_at: datetime | None
    resident: str
    told_at: datetime | None
    told_by: str | None


_COLUMNS = [extension.c[name] for name in Extension.__dataclass_fields__]


async def read_extensions(
    session: AsyncSession, county: str, complaint_id: str
) -> Sequence[Extension]:
    """The newest first."""
    found = await session.execute(
        select(*_COLUMNS)
        .where(extension.c.complaint_id == complaint_id, extension.c.county == county)
        .order_by(extension.c.asked_at.desc(), extension.c.request_id.desc())
    )
    return [Extension(*row) for row in found]


@dataclass(frozen=True, slots=True)
class ToTell:
    """Whom a person phones about a new limit."""

    request_id: str
    complaint_id: str
    granted_until: datetime
    platform: str
    external_id: str
    category: str
    town: str | None
    village: str | None
    village_group: str | None


async def read_to_tell(session: AsyncSession, county: str) -> Sequence[ToTell]:
    """The nearest limit first."""
    found = await session.execute(
        select(
            extension.c.request_id,
            extension.c.complaint_id,
            extension.c.granted_until,
            complaint.c.platform,
            complaint.c.external_id,
            complaint.c.category,
            complaint.c.town,
            complaint.c.village,
            complaint.c.village_group,
        )
        .join(complaint, complaint.c.id == extension.c.complaint_id)
        .where(extension.c.county == county, extension.c.resident == "by_hand")
        .order_by(extension.c.granted_until, extension.c.request_id)
        .limit(_MOST_TO_TELL)
    )
    return [ToTell(*row) for row in found]
