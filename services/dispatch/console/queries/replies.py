"""Replies that wait for a person: drafts with the next deadline first, and stuck ones."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.console.queries.tables import complaint, deadline, reply

_SHOWN = 100


@dataclass(frozen=True, slots=True)
class ReplyLine:
    complaint_id: str
    version: int
    returned: bool
    why_stuck: str | None
    drafted_at: datetime | None
    platform: str
    external_id: str
    category: str
    town: str | None
    village: str | None
    urgent: bool
    due_at: datetime | None
    """When the reply is due."""
    deadline_state: str | None
    provisional: bool | None


@dataclass(frozen=True, slots=True)
class Replies:
    drafts: tuple[ReplyLine, ...]
    stuck: tuple[ReplyLine, ...]


async def read_replies(session: AsyncSession, county: str) -> Replies:
    drafts = await session.execute(_in_state(county, "draft"))
    stuck = await session.execute(_in_state(county, "stuck"))
    return Replies(
        drafts=tuple(ReplyLine(*row) for row in drafts),
        stuck=tuple(ReplyLine(*row) for row in stuck),
    )


def _in_state(county: str, state: str) -> Select[Any]:
    of_reply = and_(deadline.c.complaint_id == reply.c.complaint_id, deadline.c.stage == "reply")
    return (
        select(
            reply.c.complaint_id,
            reply.c.version,
            reply.c.returned,
            reply.c.why_stuck,
            reply.c.drafted_at,
            complaint.c.platform,
            complaint.c.external_id,
            complaint.c.category,
            complaint.c.town,
            complaint.c.village,
            complaint.c.urgent,
            deadline.c.due_at,
            deadline.c.state,
            deadline.c.provisional,
        )
        .join(complaint, complaint.c.id == reply.c.complaint_id)
        .outerjoin(deadline, of_reply)
        .where(reply.c.county == county, reply.c.state == state)
        .order_by(deadline.c.due_at.asc().nulls_last(), reply.c.drafted_at)
        .limit(_SHOWN)
    )
