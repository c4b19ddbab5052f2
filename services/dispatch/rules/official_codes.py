"""Our categories in the codes of a standard by which a report is handed up.

No source that we may cite prints the codes of GB/T 39666-2020, so its table is shipped empty and
unverified; an office enters them from its own copy, or loads its province's table beside it.
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from io import StringIO

from shared.vocabulary import Category

STANDARD = "GB/T 39666-2020"
"""政府热线服务分类与代码: the table that every county has."""
UNVERIFIED = "未核实"
LONGEST = 100
"""Characters of any field."""
_YES = frozenset({"true", "1", "yes", "是"})


class BadCodes(ValueError):
    """A table that cannot be used. `why` is a message key, `category` the line it is about."""

    def __init__(self, why: str, category: str = "") -> None:
        super().__init__(f"{why} {category}")
        self.why, self.category = why, category


@dataclass(frozen=True, slots=True)
class OfficialCode:
    """One line. `source`: where the code is printed; only with one is it verified."""

    category: str
    code: str = ""
    name: str = ""
    source: str = ""
    verified: bool = False

    @property
    def label(self) -> str:
        """As a report has it; empty: the category has no official class."""
        said = f"{self.code} {self.name}".strip()
        return said if self.verified or not said else f"{said}（{UNVERIFIED}）"


Table = Sequence[OfficialCode]


def empty_table() -> Table:
    return [OfficialCode(category.value) for category in Category]


def checked(lines: Iterable[OfficialCode]) -> Table:
    """A line for every category, in our own order. Raises BadCodes."""
    given: dict[str, OfficialCode] = {}
    for line in lines:
        if line.category not in set(Category):
            raise BadCodes("unknown_category", line.category)
        if line.category in given:
            raise BadCodes("category_twice", line.category)
        if any(len(text) > LONGEST for text in (line.code, line.name, line.source)):
            raise BadCodes("too_long", line.category)
        if line.verified and not (line.code and line.source):
            raise BadCodes("verified_without_source", line.category)
        given[line.category] = line
    return [given.get(line.category, line) for line in empty_table()]


def labels(table: Table) -> Mapping[str, str]:
    return {line.category: line.label for line in table}


_COLUMNS = tuple(field.name for field in fields(OfficialCode))


def as_rows(table: Table) -> Sequence[Mapping[str, str]]:
    """For a CSV file that `read_csv` reads again."""
    return [{**asdict(line), "verified": "true" if line.verified else ""} for line in table]


def read_csv(text: str) -> Table:
    """Columns by their names in the first line: `category` and `code`, the others as far as they
    are there. Raises BadCodes."""
    rows = csv.DictReader(StringIO(text.removeprefix("\ufeff")))
    if not {"category", "code"} <= set(rows.fieldnames or ()):
        raise BadCodes("no_columns")
    return checked(
        OfficialCode(
            **{name: _cell(row, name) for name in _COLUMNS[:-1]},
            verified=_cell(row, "verified").lower() in _YES,
        )
        for row in rows
    )


def _cell(row: Mapping[str, str | None], name: str) -> str:
    """Without the apostrophe by which an exported cell is no formula."""
    return (row.get(name) or "").strip().removeprefix("'")
