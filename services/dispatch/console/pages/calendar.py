"""The work calendar: a year readable at a glance, local closures, and a new year's notice."""

from datetime import date
from itertools import groupby
from typing import Annotated, Any

import yaml
from fastapi import APIRouter, Form, Query, Request, Response

from services.dispatch.console.pages.rulebook import (
    composed,
    must_read,
    read_rulebook,
    show_preview,
)
from services.dispatch.console.queries.staff import read_display_names
from services.dispatch.console.rendering import page, words_of
from services.dispatch.console.rulebook_forms import closures_with, lines_of, notice_of
from services.dispatch.console.session import allowed
from shared.auth.permissions import Permission
from shared.auth.tokens import Person
from shared.clock import SHANGHAI
from shared.db import DatabaseHere
from shared.routes import Route

router = APIRouter(prefix="/calendar", route_class=Route)

Editor = Annotated[Person, allowed(Permission.POLICY_EDIT)]
_FIRST_YEAR, _LAST_YEAR = 2004, 2100


@router.get("")
async def calendar_page(
    request: Request,
    person: Annotated[Person, allowed(Permission.POLICY_SEE)],
    database: DatabaseHere,
    year: Annotated[int | None, Query(ge=_FIRST_YEAR, le=_LAST_YEAR)] = None,
) -> Response:
    year = year or database.clock.now().astimezone(SHANGHAI).year
    rulebook = await read_rulebook(request, "calendar")
    shown = rulebook and await must_read(request, f"/rulebook/calendar/years/{year}")
    async with database.reading() as session:
        names = await read_display_names(session, person.county)
    return page(
        request,
        "calendar.html",
        rulebook=rulebook,
        names=names,
        year=year,
        years=(_FIRST_YEAR, _LAST_YEAR),
        shown=shown,
        months=_months(shown["days"]) if shown else (),
        closures=_closures(rulebook, person.county) if rulebook else (),
    )


@router.post("/notice")
async def notice(request: Request, _: Editor) -> Response:
    """A year's notice from the form, previewed."""
    form = {name: str(value) for name, value in (await request.form()).items()}
    typed = notice_of(form)
    body = {"notice": yaml.safe_dump(typed, allow_unicode=True, sort_keys=False)}
    made = await composed(request, "/rulebook/calendar/notice", body)
    note = words_of(request)("calendar.notice_note", year=typed["year"], notice=typed["notice"])
    return await show_preview(
        request, "calendar", content=made["content"], based_on=made["based_on"], note=note[:200]
    )


@router.post("/closures")
async def add_closure(request: Request, person: Editor) -> Response:
    form = {name: str(value) for name, value in (await request.form()).items()}
    newest = await must_read(request, "/rulebook/calendar")
    closures = closures_with(_closures(newest, person.county), form)
    return await _with_county(request, person, newest, {"closures": closures}, form["reason"])


@router.post("/closures/remove")
async def remove_closure(
    request: Request, person: Editor, index: Annotated[int, Form(ge=0)]
) -> Response:
    newest = await must_read(request, "/rulebook/calendar")
    closures = _closures(newest, person.county)
    left = [each for number, each in enumerate(closures) if number != index]
    note = words_of(request)("calendar.closure_removed")
    return await _with_county(request, person, newest, {"closures": left}, note)


@router.post("/office-hours")
async def office_hours(
    request: Request, person: Editor, hours: Annotated[str, Form(max_length=100)]
) -> Response:
    newest = await must_read(request, "/rulebook/calendar")
    note = words_of(request)("calendar.hours_changed")
    return await _with_county(request, person, newest, {"office_hours": lines_of(hours)}, note)


async def _with_county(
    request: Request, person: Person, newest: Any, changed: dict[str, Any], note: str
) -> Response:
    """The calendar with these fields of the county changed, previewed."""
    is_there = person.county in newest["parsed"]["counties"]
    changes = (
        [
            {"path": ["counties", person.county, name], "value": value}
            for name, value in changed.items()
        ]
        if is_there
        else [{"path": ["counties", person.county], "value": changed}]
    )
    made = await composed(request, "/rulebook/calendar/compose", {"changes": changes})
    return await show_preview(
        request, "calendar", content=made["content"], based_on=made["based_on"], note=note[:200]
    )


def _closures(rulebook: Any, county: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (
        rulebook["parsed"]["counties"].get(county, {}).get("closures") or []
    )
    return found


def _months(days: list[dict[str, Any]]) -> list[tuple[int, list[list[dict[str, Any] | None]]]]:
    """Weeks from Monday to Sunday; None where a month has no such day."""
    for each in days:
        each["day"] = date.fromisoformat(each["date"])
    months = []
    for month, in_month in groupby(days, key=lambda each: each["day"].month):
        listed: list[dict[str, Any] | None] = list(in_month)
        first = listed[0]
        assert first is not None
        padded = [None] * first["day"].weekday() + listed
        padded += [None] * (-len(padded) % 7)
        months.append((month, [padded[n : n + 7] for n in range(0, len(padded), 7)]))
    return months
