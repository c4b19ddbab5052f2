"""`waterdesk triage`: its columns are a contract, every row comes out, bad input is named."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from waterdesk.commands.triage import triage

HEADER = (
    "id,is_ours,category,second_category,town,village,place_confidence,category_confidence,"
    "urgent,says_repeated,needs_human"
)
LETTERS = [
    ("1", "停水", "三里镇马河村三组停水五天了，一滴水都没有。"),
    ("2", "", "楼顶漏水，\n物业不管。"),
    ("3", "", ""),
]


Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    app = typer.Typer()
    app.command()(triage)

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(app, list(arguments))

    return invoke


def write(path: Path, rows: list[tuple[str, ...]], encoding: str = "utf-8") -> None:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows(rows)


def decisions(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_decides_every_row_in_any_encoding(run: Run, tmp_path: Path, encoding: str) -> None:
    write(tmp_path / "in.csv", [("id", "title", "text"), *LETTERS], encoding)
    result = run("in.csv", "out.csv")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "out.csv").read_text("utf-8").splitlines()[0] == HEADER
    first, second, third = decisions(tmp_path / "out.csv")
    assert first == {
        "id": "1",
        "is_ours": "true",
        "category": "outage",
        "second_category": "",
        "town": "三里镇",
        "village": "马河村委会",
        "place_confidence": "0.98",
        "category_confidence": first["category_confidence"],
        "urgent": "true",
        "says_repeated": "false",
        "needs_human": "false",
    }
    assert float(first["category_confidence"]) > 0.85
    assert (second["is_ours"], second["category"]) == ("false", "not_ours")
    assert third["needs_human"] == "true"


def test_columns_may_stand_in_any_order_among_others(run: Run, tmp_path: Path) -> None:
    write(
        tmp_path / "in.csv",
        [("text", "phone", "id", "title"), ("停水了", "-", "a", ""), ("短",)],
    )
    assert run("in.csv", "out.csv").exit_code == 0
    assert [row["id"] for row in decisions(tmp_path / "out.csv")] == ["a", ""]


def test_a_gazetteer_of_ones_own(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "places.csv", [("code", "village", "town"), ("9", "李庄村", "河西镇")])
    write(tmp_path / "in.csv", [("id", "title", "text"), ("1", "", "河西镇李庄村停水")])
    assert run("in.csv", "out.csv", "--gazetteer", "places.csv").exit_code == 0
    assert decisions(tmp_path / "out.csv")[0]["village"] == "李庄村"


def test_a_village_that_could_be_two_waits_for_a_person(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "in.csv", [("id", "title", "text"), ("1", "", "樊家村停水三天了")])
    assert run("in.csv", "out.csv").exit_code == 0
    (row,) = decisions(tmp_path / "out.csv")
    assert (row["village"], row["needs_human"]) == ("", "true")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(None, "cannot open", id="no such file"),
        pytest.param(b"", "id, title, text", id="empty"),
        pytest.param("id,title\n1,停水\n".encode(), "missing column: text", id="a column missing"),
        pytest.param(b"PK\x03\x04\x00\x00", "not a CSV file", id="a workbook"),
        pytest.param(b"id,title,text\n1,\xff\xff,x\n", "GB18030", id="neither encoding"),
    ],
)
def test_bad_input_is_named_in_one_line(
    run: Run,
    tmp_path: Path,
    content: bytes | None,
    says: str,
) -> None:
    if content is not None:
        (tmp_path / "in.csv").write_bytes(content)
    result = run("in.csv", "out.csv")
    assert result.exit_code == 2
    assert says in result.output
    assert len(result.output.strip().splitlines()) == 1
    assert not (tmp_path / "out.csv").exists()


def test_bad_gazetteers_and_outputs_are_named(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "in.csv", [("id", "title", "text"), ("1", "", "停水")])
    write(tmp_path / "places.csv", [("code", "village"), ("9", "李庄村")])
    for arguments, says in (
        (("in.csv", "out.csv", "--gazetteer", "places.csv"), "town"),
        (("in.csv", "out.csv", "--gazetteer", "none.csv"), "none.csv"),
        (("in.csv", "nowhere/out.csv"), "nowhere"),
        (("in.csv", "in.csv"), "in.csv"),
    ):
        result = run(*arguments)
        assert result.exit_code == 2, arguments
        assert says in result.output
        assert len(result.output.strip().splitlines()) == 1


def test_help_shows_an_example(run: Run) -> None:
    assert "Example" in run("--help").output


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_spreadsheet_does_not_take_a_cell_for_a_formula(
    run: Run, tmp_path: Path, cell: str
) -> None:
    write(tmp_path / "in.csv", [("id", "title", "text"), (cell, "停水", "三组停水")])
    assert run("in.csv", "out.csv").exit_code == 0
    (decision,) = decisions(tmp_path / "out.csv")
    assert decision["id"] == f"'{cell}"


@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
@pytest.mark.parametrize(
    ("rows", "line"),
    [
        (['1,停水,"三组停水', "2,停水,四组"], 2),
        (["1,停水,三组停水", '2,停水,"四组', "没水", "没人管"], 3),
        (['1,"停水', '两天","三组', "没水"], 3),
    ],
)
def test_a_quote_that_never_closes_is_named_with_its_line(
    run: Run, tmp_path: Path, rows: list[str], line: int, end: str
) -> None:
    text = (end or "\n").join(["id,title,text", *rows]) + end
    (tmp_path / "in.csv").write_bytes(text.encode())
    result = run("in.csv", "out.csv")
    assert result.exit_code == 2
    assert f"第 {line} 行 line" in result.output
    assert not (tmp_path / "out.csv").exists()
