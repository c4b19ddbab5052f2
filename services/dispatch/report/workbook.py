"""The report as an Excel workbook: totals and their definitions, breakdowns, what was late."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from services.dispatch.report.content import BREAKDOWNS, TOTALS, Report, totals_of
from services.dispatch.report.words import heading, title, value_of
from services.dispatch.rules.figures import DEFINITIONS
from shared.clock import SHANGHAI

_LATE_HEADINGS = ("工单号", "渠道", "乡镇", "类别", "队伍", "环节", "应办时间", "办理时间")
Cell = str | int | float | datetime | None


class _Sheet:
    """Writes rows from the top. Text is written as text: nothing in it is a formula."""

    def __init__(self, book: xlsxwriter.Workbook, name: str, widths: Sequence[int]) -> None:
        self._sheet: Worksheet = book.add_worksheet(name)
        self._bold: Format = book.add_format({"bold": True, "bottom": 1})
        self._percent: Format = book.add_format({"num_format": "0.0%"})
        self._time: Format = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        self._row = 0
        for column, width in enumerate(widths):
            self._sheet.set_column(column, column, width)

    def heading(self, cells: Iterable[str]) -> None:
        for column, text in enumerate(cells):
            self._sheet.write_string(self._row, column, text, self._bold)
        self._row += 1
        self._sheet.freeze_panes(self._row, 0)

    def row(self, cells: Iterable[Cell]) -> None:
        """A float is a share, shown in percent; a time is shown as Shanghai's."""
        for column, cell in enumerate(cells):
            match cell:
                case str():
                    self._sheet.write_string(self._row, column, cell)
                case datetime():
                    local = cell.astimezone(SHANGHAI).replace(tzinfo=None)
                    self._sheet.write_datetime(self._row, column, local, self._time)
                case float():
                    self._sheet.write_number(self._row, column, cell, self._percent)
                case int():
                    self._sheet.write_number(self._row, column, cell)
                case None:
                    self._sheet.write_blank(self._row, column, None)
        self._row += 1


def write_workbook(report: Report, to: Path | BytesIO) -> None:
    """Raises OSError where `to` cannot be written."""
    try:
        with xlsxwriter.Workbook(to) as book:
            _write_totals(book, report)
            for name in BREAKDOWNS:
                _write_breakdown(book, report, name)
            _write_late(book, report)
    except xlsxwriter.exceptions.FileCreateError as error:
        raise OSError(str(error)) from error


def _write_totals(book: xlsxwriter.Workbook, report: Report) -> None:
    sheet = _Sheet(book, "总表", (16, 14, 60))
    sheet.row([f"{report.since:%Y年%m月%d日} 至 {report.until:%Y年%m月%d日}"])
    sheet.row(["统计时间", report.made_at])
    sheet.heading(("指标", "数值", "口径"))
    figures = totals_of(report.total)
    for name in TOTALS:
        sheet.row([heading(name), figures[name], DEFINITIONS[name][0]])


def _write_breakdown(book: xlsxwriter.Workbook, report: Report, name: str) -> None:
    sheet = _Sheet(book, title(name), (18, *[12] * len(TOTALS)))
    sheet.heading((title(name), *(heading(total) for total in TOTALS)))
    for value, figures in report.by[name]:
        totals = totals_of(figures)
        sheet.row([value_of(name, value), *(totals[total] for total in TOTALS)])


def _write_late(book: xlsxwriter.Workbook, report: Report) -> None:
    sheet = _Sheet(book, "逾期清单", (24, 14, 12, 12, 16, 12, 18, 18))
    sheet.heading(_LATE_HEADINGS)
    for line in report.late:
        sheet.row(
            [
                line.external_id,
                value_of("platform", line.platform),
                value_of("town", line.town),
                value_of("category", line.category),
                value_of("crew", line.crew),
                value_of("stage", line.stage),
                line.due_at,
                line.met_at,
            ]
        )
