"""What is known of the county, as lists that can be exported: hotspots, staff, what a search finds,
the complaints behind a figure of the report."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from services.dispatch.complaint_facts import complaint_facts, count_complaints
from services.dispatch.console.exports.listing import (
    ALL,
    CATEGORY,
    PLACE,
    TICKET,
    Asked,
    Column,
    Listing,
    attribute,
    code,
)
from services.dispatch.console.language import Words
from services.dispatch.console.queries.hotspots import HotspotLine, read_hotspots
from services.dispatch.console.queries.search import find
from services.dispatch.console.queries.staff import StaffLine, read_staff
from services.dispatch.console.report_selection import selection, two_days
from services.dispatch.models import Complaint, WorkOrder
from services.dispatch.report.content import period
from services.dispatch.rules.figures import ComplaintFact
from services.dispatch.rules.official_codes import STANDARD
from shared.auth.permissions import Permission
from shared.clock import SHANGHAI

_SEERS = frozenset({Permission.HOTSPOT_SEE})
_AT_ONCE = timedelta(days=1)


async def _hotspots(asked: Asked) -> AsyncIterator[Sequence[HotspotLine]]:
    async with asked.database.reading() as session:
        yield await read_hotspots(
            session, asked.county, ALL, unseen=asked.chosen.get("unseen") == "true"
        )


HOTSPOTS: Listing[HotspotLine] = Listing(
    "hotspots",
    "nav.hotspots",
    _SEERS,
    (
        Column("export.scheme", lambda line, _: line.scheme.name),
        Column("export.kind", lambda line, _: line.scheme.kind),
        Column(
            "export.component", lambda line, words: words.code("component", line.hotspot.component)
        ),
        Column("export.failures", lambda line, _: line.hotspot.failures),
        Column("export.first_failure", lambda line, _: line.hotspot.first_at),
        Column("export.last_failure", lambda line, _: line.hotspot.last_at),
        attribute("report.complaints", "complaints"),
        Column("export.seen_at", lambda line, _: line.hotspot.seen_at),
    ),
    _hotspots,
)


async def _staff(asked: Asked) -> AsyncIterator[Sequence[StaffLine]]:
    async with asked.database.reading() as session:
        yield await read_staff(session, asked.county)


STAFF: Listing[StaffLine] = Listing(
    "staff",
    "nav.staff",
    frozenset({Permission.STAFF_MANAGE}),
    (
        attribute("sign_in.name", "name"),
        code("staff.role", "role", "role"),
        attribute("work_order.crew", "crew"),
        code("sign_in.password", "password_state", "password"),
    ),
    _staff,
)


async def _search(asked: Asked) -> AsyncIterator[Sequence[Any]]:
    """Work orders, then complaints, as the page has them."""
    async with asked.database.reading() as session:
        wanted = asked.chosen.get("q", "").strip()
        found = await find(session, asked.county, wanted, asked.now, ALL)
    yield [*found.work_orders, *found.complaints]


_KINDS: Mapping[type[Any], str] = {WorkOrder: "work_order_state", Complaint: "complaint_state"}


def _of(found: WorkOrder | Complaint, name: str) -> Any:
    """None where only the other kind has it."""
    return getattr(found, name, None)


SEARCH: Listing[Any] = Listing(
    "search",
    "search.title",
    frozenset({Permission.BOARD_SEE}),
    (
        Column("export.work_order", lambda found, _: _of(found, "number")),
        Column(
            "filter.platform", lambda found, words: words.code("platform", _of(found, "platform"))
        ),
        Column("export.ticket", lambda found, _: _of(found, "external_id")),
        *CATEGORY,
        *PLACE,
        Column("search.received", lambda found, _: _of(found, "received_at")),
        Column("waiting.state", lambda found, words: words.code(_KINDS[type(found)], found.state)),
    ),
    _search,
)


async def _complaints(asked: Asked) -> AsyncIterator[Sequence[ComplaintFact]]:
    """A day at a time: the rows of one are put together in one go."""
    is_counted = _selection(asked)
    first, before = period(*_days(asked))
    codes = asked.chosen.get("codes") or STANDARD
    while first < before:
        until = min(first + _AT_ONCE, before)
        async with asked.database.reading() as session:
            facts = await complaint_facts(session, asked.county, first, until, codes)
        yield [fact for fact in facts if is_counted(fact)]
        first = until


async def _count_complaints(asked: Asked) -> int:
    """At most so many: all complaints of the period, whatever figure is looked at."""
    async with asked.database.reading() as session:
        return await count_complaints(session, asked.county, *period(*_days(asked)))


def _days(asked: Asked) -> tuple[date, date]:
    today = asked.now.astimezone(SHANGHAI).date()
    return two_days(asked.chosen.get("from", ""), asked.chosen.get("to", ""), today)


def _selection(asked: Asked) -> Callable[[ComplaintFact], bool]:
    chosen = asked.chosen
    figure = chosen.get("figure", "complaints")
    return selection(figure, chosen.get("kind", ""), chosen.get("value", ""))


def _stages(fact: ComplaintFact, words: Words) -> str:
    return " · ".join(
        f"{words.code('stage', stage.stage)} {words(f'report.{stage.result}')}"
        for stage in fact.stages
    )


def _causes(fact: ComplaintFact, words: Words) -> str:
    causes = sorted({stage.cause for stage in fact.stages if stage.cause})
    return " · ".join(words.code("missed_cause", cause) for cause in causes)


COMPLAINTS: Listing[ComplaintFact] = Listing(
    "complaints",
    "report.list_complaints",
    _SEERS,
    (
        *TICKET,
        CATEGORY[0],
        attribute("report.town", "town"),
        attribute("report.crew", "crew"),
        attribute("report.month", "month"),
        attribute("report.chased", "chases"),
        Column("report.stages", _stages),
        Column("cause.which", _causes),
    ),
    _complaints,
    _count_complaints,
)
