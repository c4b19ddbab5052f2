"""What a version would move, before it is saved: counted on rows that are thrown away."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic

from sqlalchemy import bindparam, select, text
from sqlmodel import col

from services.reply.context import ReplyConfig
from services.reply.models import Complaint, Deadline
from services.reply.rulebook import Rulebook
from services.reply.rules.deadlines import Stage
from services.reply.rules.recount import Effect, Moved, add_up, effect_of
from shared.db import Database
from shared.sql import any_of

from .deadline_recount import recount_rows

LONGEST_SECONDS = 8.0
"""A person waits; what was not looked at by then is said to be so."""
MOST_SHOWN = 50
_BATCH = 100
"""Counting a complaint again takes most of a millisecond, and others use the same loop."""
_OPEN = (
    select(col(Complaint.id))
    .where(text("state = 'open'"), col(Complaint.county) == bindparam("county"))
    .order_by(col(Complaint.received_at).desc(), col(Complaint.id))
)
_COMPLAINTS = select(Complaint).where(col(Complaint.id) == any_of("keys"))
_DEADLINES = select(Deadline).where(col(Deadline.complaint_id) == any_of("keys"))


@dataclass(frozen=True, slots=True)
class MovedDeadline:
    complaint: Complaint
    moved: Moved


@dataclass(slots=True)
class Preview:
    open: int
    """Open complaints of the county."""
    looked_at: int = 0
    """The newest so many of them."""
    effect: Effect = field(default_factory=lambda: effect_of([]))
    moved: Mapping[tuple[Stage, str], int] = field(default_factory=Counter)
    """By stage and platform."""
    missed: Mapping[tuple[Stage, str], int] = field(default_factory=Counter)
    first: list[MovedDeadline] = field(default_factory=list)
    """What would be missed at once, then what moves most; MOST_SHOWN of them."""


async def preview(
    database: Database,
    config: ReplyConfig,
    county: str,
    rulebook: Rulebook,
    longest_seconds: float = LONGEST_SECONDS,
) -> Preview:
    """The newest complaints first, as many as there is time for."""
    started = monotonic()
    async with database.reading() as session:
        now = await config.time.now(session)
        ids = list((await session.execute(_OPEN, {"county": county})).scalars())
        seen = Preview(open=len(ids))
        moved, missed = Counter[tuple[Stage, str]](), Counter[tuple[Stage, str]]()
        for first in range(0, len(ids), _BATCH):
            if seen.looked_at and monotonic() - started > longest_seconds:
                break
            complaints = (
                (await session.execute(_COMPLAINTS, {"keys": ids[first : first + _BATCH]}))
                .scalars()
                .all()
            )
            found = await recount_rows(session, rulebook, complaints, now, deadlines=_DEADLINES)
            session.expunge_all()  # nothing of it is ever written
            seen.looked_at += len(complaints)
            seen.effect = add_up(seen.effect, effect_of([each.moved for each in found]))
            for complaint, recounted in zip(complaints, found, strict=True):
                for each in recounted.moved:
                    if each.has_moved:
                        moved[each.stage, complaint.platform] += 1
                        missed[each.stage, complaint.platform] += each.is_missed
                        seen.first.append(MovedDeadline(complaint, each))
            seen.first = sorted(seen.first, key=_most_urgent)[:MOST_SHOWN]
        seen.moved, seen.missed = moved, missed
        return seen


def _most_urgent(one: MovedDeadline) -> tuple[bool, int]:
    return not one.moved.is_missed, -abs(one.moved.seconds)
