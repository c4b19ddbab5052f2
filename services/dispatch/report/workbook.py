"""The report as an Excel workbook: totals and their definitions, breakdowns with charts, what was
late and why."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from services.dispatch.report.content import (
    BREAKDOWNS,
    RATES,
    TOTALS,
    LateStage,
    Report,
    totals_of,
)
from services.dispatch.report.words import compared_period, heading, title, too_few, value_of
from services.dispatch.rules.comparison import Line, compare
from services.dispatch.rules.figures import DEFINITIONS, Figures
from shared.clock import SHANGHAI

_LATE_HEADINGS = (
    *("工单号", "渠道", "乡镇", "类别", "队伍"),
    *("环节", "应办时间", "办理时间", "逾期原因"),
)
_CAUSES = "逾期原因"
_A4 = 9
_COLUMNS_OF_A_PAGE = 14
_ROWS_OF_A_CHART = 16
_FILLS: Sequence[dict[str, object]] = (
    {"fill": {"color": "#0B5A7D"}},
    {"pattern": {"pattern": "wide_upward_diagonal", "fg_color": "#0B5A7D", "bg_color": "#FFFFFF"}},
)
"""Of this period and of the earlier one: printed without colour they still differ."""


@dataclass(frozen=True, slots=True)
class Points:
    """A difference of two shares."""

    share: float


Cell = str | int | float | datetime | Points | None


class _Sheet:
    """Writes rows from the top. Text is written as text: nothing in it is a formula."""

    def __init__(self, book: xlsxwriter.Workbook, name: str, widths: Sequence[int]) -> None:
        self._book, self._name = book, name
        self._sheet: Worksheet = book.add_worksheet(name)
        self._sheet.set_landscape()
        self._sheet.set_paper(_A4)
        self._sheet.repeat_columns(0)
        if len(widths) <= _COLUMNS_OF_A_PAGE:
            self._sheet.fit_to_pages(1, 0)
        self._bold: Format = book.add_format({"bold": True, "bottom": 1})
        self._percent: Format = book.add_format({"num_format": "0.0%"})
        self._points: Format = book.add_format({"num_format": '+0.0"个百分点";-0.0"个百分点"'})
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
                case Points():
                    self._sheet.write_number(self._row, column, cell.share * 100, self._points)
                case float():
                    self._sheet.write_number(self._row, column, cell, self._percent)
                case int():
                    self._sheet.write_number(self._row, column, cell)
                case None:
                    self._sheet.write_blank(self._row, column, None)
        self._row += 1

    def chart(self, kind: str, name: str, columns: Sequence[int], place: int = 0) -> None:
        """Of the rows below the heading, each column a series; `place` counts charts downwards,
        below the rows."""
        if self._row < 2:
            return
        chart = self._book.add_chart({"type": kind})
        for number, column in enumerate(columns):
            chart.add_series(
                {
                    "name": [self._name, 0, column],
                    "categories": [self._name, 1, 0, self._row - 1, 0],
                    "values": [self._name, 1, column, self._row - 1, column],
                    **_looks(kind, number),
                }
            )
        chart.set_title({"name": name, "name_font": {"size": 12}})
        chart.set_legend({"position": "bottom"} if len(columns) > 1 else {"none": True})
        chart.set_size({"width": 640, "height": max(300, 24 * self._row if kind == "bar" else 0)})
        if kind == "bar":  # its values lie on the x axis
            chart.set_x_axis({"min": 0})
            chart.set_y_axis({"reverse": True})
        else:
            chart.set_y_axis(
                {"min": 0, **({"max": 1, "num_format": "0%"} if kind == "line" else {})}
            )
        row = self._row + 1 + _ROWS_OF_A_CHART * place
        self._sheet.insert_chart(row, 0, chart, {"description": name})


def _looks(kind: str, number: int) -> dict[str, object]:
    if kind != "line":
        return {**_FILLS[number], "border": {"color": "#0B5A7D"}}
    line = {"color": "#0B5A7D", "dash_type": "dash" if number else "solid"}
    return {"line": line, "marker": {"type": "square" if number else "circle"}}


def write_workbook(report: Report, to: Path | BytesIO) -> None:
    """Raises OSError where `to` cannot be written."""
    try:
        with xlsxwriter.Workbook(to) as book:
            _write_totals(book, report)
            for name in BREAKDOWNS:
                _write_breakdown(book, report, name)
            _write_causes(book, report)
            _write_late(book, report.late)
    except xlsxwriter.exceptions.FileCreateError as error:
        raise OSError(str(error)) from error


def _write_totals(book: xlsxwriter.Workbook, report: Report) -> None:
    sheet = _Sheet(book, "总表", (16, 14, *((14, 16, 12) if report.earlier else ()), 60))
    sheet.row([f"{report.since:%Y年%m月%d日} 至 {report.until:%Y年%m月%d日}"])
    sheet.row(["统计时间", report.made_at])
    sheet.row(["官方分类", report.code_system])
    if report.earlier is None:
        sheet.heading(("指标", "数值", "口径"))
    else:
        sheet.row(["对比期", compared_period(report.earlier)])
        sheet.heading(("指标", "数值", "对比期", "增减", "增减百分比", "口径"))
    figures = totals_of(report.total)
    for name in TOTALS:
        cells: list[Cell] = [heading(name), figures[name]]
        if report.earlier:
            cells += _earlier_cells(name, report.total, report.earlier.total)
            cells.append(compare(name, report.total, report.earlier.total).change)
        sheet.row([*cells, DEFINITIONS[name][0]])


def _write_breakdown(book: xlsxwriter.Workbook, report: Report, name: str) -> None:
    each = 3 if report.earlier else 1
    sheet = _Sheet(book, title(name), (18, *[12] * each * len(TOTALS)))
    headings = [title(name)]
    for total in TOTALS:
        headings.append(heading(total))
        if report.earlier:
            headings += [f"{heading(total)}（对比期）", f"{heading(total)}（增减）"]
    sheet.heading(headings)
    for line in report.lines(name):
        sheet.row([value_of(name, line.value or line.earlier_value), *_cells(line)])
    columns = (1, 2) if report.earlier else (1,)
    if name == "month":
        sheet.chart("column", heading("complaints"), columns)
        for place, rate in enumerate(RATES, 1):
            first = 1 + TOTALS.index(rate) * each
            sheet.chart("line", heading(rate), [first, first + 1][:each], place)
    else:
        sheet.chart("bar", heading("complaints"), columns)


def _cells(line: Line) -> Sequence[Cell]:
    cells: list[Cell] = []
    for name, value in totals_of(line.figures).items():
        cells.append(value)
        if line.earlier:
            cells += _earlier_cells(name, line.figures, line.earlier)
    return cells


def _earlier_cells(name: str, now: Figures, earlier: Figures) -> Sequence[Cell]:
    """The value before and the difference."""
    both = compare(name, now, earlier)
    if name not in RATES:
        return [both.earlier, both.difference]
    return [both.earlier, too_few() if both.difference is None else Points(both.difference)]


def _write_causes(book: xlsxwriter.Workbook, report: Report) -> None:
    sheet = _Sheet(book, _CAUSES, (24, 12))
    sheet.heading((_CAUSES, heading("late")))
    for cause, complaints in report.late_by_cause:
        sheet.row([value_of("missed_cause", cause), complaints])
    sheet.chart("bar", _CAUSES, (1,))


def _write_late(book: xlsxwriter.Workbook, late: Sequence[LateStage]) -> None:
    sheet = _Sheet(book, "逾期清单", (24, 14, 12, 12, 16, 12, 18, 18, 16))
    sheet.heading(_LATE_HEADINGS)
    for line in late:
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
                value_of("missed_cause", line.cause),
            ]
        )
