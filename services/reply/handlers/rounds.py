"""A complaint is to be done again: the next round of its deadlines starts."""

from datetime import datetime

from sqlmodel import col, select

from services.reply.context import Context
from services.reply.loading import DEADLINES, REPLIES, History, links_of, rows
from services.reply.models import Complaint, Deadline, LaterRound, ReplyState, deadlines_set
from services.reply.rules.rounds import RoundCause
from shared.bulk_insert import bulk_insert
from shared.sql import table_of

from .deadline_recount import count_newest_round


async def start_round(
    context: Context, complaint: Complaint, why: RoundCause, cause: str, started_at: datetime
) -> int:
    """Count the deadlines of a (locked) complaint anew from `started_at`, beside the earlier ones.

    `cause`: the id of what it follows from, such as an event's. The same cause starts one round,
    however often it is told. Returns the round's number.
    """
    session = context.session
    known = await session.exec(
        select(LaterRound.round).where(
            col(LaterRound.complaint_id) == complaint.id, col(LaterRound.cause) == cause
        )
    )
    if (started := known.first()) is not None:
        return started
    earlier = await rows(session, DEADLINES, [complaint.id])
    later = await _next_round(context, complaint, why, cause, started_at)
    session.add(later)
    rulebook = context.editions.of(complaint.county)
    counted = count_newest_round(rulebook, complaint, History(later), {}, context.now)
    new = [Deadline.set(complaint, one) for one in counted]
    await bulk_insert(session, table_of(Deadline), new)
    context.tell(deadlines_set(complaint, [*earlier, *new]))
    return later.round


async def _next_round(
    context: Context, complaint: Complaint, why: RoundCause, cause: str, started_at: datetime
) -> LaterRound:
    links = (await links_of(context.session, [complaint.id])).get(complaint.id, ())
    replies = await rows(context.session, REPLIES, [complaint.id])
    delivered = [reply.version for reply in replies if reply.state == ReplyState.DELIVERED]
    return LaterRound(
        complaint_id=complaint.id,
        round=complaint.start_round(),
        why=why.value,
        cause=cause,
        started_at=started_at,
        after_sequence=max((one.newest_work for _, one in links if one is not None), default=0),
        after_version=max(delivered, default=0),
    )
