"""`waterdesk hotspots rank`: its columns are a contract, and bad rows are named."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from waterdesk.commands.hotspots import hotspots

HEADER = "rank,asset_id,expected_90d,low,high,trend,trend_p,reason"
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    app = typer.Typer()
    app.add_typer(hotspots, name="hotspots")

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["hotspots", "rank", *arguments])

    return invoke


def _write(path: Path, text: str, encoding: str = "utf-8") -> None:
    path.write_text(text, encoding=encoding)


def _ranked(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


_FAILURES = "asset_id,failed_on,material\n" + "".join(
    f"{asset_id},{day},{material}\n"
    for asset_id, material, days in (
        ("东沟泵站", "", ("2025-03-01", "2025/8/2", "20251101", "2025-12-05T08:30:00")),
        ("-33.86", "铸铁", ("2025-06-01",)),
    )
    for day in days
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_ranks_in_any_encoding_and_date_form(run: Run, tmp_path: Path, encoding: str) -> None:
    _write(tmp_path / "in.csv", _FAILURES, encoding)
    result = run("in.csv", "out.csv", "--as-of", "2026-01-01")
    assert result.exit_code == 0
    assert "shrunken rate (less than 1 year of history)" in result.output
    assert (tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()[0] == HEADER
    first, second = _ranked(tmp_path / "out.csv")
    assert (first["rank"], first["asset_id"]) == ("1", "东沟泵站")
    assert "累计故障 4 次" in first["reason"]
    assert float(first["expected_90d"]) > float(second["expected_90d"])
    assert float(first["low"]) <= float(first["expected_90d"]) <= float(first["high"])
    # An id that a spreadsheet reads as a number stays as it came.
    assert second["asset_id"] == "-33.86"
    assert (second["trend"], second["trend_p"]) == ("too_few", "")
    assert "材质 铸铁" in second["reason"]


def test_rows_of_the_day_itself_and_later_are_not_looked_at(run: Run, tmp_path: Path) -> None:
    later = "东沟泵站,2026-01-01,PE\n-33.86,2026-01-02,PE\n新站,2026-02-01,PE\n"
    _write(tmp_path / "in.csv", _FAILURES)
    _write(tmp_path / "more.csv", _FAILURES + later)
    assert run("in.csv", "out.csv", "--as-of", "2026-01-01").exit_code == 0
    assert run("more.csv", "more_out.csv", "--as-of", "2026-01-01").exit_code == 0
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "more_out.csv").read_bytes()


def test_assets_that_never_failed_are_ranked_behind(run: Run, tmp_path: Path) -> None:
    _write(tmp_path / "in.csv", _FAILURES)
    _write(
        tmp_path / "assets.csv",
        "asset_id,installed_year,population,length_m\n西沟,2019,800,120.5\n东沟泵站,1998,1200,\n",
    )
    result = run(
        "in.csv", "out.csv", "--as-of", "2026-01-01", "--assets", "assets.csv", "--language", "en"
    )
    assert result.exit_code == 0
    ranked = _ranked(tmp_path / "out.csv")
    assert [row["asset_id"] for row in ranked] == ["东沟泵站", "-33.86", "西沟"]
    assert ranked[2]["reason"] == (
        "no failure on record; built in 2019, 7 years old; 120 m long; serves 800 people"
    )


def test_rows_that_cannot_be_read_are_named_and_the_others_are_ranked(
    run: Run, tmp_path: Path
) -> None:
    bad = "西沟,someday,\n,2025-01-01,\n"
    _write(tmp_path / "in.csv", _FAILURES + bad)
    _write(tmp_path / "assets.csv", "asset_id,installed_year\n东沟泵站,old\n西沟,19\n")
    result = run("in.csv", "out.csv", "--as-of", "2026-01-01", "--assets", "assets.csv")
    assert result.exit_code == 0
    for named in ("in.csv:7", "in.csv:8", "assets.csv:2", "assets.csv:3"):
        assert named in result.stderr
    assert len(_ranked(tmp_path / "out.csv")) == 3


@pytest.mark.parametrize(
    ("text", "as_of", "says"),
    [
        (_FAILURES, "2020-01-01", "no failure before"),
        ("asset_id,day\na,2025-01-01\n", "2026-01-01", "missing column: failed_on"),
        ("asset_id,failed_on\n", "2026-01-01", "no failure before"),
        (_FAILURES, "soon", "not a day"),
    ],
)
def test_what_cannot_be_ranked_is_refused(
    run: Run, tmp_path: Path, text: str, as_of: str, says: str
) -> None:
    _write(tmp_path / "in.csv", text)
    result = run("in.csv", "out.csv", "--as-of", as_of)
    assert result.exit_code == 2
    assert says in result.stderr
    assert not (tmp_path / "out.csv").exists()
