"""CSV and Excel files, written row by row in constant memory, in which no cell is a formula."""

import csv
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

import xlsxwriter

from services.dispatch.console.exports.listing import Cell
from shared.clock import SHANGHAI
from shared.spreadsheets import not_a_formula

Form = Literal["csv", "xlsx"]
MEDIA_TYPES: dict[Form, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_TIME = "%Y-%m-%d %H:%M"
_LONGEST = 32_000
"""Excel keeps 32,767 characters of a cell."""
_ROWS_OF_A_SHEET = 1_000_000
"""Excel shows 1,048,576."""
_NOT_PRINTED = dict.fromkeys((*range(0x09), *range(0x0B, 0x0D), *range(0x0E, 0x20)), " ")


def harmless(text: str) -> str:
    """Text that no spreadsheet program takes for a formula. Control characters, which Excel
    refuses, become spaces."""
    return not_a_formula(text.translate(_NOT_PRINTED)[:_LONGEST])


class ExportFile(Protocol):
    def add(self, rows: Iterable[Sequence[Cell]]) -> None: ...

    def close(self) -> None: ...


def open_file(form: Form, path: Path, headings: Sequence[str]) -> ExportFile:
    """With its headings written."""
    return CsvFile(path, headings) if form == "csv" else XlsxFile(path, headings)


class CsvFile:
    """With a byte order mark, by which Excel knows that it is UTF-8."""

    def __init__(self, path: Path, headings: Sequence[str]) -> None:
        self._file = path.open("w", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._file)
        self._writer.writerow(map(harmless, headings))

    def add(self, rows: Iterable[Sequence[Cell]]) -> None:
        self._writer.writerows([_in_csv(cell) for cell in row] for row in rows)

    def close(self) -> None:
        self._file.close()


def _in_csv(cell: Cell) -> str | int | float | None:
    match cell:
        case str():
            return harmless(cell)
        case datetime():
            return cell.astimezone(SHANGHAI).strftime(_TIME)
    return cell


class XlsxFile:
    """XlsxWriter writes each row away when the next one begins. A list of more than a million rows
    goes on in another sheet."""

    def __init__(self, path: Path, headings: Sequence[str]) -> None:
        self._book = xlsxwriter.Workbook(path, {"constant_memory": True})
        self._bold = self._book.add_format({"bold": True, "bottom": 1})
        self._time = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        self._headings = headings
        self._begin_a_sheet()

    def _begin_a_sheet(self) -> None:
        self._sheet = self._book.add_worksheet()
        self._sheet.set_column(0, len(self._headings) - 1, 16)
        for column, heading in enumerate(self._headings):
            self._sheet.write_string(0, column, harmless(heading), self._bold)
        self._sheet.freeze_panes(1, 0)
        self._row = 1

    def add(self, rows: Iterable[Sequence[Cell]]) -> None:
        for row in rows:
            if self._row > _ROWS_OF_A_SHEET:
                self._begin_a_sheet()
            for column, cell in enumerate(row):
                self._write(column, cell)
            self._row += 1

    def _write(self, column: int, cell: Cell) -> None:
        match cell:
            case str():
                self._sheet.write_string(self._row, column, harmless(cell))
            case datetime():
                local = cell.astimezone(SHANGHAI).replace(tzinfo=None)
                self._sheet.write_datetime(self._row, column, local, self._time)
            case bool():
                self._sheet.write_boolean(self._row, column, cell)
            case int() | float():
                self._sheet.write_number(self._row, column, cell)

    def close(self) -> None:
        self._book.close()
