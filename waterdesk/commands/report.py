"""`waterdesk report`: the figures of a period, as they are handed up."""

import asyncio
import json
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from services.dispatch.complaint_facts import complaint_facts
from services.dispatch.report.content import Report, as_json, make_report, period
from services.intake.settings import IntakeSettings
from waterdesk.commands.opening import opened_database, opened_installation
from waterdesk.installation import Installation

_FIRST_YEAR, _LAST_YEAR = 2000, 2100
_FORMS = (".json", ".xlsx", ".docx")


def report(
    since: Annotated[str, typer.Option("--from", help="The first day, 2026-01-01.")],
    until: Annotated[str, typer.Option("--to", help="The last day, 2026-12-31.")],
    out: Annotated[Path, typer.Option(help="FILE.xlsx, FILE.docx or FILE.json.")],
    county: Annotated[
        str | None, typer.Option(help="Six-digit code; default: WATERDESK_COUNTY.")
    ] = None,
) -> None:
    """统计报表: complaints received in a period by month, town, channel, crew and kind, with the
    response, resolve and reply rates and the list of what was late.

    Example:  waterdesk report --from 2026-01-01 --to 2026-12-31 --out 2026.xlsx
    """
    first, last = _day("--from", since), _day("--to", until)
    if last < first:
        raise typer.BadParameter("--to: 早于 --from before --from")
    if out.suffix.lower() not in _FORMS:
        raise typer.BadParameter(f"--out: 须以 {' '.join(_FORMS)} 结尾 must end in one of these")
    if not out.parent.is_dir():
        raise typer.BadParameter(f"--out: 没有此文件夹 no such folder: {out.parent}")
    settings = IntakeSettings()
    with opened_installation(settings) as installation:
        made = asyncio.run(_make(installation, county or settings.county, first, last))
    try:
        _write(made, out)
    except OSError as error:
        raise typer.BadParameter(f"--out: 无法写入 cannot be written: {error}") from None
    typer.echo(f"{made.total.complaints} 件诉求 complaints: {out}")


def _day(option: str, written: str) -> date:
    try:
        day = date.fromisoformat(written)
    except ValueError:
        raise typer.BadParameter(
            f"{option}: 不是日期 not a day such as 2026-11-20: {written!r}"
        ) from None
    if not _FIRST_YEAR <= day.year < _LAST_YEAR:
        raise typer.BadParameter(
            f"{option}: 超出范围 outside the years {_FIRST_YEAR} to {_LAST_YEAR}: {written!r}"
        )
    return day


async def _make(installation: Installation, county: str, since: date, until: date) -> Report:
    async with opened_database(installation, "dispatch") as database:
        async with database.reading() as session:
            facts = await complaint_facts(session, county, *period(since, until))
        return make_report(facts, county, since, until, database.clock.now())


def _write(made: Report, out: Path) -> None:
    match out.suffix.lower():
        case ".json":
            text = json.dumps(as_json(made), ensure_ascii=False, indent=2)
            out.write_text(text + "\n", encoding="utf-8")
        case ".xlsx":
            from services.dispatch.report.workbook import write_workbook

            write_workbook(made, out)
        case _:
            from services.dispatch.report.document import write_document

            write_document(made, out)
