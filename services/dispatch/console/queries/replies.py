"""Replies that wait for a person: drafts with the next deadline first, and stuck ones."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.console.queries.tables import complaint, deadline, reply


@dataclass(frozen=True, slots=True)
class ReplyLine:
    complaint_id: str
    version: int
    returned: bool
    why_stuck: str | None
    stuck_at: datetime | None
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


async def read_replies(
    session: AsyncSession, county: str, state: str, most: int = 100
) -> tuple[ReplyLine, ...]:
    of_reply = and_(deadline.c.complaint_id == reply.c.complaint_id, deadline.c.stage == "reply")
    query = (
        select(
            reply.c.complaint_id,
            reply.c.version,
            reply.c.returned,
            reply.c.why_stuck,
            reply.c.stuck_at,
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
        .limit(most)
    )
    return tuple(ReplyLine(*row) for row in await session.execute(query))
