"""`waterdesk due`: when a time limit ends, for one ticket or a whole file."""

import csv
import io
import json
import re
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated

import typer

from services.reply.calendar_file import SHIPPED, load_calendars
from services.reply.rules.calendar import SHANGHAI, OutsideCalendar, WorkCalendar
from services.reply.rules.limits import due_of
from services.reply.rules.time_limits import Unreadable, read_limit
from shared.yaml_file import FileInvalid

_WHY = {
    Unreadable.EMPTY: "没有写时限 no limit is given",
    Unreadable.NOT_UNDERSTOOD: "看不懂的时限 not understood",
    Unreadable.MORE_THAN_ONE: "不止一个时限 more than one limit",
    Unreadable.NO_UNIT: "没有单位 no unit (working days? days? hours?)",
    Unreadable.FRACTION_OF_A_DAY: "天数须为整数 days are counted whole",
    Unreadable.OUT_OF_RANGE: "超出范围 zero, or more than ten years",
    Unreadable.NO_YEAR: "缺少年份 the year is missing",
    Unreadable.NO_SUCH_DATE: "没有这一天 no such date or time",
}


class _CannotCount(ValueError):
    """A limit that cannot be counted; the text is for the caller."""


def due(
    sent: Annotated[
        str | None,
        typer.Option(
            help="When the ticket was sent, ISO 8601. Without an offset: Shanghai time. A date"
            " alone: the start of that day.",
            show_default=False,
        ),
    ] = None,
    term: Annotated[
        str | None,
        typer.Option(
            help='The limit as printed: "5 working days", "24 hours", "30 minutes", "15 days",'
            ' "4 working hours", "same day", "5个工作日", "24小时", "当日", "2026年11月30日前".',
            show_default=False,
        ),
    ] = None,
    csv_file: Annotated[
        Path | None,
        typer.Option(
            "--csv",
            help="A file with the columns sent,term (UTF-8 or GB18030) instead.",
            show_default=False,
        ),
    ] = None,
    county: Annotated[
        str | None,
        typer.Option(
            help="Six-digit code: count in this county's office hours.", show_default=False
        ),
    ] = None,
    calendar_file: Annotated[
        Path, typer.Option("--calendar", help="Another work calendar (YAML).", show_default=False)
    ] = SHIPPED,
) -> None:
    """计算办理截止时间: one JSON line a ticket: {"sent","term","due","provisional"}.

    Days count from the day after receipt in Shanghai and end with the last day (23:59:59). Working
    days exclude weekends and holidays and include make-up workdays (调休). Hours and minutes run
    round the clock; working hours in office hours only. "provisional" is true where a
    year was counted through whose calendar is not published yet.

    A file is read to its end: rows that cannot be counted are named on stderr with their line, the
    others are printed, and the exit status is 2.

    Example:  waterdesk due --sent 2026-09-28T15:30:00 --term "5 working days"

    Example:  waterdesk due --csv orders.csv
    """
    if county is not None and not re.fullmatch(r"[0-9]{6}", county):
        raise _refusal(f"--county: 不是六位代码 not a six-digit code: {county!r}")
    try:
        calendar = load_calendars(calendar_file).of(county)
    except FileInvalid as invalid:
        raise _refusal(str(invalid)) from None
    if csv_file is not None and sent is None and term is None:
        _count_file(csv_file, calendar)
    elif csv_file is None and sent is not None and term is not None:
        try:
            typer.echo(_line(sent, term, calendar))
        except _CannotCount as cannot:
            raise _refusal(str(cannot)) from None
    else:
        raise _refusal("用 --sent 和 --term，或 --csv: give --sent and --term, or --csv alone")


def _count_file(path: Path, calendar: WorkCalendar) -> None:
    bad_rows = 0
    for line_number, sent, term in _rows(path):
        try:
            sys.stdout.write(_line(sent, term, calendar) + "\n")
        except _CannotCount as cannot:
            bad_rows += 1
            typer.echo(f"waterdesk due: {path.name}, 第 {line_number} 行 line: {cannot}", err=True)
    if bad_rows:
        raise typer.Exit(2)


def _rows(path: Path) -> Iterator[tuple[int, str, str]]:
    """Line number, sent and term of each row that is not blank."""
    try:
        content = path.read_bytes()
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("gb18030")  # Excel in China
        reader = csv.DictReader(io.StringIO(text, newline=""), restval="")
        reader.fieldnames = [name.strip() for name in reader.fieldnames or ()]
        missing = {"sent", "term"} - set(reader.fieldnames)
        if missing:
            names = ", ".join(sorted(missing))
            raise _refusal(f"{path.name}: 缺少列 has no column {names} (columns: sent,term)")
        for row in reader:
            yield reader.line_num, row["sent"], row["term"]
    except OSError as error:
        raise _refusal(f"{path}: 无法读取 cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise _refusal(f"{path.name}: 不是 CSV not a CSV file: {error}") from None


def _line(sent: str, term: str, calendar: WorkCalendar) -> str:
    limit = read_limit(term)
    if isinstance(limit, Unreadable):
        raise _CannotCount(f"term {term!r}: {_WHY[limit]}")
    try:
        result = due_of(limit, _sent_at(sent), calendar)
    except (OutsideCalendar, OverflowError):
        raise _CannotCount(f"sent {sent!r}: 超出日历范围 outside the calendar") from None
    local = result.at.astimezone(SHANGHAI).isoformat()
    counted = {"sent": sent, "term": term, "due": local, "provisional": result.provisional}
    return json.dumps(counted, ensure_ascii=False)


def _sent_at(written: str) -> datetime:
    try:
        at = datetime.fromisoformat(written.strip())
    except ValueError:
        # Excel's form: 2026/9/28 15:30.
        read = read_limit(written)
        if not isinstance(read, date):
            raise _CannotCount(
                f"sent {written!r}: 不是时间 not a time such as 2026-11-23T09:15:00"
            ) from None
        at = read if isinstance(read, datetime) else datetime.combine(read, time(), SHANGHAI)
    return (at if at.tzinfo else at.replace(tzinfo=SHANGHAI)).astimezone(UTC)


def _refusal(why: str) -> typer.Exit:
    typer.echo(f"waterdesk due: {why}", err=True)
    return typer.Exit(2)
