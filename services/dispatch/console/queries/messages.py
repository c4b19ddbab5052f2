"""Messages to staff: each is in exactly one list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, Select, and_, case, func, literal, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.console.platform_health import Platform
from services.dispatch.console.queries.filters import COUNTED, Choice
from services.dispatch.console.queries.tables import staff, staff_message, way_health, work_order
from services.dispatch.rules.staff_messages import Way

LINES = 50


class MessageList(StrEnum):
    """The values are message keys."""

    FAILED = "failed"
    """Nobody told the person, or nobody knows: a person decides."""
    WAITING = "waiting"
    SENT = "sent"
    REPLACED = "replaced"
    """It failed, and the person was told by another way, or by somebody."""


_following = staff_message.alias("following")
_goes_another_way = (
    select(literal(1))
    .where(
        _following.c.instead_of == staff_message.c.id,
        _following.c.way != Way.CONSOLE.value,
    )
    .exists()
)
_has_failed = staff_message.c.state.in_(("failed", "gave_up"))
_is_dealt_with = or_(_goes_another_way, staff_message.c.told_otherwise_by.is_not(None))
IN_LIST: Mapping[MessageList, Any] = {
    MessageList.FAILED: and_(_has_failed, ~_is_dealt_with),
    MessageList.WAITING: staff_message.c.state.in_(("queued", "sending")),
    MessageList.SENT: staff_message.c.state == "sent",
    MessageList.REPLACED: and_(_has_failed, _is_dealt_with),
}


@dataclass(frozen=True, slots=True)
class MessageFilters:
    """Empty: everything of the county. The names are those in the address of the page."""

    way: Choice = ""
    person: Choice = ""

    @property
    def chosen(self) -> Mapping[str, str]:
        return {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name)}


@dataclass(frozen=True, slots=True)
class MessageLine:
    id: str
    way: str
    state: str
    title: str
    body: str
    urgent: bool
    queued_at: datetime
    next_attempt_at: datetime | None
    ended_at: datetime | None
    attempts: int
    why: str | None
    provider_code: str | None
    told_otherwise_by: str | None
    to: str
    """By the name people know."""
    work_order_id: str | None
    work_order_number: str | None


@dataclass(frozen=True, slots=True)
class MessagePage:
    lines: Sequence[MessageLine]
    following: tuple[datetime, str] | None
    """Where this page ends."""


async def read_messages(
    session: AsyncSession,
    county: str,
    which: MessageList,
    filters: MessageFilters,
    after: tuple[datetime, str] | None = None,
    most: int = LINES,
) -> MessagePage:
    """The newest first."""
    key = tuple_(staff_message.c.queued_at, staff_message.c.id)
    query = (
        _only(
            select(
                *(staff_message.c[name] for name in _OWN),
                case(
                    (staff.c.display_name != "", staff.c.display_name),
                    else_=staff_message.c.sign_in_name,
                ),
                staff_message.c.work_order_id,
                work_order.c.number,
            ),
            county,
            filters,
        )
        .outerjoin(staff, staff.c.sign_in_name == staff_message.c.sign_in_name)
        .outerjoin(work_order, work_order.c.id == staff_message.c.work_order_id)
        .where(IN_LIST[which])
        .order_by(staff_message.c.queued_at.desc(), staff_message.c.id.desc())
        .limit(most + 1)
    )
    if after:
        query = query.where(key < after)
    lines = [MessageLine(*row) for row in await session.execute(query)]
    last = lines[most - 1] if len(lines) > most else None
    return MessagePage(lines[:most], (last.queued_at, last.id) if last else None)


_OWN = tuple(field.name for field in fields(MessageLine))[:-3]


async def count_messages(
    session: AsyncSession, county: str, filters: MessageFilters
) -> Mapping[MessageList, int]:
    """How many lines each list has, COUNTED at most."""
    counts = {}
    for which, condition in IN_LIST.items():
        some = _only(select(literal(1)), county, filters).where(condition).limit(COUNTED)
        found = await session.scalar(select(func.count()).select_from(some.subquery()))
        counts[which] = found or 0
    return counts


async def count_failed(session: AsyncSession, county: str) -> int:
    """Those that a person must decide about."""
    some = _only(select(literal(1)), county, MessageFilters())
    some = some.where(IN_LIST[MessageList.FAILED]).limit(COUNTED)
    return await session.scalar(select(func.count()).select_from(some.subquery())) or 0


async def read_ways(
    session: AsyncSession, county: str, ways: Sequence[Way]
) -> tuple[Platform, ...]:
    """How each way answers, with the county's messages that wait for it: as platforms are shown."""
    found = await session.execute(select(*(way_health.c[name] for name in ("way", *_HEALTH))))
    health = {row.way: row for row in found}
    counted = await session.execute(
        select(staff_message.c.way, func.count(), func.min(staff_message.c.queued_at))
        .where(staff_message.c.county == county, IN_LIST[MessageList.WAITING])
        .group_by(staff_message.c.way)
    )
    waiting = {way: (number, since) for way, number, since in counted}
    return tuple(
        _way(way, health.get(way.value), *waiting.get(way.value, (0, None))) for way in sorted(ways)
    )


_HEALTH = ("last_success_at", "last_failure_at", "failure", "unavailable_since")


def _way(way: Way, health: Row[Any] | None, waiting: int, since: datetime | None) -> Platform:
    return Platform(
        platform=way.value,
        last_success_at=health.last_success_at if health else None,
        last_failure_at=health.last_failure_at if health else None,
        failure=health.failure if health else None,
        unavailable_since=health.unavailable_since if health else None,
        waiting=waiting,
        waiting_since=since,
    )


def _only(query: Select[Any], county: str, filters: MessageFilters) -> Select[Any]:
    query = query.select_from(staff_message).where(staff_message.c.county == county)
    if filters.way:
        query = query.where(staff_message.c.way == filters.way)
    if filters.person:
        query = query.where(staff_message.c.sign_in_name == filters.person)
    return query
