"""`waterdesk triage`: the classification of a whole file of letters."""

import codecs
import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, TextIO

import typer

from services.intake.gazetteer import DEMO_COUNTY, BadGazetteer, load_gazetteer
from services.intake.rules.categories import categorise
from services.intake.rules.gazetteer import Gazetteer
from services.intake.rules.letter import letter_of
from services.intake.rules.location import locate

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
_PIECE = 1024 * 1024


class _CannotRead(ValueError):
    """A file that cannot be read as letters; the text is for the person who asked."""


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
    """初步研判: reads each letter once: is it ours, what is it about, where, can it wait?

    Writes id,is_ours,category,second_category,town,village,place_confidence,category_confidence,
    urgent,says_repeated,needs_human. needs_human is true where the category is unsure, or where a
    letter that is ours names a village that could be several. Where it names none, town and
    village stay empty. Every row of the input has its row in the output.

    Example:  waterdesk triage letters.csv decisions.csv

    Example:  waterdesk triage letters.csv decisions.csv --gazetteer county_places.csv
    """
    try:
        places = load_gazetteer(gazetteer)
        _decide_file(letters, decisions, places)
    except (_CannotRead, BadGazetteer) as cannot:
        raise _refusal(str(cannot)) from None
    except OSError as error:
        raise _refusal(f"打不开文件 cannot open: {error.filename}: {error.strerror}") from None


def _decide_file(letters: Path, decisions: Path, places: Gazetteer) -> None:
    if decisions.exists() and letters.exists() and decisions.samefile(letters):
        raise _CannotRead(f"输入和输出是同一个文件 in and out are one file: {letters}")
    encoding = _encoding(letters)
    with letters.open(encoding=encoding, newline="") as source:
        rows = _rows(source, letters)
        first = next(rows, None)  # an unreadable file must not leave an empty answer behind
        with decisions.open("w", encoding="utf-8", newline="") as target:
            out = csv.writer(target)
            out.writerow(COLUMNS_OUT)
            if first is not None:
                out.writerow(_decided(places, *first))
            for row in rows:
                out.writerow(_decided(places, *row))


def _encoding(path: Path) -> str:
    """UTF-8 (with or without BOM) or GB18030, whichever the whole file can be read in."""
    for encoding in ("utf-8-sig", "gb18030"):
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            with path.open("rb") as file:
                while piece := file.read(_PIECE):
                    if b"\0" in piece:
                        raise _CannotRead(f"不是 CSV 文件 not a CSV file: {path}")
                    decoder.decode(piece)
                decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding
    raise _CannotRead(f"既不是 UTF-8 也不是 GB18030 neither UTF-8 nor GB18030: {path}")


def _rows(source: TextIO, path: Path) -> Iterator[tuple[str, str, str]]:
    """id, title and text of every row; a short row has empty ones, a blank line is none."""
    csv.field_size_limit(_LONGEST_FIELD)
    reader = csv.reader(source)
    try:
        header = [name.strip() for name in next(reader, [])]
        if missing := [name for name in _COLUMNS_IN if name not in header]:
            raise _CannotRead(f"缺少列 missing column: {', '.join(missing)}: {path}")
        wanted = [header.index(name) for name in _COLUMNS_IN]
        for row in reader:
            if row:
                id_, title, text = (row[i] if i < len(row) else "" for i in wanted)
                yield id_, title, text
    except csv.Error as error:
        raise _CannotRead(f"第 {reader.line_num} 行 line: {error}: {path}") from None


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
