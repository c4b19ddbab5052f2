"""Whether it was solved, and which schemes first, as lists that can be exported."""

from collections.abc import AsyncIterator, Sequence

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
from services.dispatch.console.queries.call_backs import (
    CallBackLine,
    count_call_backs,
    read_call_backs,
)
from services.dispatch.console.queries.filters import Filters
from services.dispatch.console.queries.schemes import RankLine, SchemeFilters, read_ranking
from services.dispatch.rules.call_back_lists import CallBackList
from shared.auth.permissions import Permission
from shared.clock import SHANGHAI


def _which(asked: Asked) -> CallBackList:
    wanted = asked.chosen.get("list", "")
    return CallBackList(wanted) if wanted in set(CallBackList) else CallBackList.TO_CALL


async def _call_backs(asked: Asked) -> AsyncIterator[Sequence[CallBackLine]]:
    which, filters = _which(asked), asked.filters(Filters)
    async for lines in asked.paged(
        lambda session, after: read_call_backs(session, asked.county, which, filters, after, BATCH)
    ):
        yield lines


async def _count_call_backs(asked: Asked) -> int:
    async with asked.database.reading() as session:
        return (await count_call_backs(session, asked.county, asked.filters(Filters)))[
            _which(asked)
        ]


CALL_BACKS: Listing[CallBackLine] = Listing(
    "call-backs",
    "nav.call_backs",
    frozenset({Permission.BOARD_SEE}),
    (
        *TICKET,
        *CATEGORY,
        *PLACE,
        attribute("work_order.crew", "crew"),
        attribute("deadline.due", "due_at"),
        attribute("export.attempts", "tries"),
        attribute("export.answered_at", "answered_at"),
        yes_or_empty("export.satisfied", "satisfied"),
        code("export.rework", "rework_outcome", "outcome"),
        attribute("export.work_order", "rework_number"),
    ),
    _call_backs,
    _count_call_backs,
)


async def _schemes(asked: Asked) -> AsyncIterator[Sequence[RankLine]]:
    today = asked.now.astimezone(SHANGHAI).date()
    filters = asked.filters(SchemeFilters)
    async with asked.database.reading() as session:
        yield await read_ranking(session, asked.county, filters, today, ALL, 0)


def _components(line: RankLine, words: Words) -> str:
    return " · ".join(
        f"{words.code('component', name)} {number}"
        for name, number in line.standing.by_component.items()
    )


SCHEMES: Listing[RankLine] = Listing(
    "schemes",
    "scheme.ranking",
    frozenset({Permission.HOTSPOT_SEE}),
    (
        Column("scheme.rank", lambda line, _: line.standing.rank),
        Column("export.scheme", lambda line, _: line.scheme.name),
        Column("export.kind", lambda line, _: line.scheme.kind),
        Column("export.built_year", lambda line, _: line.scheme.built_year),
        Column("export.people", lambda line, _: line.scheme.people),
        Column("export.expected", lambda line, _: round(line.standing.expected, 2)),
        Column("export.low", lambda line, _: line.standing.low),
        Column("export.high", lambda line, _: line.standing.high),
        Column("export.people_affected", lambda line, _: round(line.standing.people_affected)),
        Column("scheme.past_year", lambda line, _: line.standing.recent_failures),
        Column("scheme.back", lambda line, _: line.standing.times_back),
        Column("export.hours", lambda line, _: round(line.standing.hours_without_water)),
        Column("filter.component", _components),
        Column("scheme.trend", lambda line, words: words.code("trend", line.standing.trend)),
        Column("export.trend_p", lambda line, _: line.standing.trend_p),
        Column("scheme.measure", lambda line, words: words.code("measure", line.standing.measure)),
        Column(
            "case.title",
            lambda line, words: words.code("case_status", line.case.status) if line.case else "",
        ),
    ),
    _schemes,
)
