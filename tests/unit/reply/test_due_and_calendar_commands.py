"""`waterdesk due` and `waterdesk calendar` as they are called."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from waterdesk.commands.calendar import calendar
from waterdesk.commands.due import due

app = typer.Typer()
app.command()(due)
app.add_typer(calendar, name="calendar")


def called(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def assert_refused(result: Result, why: str) -> None:
    assert result.exit_code == 2
    assert result.stdout == ""
    assert why in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("sent", "term", "due_at", "provisional"),
    [
        ("2026-09-28T15:30:00", "5 working days", "2026-10-10T23:59:59+08:00", False),
        ("2026-09-28T07:30:00Z", "5个工作日", "2026-10-10T23:59:59+08:00", False),
        ("2026-09-28T16:00:00+00:00", "5个工作日", "2026-10-12T23:59:59+08:00", False),
        ("2026-09-28 15:30", "24 hours", "2026-09-29T15:30:00+08:00", False),
        ("2026/9/28 15:30", "30分钟", "2026-09-28T16:00:00+08:00", False),
        ("2026-09-28", "2小时", "2026-09-28T02:00:00+08:00", False),
        ("2026-09-28", "15 days", "2026-10-13T23:59:59+08:00", False),
        ("2026-09-28", "same day", "2026-09-28T23:59:59+08:00", False),
        ("2026-09-28T17:00:00", "4 working hours", "2026-09-29T14:00:00+08:00", False),
        ("2026-09-28", "2026年11月30日前", "2026-11-30T23:59:59+08:00", False),
        ("2026-12-30", "5 working days", "2027-01-07T23:59:59+08:00", True),
    ],
)
def test_one_order(sent: str, term: str, due_at: str, provisional: bool) -> None:
    result = called("due", "--sent", sent, "--term", term)
    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads(result.stdout) == {
        "sent": sent, "term": term, "due": due_at, "provisional": provisional
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--sent", "2026-09-28", "--term", "soon"], "not understood"),
        (["--sent", "2026-09-28", "--term", "5"], "no unit"),
        (["--sent", "yesterday", "--term", "5 days"], "not a time"),
        (["--sent", "2026-09-31", "--term", "5 days"], "not a time"),
        (["--sent", "1950-01-01", "--term", "5 days"], "outside the calendar"),
        (["--sent", "2026-09-28"], "give --sent and --term"),
        (["--sent", "2026-09-28", "--term", "5 days", "--csv", "x.csv"], "or --csv alone"),
        ([], "give --sent and --term"),
        (["--csv", "nowhere.csv"], "cannot be read"),
        (["--sent", "2026-09-28", "--term", "1 day", "--calendar", "no.yaml"], "no.yaml"),
    ],
)
def test_bad_input_is_one_line_and_status_2(arguments: list[str], why: str) -> None:
    assert_refused(called("due", *arguments), why)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_file_is_counted_row_by_row(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "tickets.csv"
    path.write_text(
        "id,sent,term\r\n1,2026-11-23,5个工作日\r\n\r\n2,2026-11-23,24小时\r\n", encoding
    )
    result = called("due", "--csv", str(path))
    assert (result.exit_code, result.stderr) == (0, "")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(line["term"], line["due"]) for line in lines] == [
        ("5个工作日", "2026-11-30T23:59:59+08:00"),
        ("24小时", "2026-11-24T00:00:00+08:00"),
    ]


def test_a_file_with_bad_rows_is_counted_to_its_end_and_names_them(tmp_path: Path) -> None:
    path = tmp_path / "tickets.csv"
    path.write_text("sent,term\n2026-11-23,soon\n2026-11-23,1 day\nx,1 day\n2026-11-23\n", "utf-8")
    result = called("due", "--csv", str(path))
    assert result.exit_code == 2
    assert [json.loads(line)["due"] for line in result.stdout.splitlines()] == [
        "2026-11-24T23:59:59+08:00"
    ]
    errors = result.stderr.splitlines()
    assert ["第 2 行" in errors[0], "第 4 行" in errors[1], "第 5 行" in errors[2]] == [True] * 3
    assert len(errors) == 3


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"sent,limit\n2026-11-23,1 day\n", "no column term"),
        (b"", "no column sent, term"),
        (b"\xff\xfe\x00\x81", "not a CSV file"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "tickets.csv"
    path.write_bytes(content)
    assert_refused(called("due", "--csv", str(path)), why)


def test_the_calendar_prints_each_day_and_whether_its_year_is_published() -> None:
    result = called("calendar", "2026-12-31", "2027-01-04")
    assert result.exit_code == 0
    assert [json.loads(line) for line in result.stdout.splitlines()] == [
        {"date": "2026-12-31", "working": True, "published": True},
        {"date": "2027-01-01", "working": False, "published": False},
        {"date": "2027-01-02", "working": False, "published": False},
        {"date": "2027-01-03", "working": False, "published": False},
        {"date": "2027-01-04", "working": True, "published": False},
    ]


@pytest.mark.parametrize(
    ("first", "last", "why"),
    [
        ("2026-02-30", "2026-03-01", "FROM"),
        ("2026-02-01", "tomorrow", "TO"),
        ("2026-03-01", "2026-02-01", "is after"),
        ("1950-01-01", "2026-02-01", "outside the years"),
    ],
)
def test_bad_days_are_one_line_and_status_2(first: str, last: str, why: str) -> None:
    assert_refused(called("calendar", first, last), why)


@pytest.mark.parametrize("command", ["due", "calendar"])
def test_help_has_an_example(command: str) -> None:
    result = called(command, "--help")
    assert result.exit_code == 0
    assert f"waterdesk {command} " in result.stdout
