"""What staff are told, as lists that can be exported: alerts, messages."""

from collections.abc import AsyncIterator, Sequence

from services.dispatch.console.exports.listing import (
    BATCH,
    PLACE,
    Asked,
    Column,
    Listing,
    attribute,
    code,
    yes_or_empty,
)
from services.dispatch.console.queries.alerts import AlertFilters, AlertLine, read_alerts
from services.dispatch.console.queries.messages import (
    MessageFilters,
    MessageLine,
    MessageList,
    read_messages,
)
from shared.auth.permissions import Permission


async def _alerts(asked: Asked) -> AsyncIterator[Sequence[AlertLine]]:
    assert asked.request is not None
    person, filters, after = asked.request.state.person, asked.filters(AlertFilters), None
    while True:
        async with asked.database.reading() as session:
            found = await read_alerts(session, person, filters, after, BATCH)
        yield found.lines
        if found.following is None:
            return
        after = (found.following.due_at, found.following.id)


ALERTS: Listing[AlertLine] = Listing(
    "alerts",
    "alert.title",
    frozenset({Permission.BOARD_SEE}),
    (
        Column("export.work_order", lambda line, _: line.number),
        code("filter.category", "category", "category"),
        yes_or_empty("word.urgent", "urgent"),
        *PLACE[:2],
        attribute("work_order.crew", "crew"),
        code("filter.stage", "stage", "stage"),
        attribute("deadline.due", "due_at"),
        yes_or_empty("due_state.overdue", "is_miss"),
        code("export.level", "level", "level"),
        attribute("report.complaints", "complaints"),
        attribute("export.taken_by", "taken_by"),
        attribute("export.taken_at", "taken_at"),
    ),
    _alerts,
)


async def _messages(asked: Asked) -> AsyncIterator[Sequence[MessageLine]]:
    wanted = asked.chosen.get("list", "")
    which = MessageList(wanted) if wanted in set(MessageList) else MessageList.FAILED
    filters, after = asked.filters(MessageFilters), None
    while True:
        async with asked.database.reading() as session:
            found = await read_messages(session, asked.county, which, filters, after, BATCH)
        yield found.lines
        if found.following is None:
            return
        after = found.following


MESSAGES: Listing[MessageLine] = Listing(
    "messages",
    "message.title",
    frozenset({Permission.MESSAGES_SEE}),
    (
        attribute("message.queued", "queued_at"),
        attribute("message.to", "to"),
        code("filter.way", "way", "way"),
        attribute("export.message_title", "title"),
        attribute("message.words", "body"),
        yes_or_empty("word.urgent", "urgent"),
        attribute("message.work_order", "work_order_number"),
        code("replies.state", "message_state", "state"),
        code("export.why_stuck", "message_why", "why"),
        attribute("export.attempts", "attempts"),
        attribute("export.ended_at", "ended_at"),
    ),
    _messages,
)
