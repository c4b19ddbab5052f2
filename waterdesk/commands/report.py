"""`waterdesk report`: the figures of a period, as they are handed up."""

import asyncio
import json
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from services.dispatch.complaint_facts import complaint_facts
from services.dispatch.report.content import Report, as_json, make_report, period
from services.dispatch.rules.official_codes import STANDARD
from services.intake.settings import IntakeSettings
from waterdesk.commands.opening import opened_database, opened_installation
from waterdesk.installation import Installation

_FIRST_YEAR, _LAST_YEAR = 2000, 2100
_FORMS = (".json", ".xlsx", ".docx")


def report(
    since: Annotated[str, typer.Option("--from", help="The first day, 2026-01-01.")],
    until: Annotated[str, typer.Option("--to", help="The last day, 2026-12-31.")],
    out: Annotated[Path, typer.Option(help="FILE.xlsx, FILE.docx or FILE.json.")],
    compare_from: Annotated[
        str | None, typer.Option(help="The first day of a period to compare with.")
    ] = None,
    compare_to: Annotated[str | None, typer.Option(help="Its last day.")] = None,
    codes: Annotated[
        str, typer.Option(help="The standard of the official classes, as at /codes.")
    ] = STANDARD,
    county: Annotated[
        str | None, typer.Option(help="Six-digit code; default: WATERDESK_COUNTY.")
    ] = None,
) -> None:
    """统计报表: complaints received in a period by month, town, channel, crew and kind, with the
    response, resolve and reply rates and the list of what was late; beside them, where asked for,
    those of another period.

    Example:  waterdesk report --from 2026-01-01 --to 2026-12-31 --out 2026.xlsx
    """
    days = _period("--from", since, "--to", until)
    earlier = None
    if compare_from is not None and compare_to is not None:
        earlier = _period("--compare-from", compare_from, "--compare-to", compare_to)
    elif compare_from is not None or compare_to is not None:
        raise typer.BadParameter("--compare-from --compare-to: 须同时给出 only both together")
    if out.suffix.lower() not in _FORMS:
        raise typer.BadParameter(f"--out: 须以 {' '.join(_FORMS)} 结尾 must end in one of these")
    if not out.parent.is_dir():
        raise typer.BadParameter(f"--out: 没有此文件夹 no such folder: {out.parent}")
    settings = IntakeSettings()
    with opened_installation(settings) as installation:
        made = asyncio.run(_make(installation, county or settings.county, days, earlier, codes))
    try:
        _write(made, out)
    except OSError as error:
        raise typer.BadParameter(f"--out: 无法写入 cannot be written: {error}") from None
    typer.echo(f"{made.total.complaints} 件诉求 complaints: {out}")


def _period(first: str, since: str, last: str, until: str) -> tuple[date, date]:
    days = _day(first, since), _day(last, until)
    if days[1] < days[0]:
        raise typer.BadParameter(f"{last}: 早于 {first} before {first}")
    return days


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


async def _make(
    installation: Installation,
    county: str,
    days: tuple[date, date],
    earlier: tuple[date, date] | None,
    codes: str,
) -> Report:
    async with opened_database(installation, "dispatch") as database:

        async def of(days: tuple[date, date], before: Report | None) -> Report:
            async with database.reading() as session:
                facts = await complaint_facts(session, county, *period(*days), codes)
            return make_report(facts, county, *days, database.clock.now(), before, codes)

        return await of(days, await of(earlier, None) if earlier else None)


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
