"""Drafts that wait for a reviewer: one line for each fault, and the drafts of one fault."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.console.queries.replies import NEVER, ReplyFilters, reply_rows
from services.dispatch.console.queries.tables import complaint, crew, deadline, reply, work_order

_SHOWN = 50
MOST_AT_ONCE = 500
"""So many drafts of one fault are shown, and approved, at once."""


@dataclass(frozen=True, slots=True)
class FaultToReview:
    """The drafts of one work order, or the draft of a complaint that has none."""

    key: str
    """The work order's id, else the complaint's."""
    complaint_id: str
    """The only one, where there is one draft."""
    due_at: datetime
    unverified: bool | None
    """Whether one of its limits has no source; None: it has no limit."""
    drafts: int
    urgent: bool
    returned: bool
    interim: bool
    category: str
    town: str | None
    village: str | None
    crew: str | None
    platforms: Mapping[str, int]
    """How many drafts each platform has."""

    @property
    def has_deadline(self) -> bool:
        return self.due_at < NEVER


@dataclass(frozen=True, slots=True)
class ReviewList:
    lines: tuple[FaultToReview, ...]
    faults: int
    """In all, on every page of the list."""
    drafts: int
    following: tuple[datetime, str] | None
    """The last line's place in the sequence, where more follow."""


_key = func.coalesce(complaint.c.work_order_id, complaint.c.id)
_due_at = func.coalesce(deadline.c.due_at, literal(NEVER))


def _drafts(county: str, filters: ReplyFilters, *columns: Any) -> Select[Any]:
    """Of complaints that dispatch knows: a line is a complaint's, or its work order's."""
    query = reply_rows(county, filters, *columns)
    return query.where(reply.c.state == "draft", complaint.c.id.is_not(None))


async def read_review_list(
    session: AsyncSession,
    county: str,
    filters: ReplyFilters,
    after: tuple[datetime, str] | None = None,
    most: int = _SHOWN,
) -> ReviewList:
    """The next deadline of a reply first."""
    faults = (
        _drafts(
            county,
            filters,
            _key.label("key"),
            func.min(complaint.c.id).label("complaint_id"),
            func.min(_due_at).label("due_at"),
            func.bool_or(deadline.c.unverified).label("unverified"),
            func.count().label("drafts"),
            func.bool_or(complaint.c.urgent).label("urgent"),
            func.bool_or(reply.c.kind == "return").label("returned"),
            func.bool_or(reply.c.kind == "interim").label("interim"),
            func.min(func.coalesce(work_order.c.category, complaint.c.category)).label("category"),
            func.min(func.coalesce(work_order.c.town, complaint.c.town)).label("town"),
            func.min(func.coalesce(work_order.c.village, complaint.c.village)).label("village"),
            func.min(crew.c.name).label("crew"),
        )
        .group_by(_key)
        .subquery()
    )
    in_all = (
        await session.execute(
            select(func.count(), func.coalesce(func.sum(faults.c.drafts), 0)).select_from(faults)
        )
    ).one()
    page = select(faults).order_by(faults.c.due_at, faults.c.key).limit(most + 1)
    if after:
        page = page.where(tuple_(faults.c.due_at, faults.c.key) > after)
    found = (await session.execute(page)).all()
    platforms = await _platforms(session, county, filters, [row.key for row in found])
    lines = [FaultToReview(*[*row, platforms[row.key]]) for row in found[:most]]
    last = lines[-1] if len(found) > most else None
    return ReviewList(
        tuple(lines), in_all[0], int(in_all[1]), (last.due_at, last.key) if last else None
    )


async def _platforms(
    session: AsyncSession, county: str, filters: ReplyFilters, keys: list[str]
) -> Mapping[str, Mapping[str, int]]:
    query = (
        _drafts(county, filters, _key, complaint.c.platform, func.count())
        .where(_key.in_(keys))
        .group_by(_key, complaint.c.platform)
        .order_by(complaint.c.platform)
    )
    found: dict[str, dict[str, int]] = {}
    for key, platform, drafts in await session.execute(query):
        found.setdefault(key, {})[platform] = drafts
    return found


@dataclass(frozen=True, slots=True)
class DraftOfFault:
    complaint_id: str
    version: int
    platform: str
    external_id: str
    town: str | None
    village: str | None
    village_group: str | None
    urgent: bool
    due_at: datetime | None
    unverified: bool | None


async def read_drafts_of_fault(
    session: AsyncSession, county: str, work_order_id: str, filters: ReplyFilters
) -> tuple[DraftOfFault, ...]:
    """At most MOST_AT_ONCE; the next deadline first."""
    query = (
        _drafts(
            county,
            filters,
            complaint.c.id,
            reply.c.version,
            complaint.c.platform,
            complaint.c.external_id,
            complaint.c.town,
            complaint.c.village,
            complaint.c.village_group,
            complaint.c.urgent,
            deadline.c.due_at,
            deadline.c.unverified,
        )
        .where(complaint.c.work_order_id == work_order_id)
        .order_by(_due_at, complaint.c.id)
        .limit(MOST_AT_ONCE)
    )
    return tuple(DraftOfFault(*row) for row in await session.execute(query))
