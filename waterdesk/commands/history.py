"""`waterdesk history`: failures of past years, from an office's spreadsheet."""

import asyncio
import getpass
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.county_file import DEMO_COUNTY, read_county
from services.dispatch.handlers.county_import import import_county
from services.dispatch.handlers.history_import import UnknownImport, imports_of, take_in, undo
from services.dispatch.history_file import HistoryFile, read_history, read_table
from services.dispatch.models import HistoryImport, Scheme
from services.dispatch.settings import DispatchSettings
from shared.clock import SHANGHAI
from shared.db import Database
from shared.spreadsheets import CannotRead
from shared.sql import table_of
from waterdesk.commands.opening import opened_database, opened_installation

history = typer.Typer(help="历史台账: failures of past years.", no_args_is_help=True)

_BAD_ROWS_SAID = 20
_IMPORT_ID = re.compile(r"h-[0-9a-f]{28}")
_County = Annotated[
    str | None, typer.Option(help="Six-digit code; default: the county of the county file.")
]
T = TypeVar("T")


@history.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Excel or CSV, one row a failure.")],
    county: _County = None,
    yes: Annotated[bool, typer.Option("--yes", help="Take it in; without: a preview.")] = False,
) -> None:
    """导入历史故障: what the columns are taken for, how many rows a year, which cannot be read.

    Needed are scheme (工程), component (部位) and day (故障日期); repaired_on, village, complaints,
    number and note are taken where they are there. Rows told before change nothing.

    Example:  waterdesk history import 台账.xlsx --yes
    """
    try:
        table = read_table(file)
    except CannotRead as cannot:
        raise _refusal(str(cannot)) from None
    except OSError as error:
        raise _refusal(f"打不开文件 cannot open: {error.filename}: {error.strerror}") from None
    settings = DispatchSettings()
    described = read_county(settings.county_file or DEMO_COUNTY)
    code = county or described.code

    async def work(database: Database) -> tuple[HistoryFile, HistoryImport | None]:
        now = database.clock.now()
        async with database.work() as (session, _):
            await import_county(session, described)
            schemes = await _schemes(session, code)
            found = read_history(table, schemes, now.astimezone(SHANGHAI).date())
            taken = None
            if yes:
                who = getpass.getuser()
                taken = await take_in(session, code, file.name, found.rows, who, now)
        return found, taken

    found, taken = _with_database(settings, work)
    _say(found)
    if taken is None:
        typer.echo("仅预览，未导入 a preview; to take it in: --yes")
    else:
        typer.echo(f"{taken.id}: 新增 {taken.failures} 条 new failures")


@history.command("list")
def list_imports(county: _County = None) -> None:
    """已导入的文件: each import with its id, day, file, and how many failures it brought.

    Example:  waterdesk history list
    """
    settings = DispatchSettings()
    for taken in _with_database(settings, _read(imports_of, _code(county, settings))):
        undone = " 已撤销 undone" if taken.undone_at else ""
        day = taken.imported_at.astimezone(SHANGHAI).date()
        typer.echo(f"{taken.id}\t{day}\t{taken.file_name}\t{taken.failures}{undone}")


@history.command("undo")
def undo_import(
    import_id: Annotated[str, typer.Argument(metavar="ID")], county: _County = None
) -> None:
    """撤销一次导入: what it brought is taken out again.

    Example:  waterdesk history undo h-0193a1b2c3d4e5f60718293a4b5c
    """
    if not _IMPORT_ID.fullmatch(import_id):
        raise _refusal(f"不是导入编号 no id of an import: {import_id}")
    settings = DispatchSettings()

    async def work(database: Database) -> HistoryImport:
        async with database.work() as (session, _):
            code = _code(county, settings)
            return await undo(session, code, import_id, database.clock.now())

    try:
        taken = _with_database(settings, work)
    except UnknownImport:
        raise _refusal(f"没有可撤销的导入 no import to undo: {import_id}") from None
    typer.echo(f"已撤销 {taken.failures} 条 failures taken out")


def _code(county: str | None, settings: DispatchSettings) -> str:
    return county or read_county(settings.county_file or DEMO_COUNTY).code


def _read(
    query: Callable[[AsyncSession, str], Awaitable[T]], county: str
) -> Callable[[Database], Awaitable[T]]:
    async def work(database: Database) -> T:
        async with database.reading() as session:
            return await query(session, county)

    return work


def _with_database(settings: DispatchSettings, work: Callable[[Database], Awaitable[T]]) -> T:
    async def run() -> T:
        await installation.migrate(("dispatch",))
        async with opened_database(installation, "dispatch") as database:
            return await work(database)

    with opened_installation(settings) as installation:
        return asyncio.run(run())


async def _schemes(session: AsyncSession, county: str) -> dict[str, str]:
    table = table_of(Scheme)
    found = await session.execute(select(table.c.id, table.c.name).where(table.c.county == county))
    return dict(found.tuples().all())


def _say(found: HistoryFile) -> None:
    for name, written in found.columns.items():
        typer.echo(f"{name} ← {written}")
    for year, rows in sorted(Counter(row.failed_on.year for row in found.rows).items()):
        typer.echo(f"{year}: {rows}")
    for bad in found.bad[:_BAD_ROWS_SAID]:
        typer.echo(f"第 {bad.row} 行 row: {bad.why}", err=True)
    if len(found.bad) > _BAD_ROWS_SAID:
        more = len(found.bad) - _BAD_ROWS_SAID
        typer.echo(f"… 还有 {more} 行读不了 and {more} more cannot be read", err=True)
    typer.echo(f"{len(found.rows)} 行可用 rows can be used, {len(found.bad)} 行不可用 cannot")


def _refusal(message: str) -> typer.Exit:
    typer.echo(f"waterdesk history: {message}", err=True)
    return typer.Exit(2)
