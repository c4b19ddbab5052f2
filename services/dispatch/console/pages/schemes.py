"""Which schemes first and why, and one scheme's own page."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Literal, NamedTuple

from fastapi import APIRouter, Depends, Form, Query, Request, Response

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
from services.dispatch.console.queries.staff import read_display_names, read_staff
from services.dispatch.console.rendering import go_to, page, words_of
from services.dispatch.console.session import allowed
from services.dispatch.handlers.scheme_cases import (
    CaseChanged,
    UnknownOwner,
    UnknownScheme,
    decide_about_scheme,
)
from services.dispatch.models.scheme_case import CaseStatus, Decided
from services.dispatch.rules.case_effect import Effect, effect_of
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
    today = database.clock.now().astimezone(SHANGHAI).date()
    async with database.reading() as session:
        total = await count_schemes(session, person.county, filters, today)
        lines = await read_ranking(session, person.county, filters, today, _LINES + 1, after)
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
        today=today,
    )


@router.get("/{scheme_id}")
async def scheme_page(
    request: Request, scheme_id: str, person: Seer, database: DatabaseHere
) -> Response:
    now = database.clock.now()
    since = now - timedelta(days=365 * _YEARS_SHOWN)
    async with database.reading() as session:
        found = await read_scheme(session, person.county, scheme_id, since)
        people = await read_staff(session, person.county)
        names = await read_display_names(session, person.county)
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
        statuses=tuple(status.value for status in CaseStatus),
        effects=_effects(found, now),
        owners={line.name: names[line.name] for line in people},
        names=names,
        today=now.astimezone(SHANGHAI).date(),
    )


@router.post("/{scheme_id}/case")
async def decide(
    request: Request,
    scheme_id: str,
    person: Annotated[Person, allowed(Permission.HOTSPOT_DECIDE)],
    database: DatabaseHere,
    status: Annotated[CaseStatus | None, Form()] = None,
    owner: Annotated[str, Form(max_length=100)] = "",
    due_on: Annotated[date | Literal[""] | None, Form()] = None,
    note: Annotated[str, Form(max_length=1000)] = "",
    version: Annotated[int, Form(ge=0)] = 0,
) -> Response:
    """Open a case, change or end the open one; `version` as it was when the page was made."""
    note = note.strip()
    if status is None:
        raise Problem(422, "no_status", both("case.choose"))
    if not note:
        raise Problem(422, "no_note", both("case.wants_note"))
    decided = Decided(status, owner, due_on or None, note)
    now = database.clock.now()
    try:
        async with database.work() as (session, _):
            await decide_about_scheme(
                session, person.county, scheme_id, decided, version, person.name, now
            )
    except UnknownScheme:
        raise Problem(404, "unknown_scheme", both("scheme.unknown")) from None
    except UnknownOwner:
        raise Problem(422, "unknown_owner", both("case.unknown_owner")) from None
    except CaseChanged:
        raise Problem(409, "case_changed", both("case.changed")) from None
    return go_to(request, f"/schemes/{scheme_id}?done=case_saved#cases")


def _effects(found: SchemePage, now: datetime) -> Mapping[str, Effect]:
    """Of each case that was done, by its id: whether failures fell."""
    failed_at = [incident.failed_at for incident in found.incidents]
    return {
        case.id: effect_of(failed_at, case.opened_at, case.ended_at, now)
        for case, _ in found.cases
        if case.status == CaseStatus.DONE and case.ended_at is not None
    }


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
