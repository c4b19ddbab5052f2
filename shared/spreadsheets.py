"""Files that people made in a spreadsheet: Excel and CSV, and cells that are no formulas."""

import codecs
import csv
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

_PIECE = 1024 * 1024
_BEGIN_A_FORMULA = frozenset("=+-@\t\r\n＝＋－＠")
_EXCEL = (".xlsx", ".xls", ".xlsm", ".ods")


class CannotRead(ValueError):
    """A file that cannot be read; the text is for the caller."""


def encoding_of(path: Path) -> str:
    """UTF-8 (with or without BOM) or GB18030, whichever the whole file can be read in.

    Raises CannotRead for neither, and for a file with zero bytes.
    """
    for encoding in ("utf-8-sig", "gb18030"):
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            with path.open("rb") as file:
                while piece := file.read(_PIECE):
                    if b"\0" in piece:
                        raise CannotRead(f"不是 CSV 文件 not a CSV file: {path}")
                    decoder.decode(piece)
                decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding
    raise CannotRead(f"既不是 UTF-8 也不是 GB18030 neither UTF-8 nor GB18030: {path}")


def not_a_formula(cell: str) -> str:
    """An apostrophe stands before what a spreadsheet would execute, full-width signs as well:
    https://owasp.org/www-community/attacks/CSV_Injection"""
    first = cell.lstrip(" ")[:1]
    return f"'{cell}" if first and first in _BEGIN_A_FORMULA else cell


def rows_of(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not empty, with its number as a spreadsheet shows it: of a CSV file, or of
    the first sheet of an Excel file. Days are written 2026-11-28. Raises CannotRead, OSError."""
    is_excel = path.suffix.lower() in _EXCEL
    for number, row in _excel_rows(path) if is_excel else _csv_rows(path):
        cells = [_written(cell).strip() for cell in row]
        if any(cells):
            yield number, cells


def _csv_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    with path.open(encoding=encoding_of(path), newline="") as file:
        reader = csv.reader(file)
        try:
            for row in reader:
                yield reader.line_num, row
        except csv.Error as error:
            raise CannotRead(f"第 {reader.line_num} 行 line: {error}: {path}") from None


def _excel_rows(path: Path) -> Iterator[tuple[int, list[object]]]:
    from python_calamine import CalamineError, CalamineWorkbook

    with path.open("rb") as file:
        try:
            sheet = CalamineWorkbook.from_filelike(file).get_sheet_by_index(0)
        except CalamineError as error:
            raise CannotRead(f"不是 Excel 文件 not an Excel file: {error}: {path}") from None
        first = sheet.start[0] if sheet.start else 0
        yield from enumerate(sheet.to_python(), start=first + 1)


def _written(cell: object) -> str:
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ") if cell.time().isoformat() != "00:00:00" else _day(cell)
    if isinstance(cell, date):
        return _day(cell)
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell)


def _day(day: date) -> str:
    return day.strftime("%Y-%m-%d")
