"""`waterdesk calendar`: which days are worked, and which years are published."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import typer

from services.reply.calendar_file import SHIPPED, load_calendars
from services.reply.rules.calendar import FIRST_YEAR, LAST_YEAR
from shared.yaml_file import FileInvalid


def calendar(
    first: Annotated[
        str, typer.Argument(metavar="FROM", help="The first day, YYYY-MM-DD.", show_default=False)
    ],
    last: Annotated[
        str, typer.Argument(metavar="TO", help="The last day, YYYY-MM-DD.", show_default=False)
    ],
    calendar_file: Annotated[
        Path, typer.Option("--calendar", help="Another work calendar (YAML).", show_default=False)
    ] = SHIPPED,
) -> None:
    """工作日历: one JSON line a day: {"date","working","published"}.

    "published" is false in a year whose holidays and make-up workdays (调休) the State Council has
    not announced yet: "working" is then what is known so far.

    Example:  waterdesk calendar 2026-02-14 2026-02-28
    """
    day, end = _day(first, "FROM"), _day(last, "TO")
    if day > end:
        raise _refusal(f"FROM ({first}) 晚于 is after TO ({last})")
    try:
        of = load_calendars(calendar_file).default
    except FileInvalid as invalid:
        raise _refusal(str(invalid)) from None
    while day <= end:
        line = {
            "date": day.isoformat(),
            "working": of.is_working_day(day),
            "published": of.is_published(day.year),
        }
        typer.echo(json.dumps(line))
        day += timedelta(days=1)


def _day(written: str, name: str) -> date:
    try:
        day = date.fromisoformat(written)
    except ValueError:
        raise _refusal(f"{name}: 不是日期 not a date such as 2026-11-23: {written!r}") from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise _refusal(f"{name}: 超出范围 outside the years {FIRST_YEAR} to {LAST_YEAR}: {written}")
    return day


def _refusal(why: str) -> typer.Exit:
    typer.echo(f"waterdesk calendar: {why}", err=True)
    return typer.Exit(2)
