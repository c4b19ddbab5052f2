"""What is to be done, as lists that can be exported: due, replies, work orders, waiting, review."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from services.dispatch.console.exports.listing import (
    ALL,
    BATCH,
    CATEGORY,
    PLACE,
    TICKET,
    Asked,
    Column,
    Listing,
    attribute,
    code,
    yes_or_empty,
)
from services.dispatch.console.language import Words
from services.dispatch.console.queries import due, replies
from services.dispatch.console.queries.complaints import WaitingComplaint, read_waiting
from services.dispatch.console.queries.filters import Filters
from services.dispatch.console.queries.replies import ReplyFilters, ReplyLine
from services.dispatch.console.queries.review import FaultToReview, read_review_list
from services.dispatch.console.queries.work_order_lines import (
    WorkFilters,
    WorkOrderLine,
    read_open_work_orders,
)
from services.dispatch.rules.reply_lists import ReplyList
from shared.auth.permissions import Permission

_BOARD = frozenset({Permission.BOARD_SEE})
_REVIEW = frozenset({Permission.REPLY_WRITE, Permission.REPLY_APPROVE})


async def _due(asked: Asked) -> AsyncIterator[Sequence[due.DueLine]]:
    query = due.due_lines(asked.county, asked.filters(due.DueFilters), asked.now, ALL)
    async for rows in asked.streamed(query):
        yield [due.DueLine(*row) for row in rows]


async def _count_due(asked: Asked) -> int:
    filters = asked.filters(due.DueFilters)
    async with asked.database.reading() as session:
        return (await due.count_due(session, asked.county, filters, asked.now)).of(filters.due)


DUE: Listing[due.DueLine] = Listing(
    "due",
    "due.title",
    _BOARD,
    (
        attribute("export.work_order", "work_order_number"),
        *TICKET,
        *CATEGORY,
        *PLACE,
        code("filter.stage", "stage", "stage"),
        attribute("deadline.due", "due_at"),
        code("waiting.state", "deadline_state", "state"),
        attribute("report.complaints", "together"),
        attribute("due_state.overdue", "overdue"),
        attribute("work_order.crew", "crew"),
        attribute("report.chased", "chases"),
        code("cause.which", "missed_cause", "given_cause"),
        attribute("cause.note", "cause_note"),
        yes_or_empty("deadline.provisional", "provisional"),
        yes_or_empty("deadline.unverified", "unverified"),
    ),
    _due,
    _count_due,
)


def _which_replies(asked: Asked) -> ReplyList:
    wanted = asked.chosen.get("list", "")
    return ReplyList(wanted) if wanted in set(ReplyList) else ReplyList.QUEUED


async def _replies(asked: Asked) -> AsyncIterator[Sequence[ReplyLine]]:
    which, filters = _which_replies(asked), asked.filters(ReplyFilters)
    async for lines in asked.paged(
        lambda session, after: replies.read_replies(
            session, asked.county, which, filters, after, BATCH
        )
    ):
        yield lines


async def _count_replies(asked: Asked) -> int:
    async with asked.database.reading() as session:
        counts = await replies.count_replies(session, asked.county, asked.filters(ReplyFilters))
    return counts[_which_replies(asked)]


REPLIES: Listing[ReplyLine] = Listing(
    "replies",
    "nav.replies",
    _BOARD,
    (
        *TICKET,
        *CATEGORY,
        *PLACE,
        attribute("work_order.crew", "crew"),
        attribute("deadline.due", "due_at"),
        code("replies.state", "reply_state", "state"),
        attribute("export.version", "version"),
        code("export.reply_kind", "reply_kind", "kind"),
        attribute("replies.drafted", "drafted_at"),
        code("export.why_waiting", "why_waiting", "why_waiting"),
        attribute("replies.next_try", "next_try_at"),
        code("export.why_stuck", "why_stuck", "why_stuck"),
        attribute("export.stuck_at", "stuck_at"),
        attribute("export.delivered_at", "delivered_at"),
        attribute("reply.receipt", "receipt"),
        code("export.told_by", "told_by", "told_by"),
    ),
    _replies,
    _count_replies,
)


async def _work_orders(asked: Asked) -> AsyncIterator[Sequence[WorkOrderLine]]:
    filters, after = asked.filters(WorkFilters), None
    while True:
        async with asked.database.reading() as session:
            found = await read_open_work_orders(session, asked.county, filters, BATCH, after)
        yield found.lines
        if not found.has_more:
            return
        after = (found.lines[-1].opened_at, found.lines[-1].id)


async def _count_work_orders(asked: Asked) -> int:
    async with asked.database.reading() as session:
        found = await read_open_work_orders(session, asked.county, asked.filters(WorkFilters), 1)
    return found.total


WORK_ORDERS: Listing[WorkOrderLine] = Listing(
    "work-orders",
    "board.work_orders",
    _BOARD,
    (
        Column("export.work_order", lambda line, _: line.number or line.id),
        code("waiting.state", "work_order_state", "state"),
        *CATEGORY,
        code("export.component", "component", "component"),
        *PLACE,
        attribute("export.scheme", "scheme"),
        attribute("work_order.crew", "crew"),
        attribute("report.complaints", "complaints"),
        attribute("report.chased", "chases"),
        attribute("work_order.opened", "opened_at"),
        attribute("deadline.due", "due_at"),
        yes_or_empty("deadline.unverified", "unverified"),
    ),
    _work_orders,
    _count_work_orders,
)


async def _waiting(asked: Asked) -> AsyncIterator[Sequence[WaitingComplaint]]:
    async with asked.database.reading() as session:
        yield await read_waiting(session, asked.county, asked.filters(Filters), ALL)


def _of_complaint(column: Column[Any]) -> Column[Any]:
    return replace(column, value=lambda line, words: column.value(line.complaint, words))


WAITING: Listing[WaitingComplaint] = Listing(
    "waiting",
    "nav.waiting",
    _BOARD,
    (
        *map(_of_complaint, (*TICKET, *CATEGORY, *PLACE)),
        _of_complaint(code("waiting.state", "complaint_state", "state")),
        _of_complaint(attribute("search.received", "received_at")),
        attribute("deadline.due", "due_at"),
        yes_or_empty("deadline.unverified", "unverified"),
    ),
    _waiting,
)


async def _review(asked: Asked) -> AsyncIterator[Sequence[FaultToReview]]:
    filters = asked.filters(ReplyFilters)
    async for lines in asked.paged(
        lambda session, after: read_review_list(session, asked.county, filters, after, BATCH)
    ):
        yield lines


async def _count_review(asked: Asked) -> int:
    async with asked.database.reading() as session:
        return (await read_review_list(session, asked.county, asked.filters(ReplyFilters))).faults


def _by_platform(platforms: Mapping[str, int], words: Words) -> str:
    return " · ".join(
        f"{words.code('platform', one)} {drafts}" for one, drafts in platforms.items()
    )


REVIEW: Listing[FaultToReview] = Listing(
    "review",
    "nav.review",
    _REVIEW,
    (
        attribute("export.work_order", "key"),
        *CATEGORY,
        *PLACE[:2],
        attribute("work_order.crew", "crew"),
        Column("deadline.due", lambda line, _: line.due_at if line.has_deadline else None),
        attribute("review.complaints", "drafts"),
        Column("filter.platform", lambda line, words: _by_platform(line.platforms, words)),
        yes_or_empty("reply_kind.return", "returned"),
        yes_or_empty("reply_kind.interim", "interim"),
        yes_or_empty("deadline.unverified", "unverified"),
    ),
    _review,
    _count_review,
)
