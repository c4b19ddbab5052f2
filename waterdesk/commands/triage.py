"""`waterdesk triage`: classify a file of letters."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, TextIO

import typer

from services.intake.gazetteer import DEMO_COUNTY, BadGazetteer, load_gazetteer
from services.intake.rules.categories import categorise
from services.intake.rules.gazetteer import Gazetteer
from services.intake.rules.letter import letter_of
from services.intake.rules.location import locate
from shared.spreadsheets import CannotRead, encoding_of, not_a_formula

_COLUMNS_IN = ("id", "title", "text")
COLUMNS_OUT = (
    "id",
    "is_ours",
    "category",
    "second_category",
    "town",
    "village",
    "place_confidence",
    "category_confidence",
    "urgent",
    "says_repeated",
    "needs_human",
)
_LONGEST_FIELD = 16 * 1024 * 1024
_END = "\ufdd0"  # a noncharacter, which no text contains
_NEW_LINE = re.compile(r"\r\n|\r|\n")


def triage(
    letters: Annotated[
        Path,
        typer.Argument(
            metavar="IN.csv", help="Columns id,title,text (UTF-8 or GB18030).", show_default=False
        ),
    ],
    decisions: Annotated[
        Path,
        typer.Argument(
            metavar="OUT.csv", help="Written anew, one row a letter (UTF-8).", show_default=False
        ),
    ],
    gazetteer: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help="Places, columns code,village,town[,county]; the demo county where not given.",
            show_default=False,
        ),
    ] = DEMO_COUNTY,
) -> None:
    """初步研判: classify each letter: is it ours, what is it about, where, is it urgent?

    Writes id,is_ours,category,second_category,town,village,place_confidence,category_confidence,
    urgent,says_repeated,needs_human. needs_human is true if the category is unsure, or if a letter
    that is ours names a village that could be several. Without a village, town and village are
    empty. Every input row has an output row. Cells that a spreadsheet would take for a formula get
    a leading apostrophe.

    Example:  waterdesk triage letters.csv decisions.csv

    Example:  waterdesk triage letters.csv decisions.csv --gazetteer county_places.csv
    """
    try:
        places = load_gazetteer(gazetteer)
        _decide_file(letters, decisions, places)
    except (CannotRead, BadGazetteer) as cannot:
        raise _refusal(str(cannot)) from None
    except OSError as error:
        raise _refusal(f"打不开文件 cannot open: {error.filename}: {error.strerror}") from None


def _decide_file(letters: Path, decisions: Path, places: Gazetteer) -> None:
    if decisions.exists() and letters.exists() and decisions.samefile(letters):
        raise CannotRead(f"输入和输出是同一个文件 in and out are one file: {letters}")
    encoding = encoding_of(letters)
    with letters.open(encoding=encoding, newline="") as source:
        for _ in _rows(source, letters):
            pass  # a file that cannot be read must not leave half an answer behind
        source.seek(0)
        with decisions.open("w", encoding="utf-8", newline="") as target:
            out = csv.writer(target)
            out.writerow(COLUMNS_OUT)
            for row in _rows(source, letters):
                out.writerow(map(not_a_formula, _decided(places, *row)))


def _rows(source: TextIO, path: Path) -> Iterator[tuple[str, str, str]]:
    """id, title and text of every row; a short row has empty ones, a blank line is skipped."""
    csv.field_size_limit(_LONGEST_FIELD)
    reader = csv.reader(_with_end_mark(source))
    try:
        header = [name.strip() for name in next(reader, [])]
        if missing := [name for name in _COLUMNS_IN if name not in header]:
            raise CannotRead(f"缺少列 missing column: {', '.join(missing)}: {path}")
        wanted = [header.index(name) for name in _COLUMNS_IN]
        for row in reader:
            if row and row[-1].endswith(_END):
                if row[-1] == _END:
                    return
                line = reader.line_num - len(_NEW_LINE.findall(row[-1]))
                raise CannotRead(f"第 {line} 行 line: 引号没有结束 a quote never closes: {path}")
            if row:
                id_, title, text = (row[i] if i < len(row) else "" for i in wanted)
                yield id_, title, text
    except csv.Error as error:
        raise CannotRead(f"第 {reader.line_num} 行 line: {error}: {path}") from None


def _with_end_mark(source: TextIO) -> Iterator[str]:
    """The lines of a file and one more: inside an open quote, it becomes part of the last field."""
    for line in source:
        yield line if line.endswith(("\n", "\r")) else f"{line}\n"
    yield _END


def _decided(places: Gazetteer, id_: str, title: str, text: str) -> tuple[str, ...]:
    letter = letter_of(title, text)
    found = categorise(letter)
    place = locate(places, letter, None)
    return (
        id_,
        _flag(found.is_ours),
        found.category,
        found.second_category or "",
        place.town or "",
        place.village or "",
        f"{place.confidence:.2f}",
        f"{found.category_confidence:.2f}",
        _flag(found.urgent),
        _flag(found.says_repeated),
        _flag(found.needs_human or (found.is_ours and place.is_doubtful)),
    )


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _refusal(message: str) -> typer.Exit:
    typer.echo(f"waterdesk triage: {message}", err=True)
    return typer.Exit(2)
