"""`waterdesk calendar`: which days are worked, and a new year's notice."""

import asyncio
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from services.reply.calendar_file import SHIPPED, load_calendars
from services.reply.rules.calendar import FIRST_YEAR, LAST_YEAR
from shared.yaml_file import FileInvalid, read_text


class _DaysByDefault(TyperGroup):
    """`waterdesk calendar FROM TO` is `waterdesk calendar days FROM TO`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] != "--help"):
            args = ["days", *args]
        return super().parse_args(ctx, args)


calendar = typer.Typer(
    cls=_DaysByDefault,
    help="工作日历: which days are worked (FROM TO), and a new year's notice (load FILE).\n\n"
    "Example:  waterdesk calendar 2026-02-14 2026-02-28",
)


@calendar.command("days")
def days(
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
    """One JSON line a day: {"date","working","published"}; `days` can be left out.

    "published" is false in a year whose holidays and make-up workdays (调休) the State Council has
    not announced yet: "working" is then what is known so far.

    Example:  waterdesk calendar days 2026-02-14 2026-02-28
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


@calendar.command("load")
def load(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The notice of one year (YAML).")],
) -> None:
    """录入放假通知: publish a year in every calendar, and count open deadlines again.

    FILE has year, notice (its number), holidays and make_up_workdays, as the calendar file writes
    them. Prints one JSON line a county: how many deadlines moved, and by at most how many seconds.

    Example:  waterdesk calendar load 2027.yaml
    """
    # Reply takes seconds to import, and `waterdesk calendar FROM TO` needs little of it.
    from services.reply.settings import ReplySettings
    from waterdesk.calendar_load import load_notice_file
    from waterdesk.commands.opening import opened_installation

    text, settings = read_text(file), ReplySettings()
    with opened_installation(settings) as installation:
        lines = asyncio.run(load_notice_file(installation, settings, text, file.name))
    for line in lines:
        typer.echo(json.dumps(line, ensure_ascii=False))
    if not lines:
        typer.echo("没有需要重新计算的时限 no open complaint had to be counted again", err=True)


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
