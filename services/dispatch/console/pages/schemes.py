"""Which schemes first and why, and one scheme's own page."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends, Query, Request, Response

from services.dispatch.console.charts import Picture, Series, columns
from services.dispatch.console.language import Words, both
from services.dispatch.console.queries.board import read_towns
from services.dispatch.console.queries.schemes import (
    SchemeFilters,
    SchemePage,
    count_schemes,
    read_kinds,
    read_ranking,
    read_run,
    read_scheme,
)
from services.dispatch.console.rendering import page, words_of
from services.dispatch.console.session import allowed
from services.dispatch.rules.measures import DESIGN_LIFE_YEARS, Measure
from shared.auth.permissions import Permission
from shared.auth.tokens import Person
from shared.clock import SHANGHAI
from shared.db import DatabaseHere
from shared.problems import Problem
from shared.routes import Route
from shared.vocabulary import Component

router = APIRouter(prefix="/schemes", route_class=Route)

Seer = Annotated[Person, allowed(Permission.HOTSPOT_SEE)]
TRENDS = ("worsening", "improving", "steady", "too_few")
_LINES = 30
_MONTHS = 12
_YEARS_SHOWN = 5


@router.get("")
async def ranking_page(
    request: Request,
    person: Seer,
    database: DatabaseHere,
    filters: Annotated[SchemeFilters, Depends()],
    after: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    """`after`: the last rank of the page before."""
    async with database.reading() as session:
        total = await count_schemes(session, person.county, filters)
        lines = await read_ranking(session, person.county, filters, _LINES + 1, after)
        run = await read_run(session, person.county)
        towns = await read_towns(session, person.county)
        kinds = await read_kinds(session, person.county)
    return page(
        request,
        "schemes.html",
        filters=filters,
        total=total,
        lines=lines[:_LINES],
        following=lines[_LINES - 1].standing.rank if len(lines) > _LINES else None,
        continued=after > 0,
        run=run,
        towns=towns,
        kinds=kinds,
        components=tuple(component.value for component in Component),
        trends=TRENDS,
        measures=tuple(measure.value for measure in Measure),
    )


@router.get("/{scheme_id}")
async def scheme_page(
    request: Request, scheme_id: str, person: Seer, database: DatabaseHere
) -> Response:
    now = database.clock.now()
    since = now - timedelta(days=365 * _YEARS_SHOWN)
    async with database.reading() as session:
        found = await read_scheme(session, person.county, scheme_id, since)
    if found is None:
        raise Problem(404, "unknown_scheme", both("scheme.unknown"))
    return page(
        request,
        "scheme.html",
        found=found,
        scheme=found.scheme,
        standing=found.standing,
        months=(months := _by_month(found, now)),
        picture=columns(_picture(months, words_of(request))),
        years=_YEARS_SHOWN,
        design_life=DESIGN_LIFE_YEARS,
    )


class Month(NamedTuple):
    name: str
    """2026-11."""
    failures: int
    complaints: int


def _by_month(found: SchemePage, now: datetime) -> Sequence[Month]:
    """The last twelve months with this one; a complaint counts in its failure's month."""
    today = now.astimezone(SHANGHAI)
    this = today.year * 12 + today.month - 1
    names = [f"{month // 12}-{month % 12 + 1:02}" for month in range(this - _MONTHS + 1, this + 1)]
    failures, complaints = Counter[str](), Counter[str]()
    for incident in found.incidents:
        name = incident.failed_at.astimezone(SHANGHAI).strftime("%Y-%m")
        failures[name] += 1
        complaints[name] += incident.complaints
    return [Month(name, failures[name], complaints[name]) for name in names]


def _picture(months: Sequence[Month], words: Words) -> Picture:
    return Picture(
        id="by-month",
        title=words("scheme.by_month"),
        description=words("scheme.by_month_about", number=sum(each.failures for each in months)),
        labels=[each.name for each in months],
        series=(
            Series(words("scheme.incidents"), [each.failures for each in months]),
            Series(words("scheme.complaints"), [each.complaints for each in months]),
        ),
    )
