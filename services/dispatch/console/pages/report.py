"""The figures of a period: each opens the list of its complaints, and all go into a file."""

import asyncio
from datetime import date
from io import BytesIO
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from services.dispatch.complaint_facts import complaint_facts
from services.dispatch.console.language import both
from services.dispatch.console.rendering import page
from services.dispatch.console.session import allowed
from services.dispatch.report.content import (
    BREAKDOWNS,
    SELECTIONS,
    TOTALS,
    Report,
    make_report,
    totals_of,
)
from services.dispatch.report.content import period as instants
from services.dispatch.rules.figures import DEFINITIONS, ComplaintFact
from shared.auth.permissions import Permission
from shared.auth.tokens import Person
from shared.clock import SHANGHAI
from shared.db import DatabaseHere
from shared.problems import Problem
from shared.routes import Route

router = APIRouter(prefix="/report", route_class=Route)

Reader = Annotated[Person, allowed(Permission.HOTSPOT_SEE)]
_PAGE = 50


def _period(
    database: DatabaseHere,
    since: Annotated[str, Query(alias="from", max_length=10)] = "",
    until: Annotated[str, Query(alias="to", max_length=10)] = "",
) -> tuple[date, date]:
    """The days asked for; else this month so far. Raises Problem 422."""
    today = database.clock.now().astimezone(SHANGHAI).date()
    try:
        first = date.fromisoformat(since) if since else today.replace(day=1)
        last = date.fromisoformat(until) if until else max(today, first)
    except ValueError:
        raise Problem(422, "invalid_request", both("report.no_such_day")) from None
    if not date(2000, 1, 1) <= first <= last < date(2100, 1, 1):
        raise Problem(422, "invalid_request", both("report.no_such_period"))
    return first, last


Period = Annotated[tuple[date, date], Depends(_period)]


@router.get("")
async def figures(
    request: Request, person: Reader, period: Period, database: DatabaseHere
) -> Response:
    report = await _report(database, person.county, period)
    return page(
        request,
        "report.html",
        report=report,
        totals=TOTALS,
        totals_of=totals_of,
        breakdowns=BREAKDOWNS,
        definitions=DEFINITIONS,
        selections=SELECTIONS,
    )


@router.get("/complaints")
async def complaints(
    request: Request,
    person: Reader,
    period: Period,
    database: DatabaseHere,
    figure: str = "complaints",
    kind: str = "",
    value: Annotated[str, Query(max_length=100)] = "",
    number: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1,
) -> Response:
    """What one figure counts: of the whole period, or of one line of a breakdown."""
    if figure not in SELECTIONS or (kind and kind not in BREAKDOWNS):
        raise Problem(404, "unknown_figure", both("report.no_such_figure"))
    counted = [
        fact
        for fact in await _facts(database, person.county, period)
        if SELECTIONS[figure](fact) and (not kind or BREAKDOWNS[kind](fact) == value)
    ]
    first = (number - 1) * _PAGE
    return page(
        request,
        "report_complaints.html",
        period=period,
        figure=figure,
        kind=kind,
        value=value,
        number=number,
        pages=max(1, -(-len(counted) // _PAGE)),
        count=len(counted),
        found=counted[first : first + _PAGE],
    )


@router.get("/file")
async def file(
    person: Reader, period: Period, database: DatabaseHere, form: Literal["xlsx", "docx"]
) -> Response:
    report = await _report(database, person.county, period)
    content = await asyncio.to_thread(_content, report, form)
    name = f"{period[0]}_{period[1]}.{form}"
    disposition = f'attachment; filename="{name}"'
    return Response(content, media_type=_TYPES[form], headers={"Content-Disposition": disposition})


_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


def _content(report: Report, form: str) -> bytes:
    # Here: what writes the files is 20 MB that few processes ever need.
    from services.dispatch.report.document import write_document
    from services.dispatch.report.workbook import write_workbook

    written = BytesIO()
    (write_workbook if form == "xlsx" else write_document)(report, written)
    return written.getvalue()


async def _report(database: DatabaseHere, county: str, period: tuple[date, date]) -> Report:
    facts = await _facts(database, county, period)
    return make_report(facts, county, *period, database.clock.now())


async def _facts(
    database: DatabaseHere, county: str, period: tuple[date, date]
) -> list[ComplaintFact]:
    async with database.reading() as session:
        return list(await complaint_facts(session, county, *instants(*period)))
