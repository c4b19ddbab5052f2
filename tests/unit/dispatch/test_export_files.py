"""Exported files read back: every text as it was, no formula anywhere."""

import csv
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from services.dispatch.console.exports.files import XlsxFile, harmless, open_file

FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1",
    "  =1",
    '=HYPERLINK("x")',
]
cells = st.one_of(
    st.text(max_size=30),
    st.builds(str.__add__, st.sampled_from([*"=+-@\t\r\n ＝"]), st.text(max_size=10)),
    st.sampled_from(FORMULAS),
)


@pytest.mark.parametrize("text", FORMULAS)
def test_what_begins_a_formula_gets_an_apostrophe(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["三里镇", "a=b", "2026-11", "", " ", "（+1）"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text


@given(rows=st.lists(st.tuples(cells, cells), min_size=1, max_size=8))
@settings(max_examples=20)
def test_no_cell_is_a_formula_when_it_is_read_back(rows: list[tuple[str, str]]) -> None:
    with TemporaryDirectory() as folder:
        for form in ("csv", "xlsx"):
            path = Path(folder) / form
            file = open_file(form, path, ["=1", "b"])
            file.add(rows)
            file.close()
        with (Path(folder) / "csv").open(encoding="utf-8-sig", newline="") as read:
            from_csv = [tuple(row) for row in csv.reader(read)]
        book = CalamineWorkbook.from_path(str(Path(folder) / "xlsx"))
        from_xlsx = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
        with ZipFile(Path(folder) / "xlsx") as parts:
            assert b"<f>" not in parts.read("xl/worksheets/sheet1.xml")
    written = [("'=1", "b"), *((harmless(one), harmless(other)) for one, other in rows)]
    assert from_csv == written
    for read_row, row in zip(from_xlsx, written, strict=False):
        for shown, text in zip(read_row, row, strict=True):
            assert str(shown).replace("\r\n", "\n") == text.replace("\r\n", "\n")
    first_cells = [str(row[0]) for row in from_csv] + [str(row[0]) for row in from_xlsx]
    assert not any(one.lstrip(" ").startswith((*"=+-@\t\r",)) for one in first_cells)


def test_csv_begins_with_a_byte_order_mark_and_times_are_shanghais(tmp_path: Path) -> None:
    file = open_file("csv", tmp_path / "a", ["何时"])
    file.add([[datetime(2026, 11, 27, 16, 30, tzinfo=UTC)], [-3]])
    file.close()
    content = (tmp_path / "a").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.decode("utf-8-sig").split() == ["何时", "2026-11-28", "00:30", "-3"]


def test_a_cell_is_no_longer_than_excel_keeps(tmp_path: Path) -> None:
    file = XlsxFile(tmp_path / "a", ["text"])
    file.add([["长" * 40_000]])
    file.close()
    (_, row) = CalamineWorkbook.from_path(str(tmp_path / "a")).get_sheet_by_index(0).to_python()
    assert len(str(row[0])) == 32_000
