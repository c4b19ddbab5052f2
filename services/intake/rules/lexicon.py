"""What a cue is, and how the word lists beside this file become patterns.

The lists are written in a small notation so that a water worker can read and mend them: plain
words, `|` between alternatives, `…` for "a few words later in the same clause". Everything else
is an ordinary regular expression over plain text (see plain_text.py).
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum

from shared.vocabulary import Category

CLAUSE_END = ",。;!?:"
_GAP = f"[^{CLAUSE_END}]{{0,6}}?"


class Elsewhere(StrEnum):
    """Whose matter it is when it is not ours; the reason a return can give."""

    HEATING = "heating"
    GAS = "gas"
    POWER = "power"
    BUILDING_LEAK = "building_leak"
    SEWAGE = "sewage"
    DRAINAGE = "drainage"
    RIVER_AND_FIELDS = "river_and_fields"
    PROPERTY_MANAGEMENT = "property_management"
    POLLUTION = "pollution"
    WAGES = "wages"
    GOODS = "goods"
    ROADS = "roads"


@dataclass(frozen=True, slots=True, eq=False)
class Cue:
    """Words that speak for one category, or for one body elsewhere."""

    speaks_for: Category | Elsewhere
    name: str
    weight: float
    """How far one mention goes; 3 is "says it outright", 1 is "fits"."""
    notation: str
    explains_away: bool = False
    """Its words are taken out before ours are looked for: in 房屋漏水 the leak is not ours."""
    borrowed: bool = False
    """Words of any utility (收费, 态度): they count where the rest of the letter is ours."""
    deniable: bool = False
    """不, 没有, 不再 before it deny it: 不停水 is no outage, while 没有放心水 is a complaint."""

    pattern: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pattern", words(self.notation))


def words(notation: str) -> re.Pattern[str]:
    """The pattern of one entry: white space is dropped, `…` is a gap within the clause."""
    return re.compile(re.sub(r"\s+", "", notation).replace("…", _GAP))
