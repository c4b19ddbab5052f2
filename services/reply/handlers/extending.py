"""More time: asked of the platform by a person, granted or refused by the platform.

No platform we know lets a machine ask (its order form does): so we keep what was asked, hold to the
old limit until there is an answer, and write the answer down.
"""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.reply.models import Complaint, Deadline
from services.reply.rulebook import Rulebook
from services.reply.rules.deadlines import Stage, warn_at
from services.reply.rules.escalation import Standing, moved
from services.reply.rules.extensions import Extensible, ExtensionRequest, first_refusal
from shared.bus.outbox import Outbox

from .answers import locked_complaint
from .counting import become, deadlines_set_again, watched
from .refusals import ReplyRefused, Why


async def ask_for_extension(
    session: AsyncSession,
    complaint_id: str,
    county: str,
    stage: Stage,
    *,
    new_due_at: datetime,
    reason: str,
    now: datetime,
) -> None:
    """Note that the platform is asked; the old limit counts until it agrees.

    Raises ReplyRefused.
    """
    _, rows = await _deadlines(session, complaint_id, county)
    row = _stage(rows, stage)
    why = first_refusal(_extensible(row), ExtensionRequest(new_due_at, reason, now))
    if why is not None:
        raise ReplyRefused(Why(why.value))
    row.extension_asked_until = new_due_at
    row.extension_asked_at = now
    row.extension_reason = reason.strip()


async def answer_extension(
    session: AsyncSession,
    outbox: Outbox,
    complaint_id: str,
    county: str,
    stage: Stage,
    *,
    granted: bool,
    now: datetime,
    rulebook: Rulebook,
) -> None:
    """The platform's answer: the new limit counts from now on, or the old one still does.

    Raises ReplyRefused.
    """
    complaint, rows = await _deadlines(session, complaint_id, county)
    row = _stage(rows, stage)
    due_at = row.extension_asked_until
    if due_at is None:
        raise ReplyRefused(Why.NOTHING_ASKED)
    row.extension_asked_until = None
    if not granted:
        return
    row.extensions_granted += 1
    moved_warn_at = warn_at(
        due_at,
        now,
        due_at,
        timedelta(seconds=row.warn_before_seconds),
        rulebook.calendars.of(complaint.county),
    )
    become(row, moved(watched(row), moved_warn_at, due_at), outbox, now)
    outbox.add(
        deadlines_set_again(
            complaint.id, complaint.county, rows, unreadable=complaint.limit_unreadable
        )
    )


def _extensible(row: Deadline) -> Extensible:
    return Extensible(
        standing=Standing(row.standing),
        due_at=row.due_at,
        asked_until=row.extension_asked_until,
        granted=row.extensions_granted,
        allowed=row.extensions_allowed,
    )


def _stage(rows: list[Deadline], stage: Stage) -> Deadline:
    for row in rows:
        if row.stage == stage:
            return row
    raise ReplyRefused(Why.UNKNOWN_DEADLINE)


async def _deadlines(
    session: AsyncSession, complaint_id: str, county: str
) -> tuple[Complaint, list[Deadline]]:
    complaint = await locked_complaint(session, complaint_id)
    if complaint is None or complaint.county != county:
        raise ReplyRefused(Why.UNKNOWN_COMPLAINT)
    found = await session.execute(
        select(Deadline)
        .where(col(Deadline.complaint_id) == complaint_id)
        .order_by(col(Deadline.stage))
        .with_for_update()
    )
    return complaint, list(found.scalars())
