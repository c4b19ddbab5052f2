"""The figures of a period: each opens the list of its complaints, and all go into a file."""

import asyncio
from datetime import date
from io import BytesIO
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from services.dispatch.complaint_facts import complaint_facts
from services.dispatch.console.rendering import page, words_of
from services.dispatch.console.report_pictures import pictures
from services.dispatch.console.report_selection import selection, two_days
from services.dispatch.console.session import allowed
from services.dispatch.handlers.official_codes import read_systems
from services.dispatch.report.content import (
    BREAKDOWNS,
    SELECTIONS,
    TOTALS,
    Report,
    make_report,
    totals_of,
)
from services.dispatch.report.content import period as instants
from services.dispatch.rules.comparison import (
    FEWEST,
    compare,
    this_month_and_a_year_ago,
    this_month_and_last,
)
from services.dispatch.rules.figures import DEFINITIONS, ComplaintFact
from services.dispatch.rules.official_codes import LONGEST, STANDARD
from shared.auth.permissions import Permission
from shared.auth.tokens import Person
from shared.clock import SHANGHAI
from shared.db import Database, DatabaseHere
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
    return two_days(since, until, _today(database))


def _earlier(
    compare_from: Annotated[str, Query(max_length=10)] = "",
    compare_to: Annotated[str, Query(max_length=10)] = "",
) -> tuple[date, date] | None:
    """The period to compare with; one day alone is no period. Raises Problem 422."""
    if not (compare_from or compare_to):
        return None
    # One that is missing is not guessed.
    return two_days(compare_from or "?", compare_to or "?", date.min)


def _today(database: Database) -> date:
    return database.clock.now().astimezone(SHANGHAI).date()


Period = Annotated[tuple[date, date], Depends(_period)]
CodeSystem = Annotated[str, Query(alias="codes", min_length=1, max_length=LONGEST)]
Earlier = Annotated[tuple[date, date] | None, Depends(_earlier)]


@router.get("")
async def figures(
    request: Request,
    person: Reader,
    period: Period,
    earlier: Earlier,
    database: DatabaseHere,
    codes: CodeSystem = STANDARD,
) -> Response:
    report = await _report(database, person.county, period, earlier, codes)
    async with database.reading() as session:
        systems = await read_systems(session, person.county)
    today = _today(database)
    return page(
        request,
        "report.html",
        report=report,
        totals=TOTALS,
        totals_of=totals_of,
        breakdowns=BREAKDOWNS,
        definitions=DEFINITIONS,
        selections=SELECTIONS,
        compare=compare,
        fewest=FEWEST,
        systems=systems,
        pictures=pictures(report, words_of(request)),
        presets={
            "last_month": this_month_and_last(today),
            "a_year_ago": this_month_and_a_year_ago(today),
        },
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
    codes: CodeSystem = STANDARD,
) -> Response:
    """What one figure counts: of the whole period, or of one line of a breakdown."""
    is_counted = selection(figure, kind, value)
    facts = await _facts(database, person.county, period, codes)
    counted = [fact for fact in facts if is_counted(fact)]
    first = (number - 1) * _PAGE
    return page(
        request,
        "report_complaints.html",
        period=period,
        figure=figure,
        kind=kind,
        value=value,
        number=number,
        codes=codes,
        pages=max(1, -(-len(counted) // _PAGE)),
        count=len(counted),
        found=counted[first : first + _PAGE],
    )


@router.get("/file")
async def file(
    person: Reader,
    period: Period,
    earlier: Earlier,
    database: DatabaseHere,
    form: Literal["xlsx", "docx"],
    codes: CodeSystem = STANDARD,
) -> Response:
    report = await _report(database, person.county, period, earlier, codes)
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


async def _report(
    database: Database,
    county: str,
    period: tuple[date, date],
    earlier: tuple[date, date] | None,
    codes: str,
) -> Report:
    before = await _report(database, county, earlier, None, codes) if earlier else None
    facts = await _facts(database, county, period, codes)
    return make_report(facts, county, *period, database.clock.now(), before, codes)


async def _facts(
    database: Database, county: str, period: tuple[date, date], codes: str
) -> list[ComplaintFact]:
    async with database.reading() as session:
        return list(await complaint_facts(session, county, *instants(*period), codes))
