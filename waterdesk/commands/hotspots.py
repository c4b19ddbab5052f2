"""`waterdesk hotspots`: what keeps failing, from a file of failures."""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shared.spreadsheets import CannotRead, encoding_of, not_a_formula

if TYPE_CHECKING:
    from services.dispatch.rules.reliability.asset_history import Asset

hotspots = typer.Typer(help="反复故障: what keeps failing.", no_args_is_help=True)

COLUMNS_OUT = ("rank", "asset_id", "expected_90d", "low", "high", "trend", "trend_p", "reason")
_NUMBERS = ("population", "length_m", "lat", "lon")
_TEXTS = ("kind", "material")
_DAY_FORMS = ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%Y年%m月%d日")
_BAD_ROWS_SAID = 20
_NUMBERS_ALONE = re.compile(r"[-+]?\d[\d.]*(?:,\s?[-+]?\d[\d.]*)?")
"""A number, or a position such as -33.86,151.21: no formula, and an id is written as it came."""


@hotspots.callback()
def _hotspots() -> None:
    """Without a callback, Typer makes a single command the group itself."""


@hotspots.command("rank")
def rank_assets(
    history: Annotated[
        Path,
        typer.Argument(
            metavar="HISTORY.csv",
            help="One row a failure: asset_id,failed_on"
            "[,installed_year,population,kind,material,lat,lon] (UTF-8 or GB18030).",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Argument(metavar="OUT.csv", help="Written anew.")],
    as_of: Annotated[
        str, typer.Option(metavar="DATE", help="Failures on this day or later are not looked at.")
    ],
    assets: Annotated[
        Path | None,
        typer.Option(
            metavar="ASSETS.csv",
            help="All assets: asset_id[,installed_year,population,material,length_m]; those that"
            " never failed are ranked as well.",
        ),
    ] = None,
    horizon_days: Annotated[int, typer.Option(min=1, max=3660)] = 90,
    language: Annotated[str, typer.Option(help="Of the reasons: zh or en.")] = "zh",
) -> None:
    """Rank what fails by the failures to be expected, the worst first.

    Writes rank,asset_id,expected_90d,low,high,trend,trend_p,reason: how many failures are to be
    expected within the horizon, between which numbers they lie with 90 % confidence; `trend` is
    worsening, improving, steady or too_few, with the p-value of Laplace's test. Prints which model
    was used, and why. Rows that cannot be read are named and left out.

    Example:  waterdesk hotspots rank failures.csv ranked.csv --as-of 2026-06-30
    """
    day = _day(as_of)
    if day is None:
        raise typer.BadParameter(f"--as-of: 不是日期 not a day such as 2026-06-30: {as_of!r}")
    if language not in ("zh", "en"):
        raise typer.BadParameter(f"--language: zh / en, not {language!r}")
    try:
        _rank_file(history, assets, out, day, horizon_days, language)
    except CannotRead as cannot:
        raise _refusal(str(cannot)) from None
    except OSError as error:
        raise _refusal(f"打不开文件 cannot open: {error.filename}: {error.strerror}") from None


def _rank_file(
    history: Path, assets: Path | None, out: Path, day: date, horizon_days: int, language: str
) -> None:
    # numpy and scikit-learn take a second to import: no other command pays for them.
    from services.dispatch.rules.reliability.asset_history import make_history
    from services.dispatch.rules.reliability.asset_ranking import rank
    from services.dispatch.rules.reliability.ranking_reasons import reason_of

    failures = _read_failures(history, day)
    register = _read_register(assets) if assets else None
    _say_bad_rows(failures.bad_rows + (register.bad_rows if register else []))
    try:
        known = make_history(
            failures.failed,
            day,
            failures.described,
            list(register.described.values()) if register else None,
        )
    except ValueError:
        raise CannotRead(f"{day} 前没有故障记录 no failure before that day: {history}") from None
    ranking = rank(known, horizon_days)
    with out.open("w", encoding="utf-8", newline="") as target:
        rows = csv.writer(target)
        rows.writerow(COLUMNS_OUT)
        for each in ranking.assets:
            rows.writerow(
                (
                    each.rank,
                    _as_cell(each.asset.id),
                    f"{each.expected:.4f}",
                    f"{each.low:.0f}",
                    f"{each.high:.0f}",
                    each.trend.value,
                    "" if each.trend_p is None else f"{each.trend_p:.4f}",
                    not_a_formula(reason_of(each, day, language)),
                )
            )
    weights = ", ".join(f"{name} {weight:+.2f}" for name, weight in ranking.model.weights.items())
    typer.echo(f"{ranking.model.used} ({ranking.model.why})")
    typer.echo(f"season x{ranking.season:.2f}" + (f"; weights: {weights}" if weights else ""))


@dataclass(slots=True)
class _Failures:
    failed: list[tuple[str, date]] = field(default_factory=list)
    described: dict[str, "Asset"] = field(default_factory=dict)
    bad_rows: list[str] = field(default_factory=list)


def _read_failures(path: Path, as_of: date) -> _Failures:
    """What failed before `as_of`, and what those rows say of their assets: the newest counts."""
    found = _Failures()
    failed = []
    for line, row in _rows(path, ("asset_id", "failed_on")):
        on = _day(row["failed_on"])
        if not row["asset_id"] or on is None:
            written = f"{row['asset_id']!r}, {row['failed_on']!r}"
            found.bad_rows.append(f"{path.name}:{line}: 缺编号或日期 no asset or day: {written}")
        elif on < as_of:
            failed.append((on, line, row))
    for on, line, row in sorted(failed, key=lambda each: each[:2]):
        asset_id = row["asset_id"]
        found.failed.append((asset_id, on))
        found.described[asset_id] = _described(
            found.described.get(asset_id), row, f"{path.name}:{line}", found.bad_rows
        )
    return found


def _read_register(path: Path) -> _Failures:
    found = _Failures()
    for line, row in _rows(path, ("asset_id",)):
        asset_id = row["asset_id"]
        if not asset_id:
            found.bad_rows.append(f"{path.name}:{line}: 缺编号 no asset_id")
            continue
        found.described[asset_id] = _described(
            found.described.get(asset_id), row, f"{path.name}:{line}", found.bad_rows
        )
    if not found.described:
        raise CannotRead(f"没有一行设施 no asset in it: {path}")
    return found


def _described(
    before: "Asset | None", row: Mapping[str, str], place: str, bad_rows: list[str]
) -> "Asset":
    """The asset as this row tells it, and where it tells nothing, as earlier rows did."""
    from services.dispatch.rules.reliability.asset_history import Asset

    asset = before or Asset(row["asset_id"])
    told: dict[str, object] = {name: row[name] for name in _TEXTS if row.get(name)}
    for name in ("installed_year", *_NUMBERS):
        written = row.get(name)
        if not written:
            continue
        try:
            number = float(written)
        except ValueError:
            bad_rows.append(f"{place}: {name} 不是数字 is no number: {written!r}")
            continue
        if name == "installed_year" and not 1800 <= number <= 2200:
            bad_rows.append(f"{place}: installed_year 不是年份 is no year: {written!r}")
            continue
        told[name] = int(number) if name == "installed_year" else number
    return replace(asset, **told)  # type: ignore[arg-type]


def _rows(path: Path, needed: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row with the number of its line. Raises CannotRead."""
    with path.open(encoding=encoding_of(path), newline="") as source:
        reader = csv.DictReader(source, restval="")
        try:
            names = [name.strip() for name in reader.fieldnames or ()]
            reader.fieldnames = names
            if missing := [name for name in needed if name not in names]:
                raise CannotRead(f"缺少列 missing column: {', '.join(missing)}: {path}")
            for row in reader:
                yield (
                    reader.line_num,
                    {name: value.strip() for name, value in row.items() if isinstance(value, str)},
                )
        except csv.Error as error:
            raise CannotRead(f"第 {reader.line_num} 行 line: {error}: {path}") from None


def _day(written: str) -> date | None:
    """A day; a time of day behind it is left out."""
    day = written.strip().replace("T", " ").split(" ")[0]
    for form in _DAY_FORMS:
        try:
            return datetime.strptime(day, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    return None


def _as_cell(asset_id: str) -> str:
    return asset_id if _NUMBERS_ALONE.fullmatch(asset_id) else not_a_formula(asset_id)


def _say_bad_rows(bad_rows: Sequence[str]) -> None:
    for row in bad_rows[:_BAD_ROWS_SAID]:
        typer.echo(row, err=True)
    if len(bad_rows) > _BAD_ROWS_SAID:
        more = len(bad_rows) - _BAD_ROWS_SAID
        typer.echo(f"… 还有 {more} 行读不了 and {more} more cannot be read", err=True)


def _refusal(message: str) -> typer.Exit:
    typer.echo(f"waterdesk hotspots: {message}", err=True)
    return typer.Exit(2)
