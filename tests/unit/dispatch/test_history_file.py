"""Past failures from an office's spreadsheet: columns guessed, bad rows explained."""

import csv
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter

from services.dispatch.history_file import HistoryFile, PastRow, read_history, read_table
from shared.spreadsheets import CannotRead

SCHEMES = {"s-1": "三里镇集中供水工程", "s-2": "焦岱镇岱峪水厂"}
TODAY = date(2026, 10, 12)
HEADER = ["序号", "供水工程", "故障部位", "故障日期", "修复日期", "村", "诉求数", "处理情况"]
PUMP = ["1", "三里镇集中供水工程", "水泵", "2024-07-01", "2024-07-03", "五里头村", "12", "换了叶轮"]


def _csv(path: Path, rows: list[list[str]], encoding: str = "utf-8-sig") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def _read(path: Path) -> HistoryFile:
    return read_history(read_table(path), SCHEMES, TODAY)


_READ = PastRow("s-1", "pump", date(2024, 7, 1), date(2024, 7, 3), "五里头村", 12, "1", "换了叶轮")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_file_is_read(tmp_path: Path, encoding: str) -> None:
    found = _read(_csv(tmp_path / "a.csv", [HEADER, PUMP, []], encoding))
    assert (found.rows, found.bad) == ([_READ], [])
    assert found.columns["failed_on"] == "故障日期"


def test_an_excel_file_is_read_with_its_dates_and_numbers(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, HEADER)
        sheet.write_row(1, 0, [1, *PUMP[1:3]])
        sheet.write_datetime(1, 3, date(2024, 7, 1), day)
        sheet.write_datetime(1, 4, date(2024, 7, 3), day)
        sheet.write_row(1, 5, ["五里头村", 12, "换了叶轮"])
    assert _read(path).rows == [_READ]


@pytest.mark.parametrize(
    ("written", "component"),
    [
        ("潜水泵", "pump"),
        ("network", "network"),
        ("主管道爆管", "network"),
        ("入户管道", "service_line"),
        ("变频器", "electrical"),
        ("高位水池漏水", "tank"),
    ],
)
def test_parts_are_known_by_their_everyday_names(
    tmp_path: Path, written: str, component: str
) -> None:
    found = _read(_csv(tmp_path / "a.csv", [HEADER[1:4], ["s-2", written, "2023年5月6日"]]))
    assert [(row.component, row.failed_on) for row in found.rows] == [(component, date(2023, 5, 6))]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({1: "三里镇集中供水"}, "三里镇集中供水工程"),
        ({1: "不存在的厂"}, "no such scheme"),
        ({1: ""}, "no scheme"),
        ({2: "屋顶"}, "unknown component"),
        ({3: "去年"}, "not a day"),
        ({3: "2024-02-30"}, "no such day"),
        ({3: "2026-10-13"}, "cannot be"),
        ({4: "2024-06-30"}, "before it failed"),
        ({6: "一些"}, "no number"),
    ],
)
def test_a_bad_row_is_named_and_the_others_are_read(
    tmp_path: Path, changed: dict[int, str], why: str
) -> None:
    bad = [changed.get(at, cell) for at, cell in enumerate(PUMP)]
    found = _read(_csv(tmp_path / "a.csv", [HEADER, bad, PUMP]))
    assert found.rows == [_READ]
    assert [each.row for each in found.bad] == [2]
    assert why in found.bad[0].why


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.csv", "工程,日期\n", "missing column: component"),
        ("a.csv", "", "missing column"),
        ("a.xlsx", "no excel", "not an Excel file"),
    ],
)
def test_what_is_no_such_table_is_refused(
    tmp_path: Path, name: str, content: str, says: str
) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(CannotRead, match=says):
        _read(tmp_path / name)
