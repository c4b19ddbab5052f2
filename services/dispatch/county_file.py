"""A county's schemes, crews and staff, as its files describe them: read, checked, kept in tables.

One YAML file names two CSV files beside it, which offices keep in a spreadsheet (README.md).
"""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import time
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from services.dispatch.rules.alerts import QUIET_AT_NIGHT
from shared.auth.permissions import Role
from shared.vocabulary import Component, Level

DEMO_COUNTY = Path(__file__).parent / "demo_county" / "county.yaml"

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WECOM_USERID = r"^[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}$"
"""One member: `@all` and `a|b` would be many."""
_Text = Annotated[str, Field(min_length=1)]
_SemicolonList = BeforeValidator(
    lambda value: (
        [part.strip() for part in value.split(";") if part.strip()]
        if isinstance(value, str)
        else value
    )
)


class BadCountyFile(ValueError):
    """A county's files that cannot be used; the text says where and why."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SchemeRow(_Part):
    """One line of the schemes' CSV; lists are separated by semicolons."""

    id: _Text
    name: _Text
    kind: Literal["城市管网延伸", "千吨万人", "千人", "百人", "分散"]
    built_year: int = Field(ge=1900, le=2200)
    design_m3_per_day: float = Field(gt=0)
    people: int = Field(ge=0)
    households: int = Field(ge=0)
    components: Annotated[list[Component], _SemicolonList, Field(min_length=1)]
    responsible_posts: Annotated[list[_Text], _SemicolonList]


class VillageRow(_Part):
    """One line of the villages' CSV."""

    code: _Text
    village: _Text
    town: _Text
    scheme: _Text


class Shift(_Part):
    """`days`: mon-fri, or one day; `to` may be 24:00, and before `from`: then it ends next day."""

    days: str
    start: str = Field(alias="from", pattern=r"^\d\d:\d\d$")
    end: str = Field(alias="to", pattern=r"^\d\d:\d\d$")

    @field_validator("days")
    @classmethod
    def _days_exist(cls, days: str) -> str:
        if any(day not in _DAYS for day in days.split("-", 1)):
            raise ValueError(f"days are {' '.join(_DAYS)}, or two of them like mon-fri")
        return days

    @model_validator(mode="after")
    def _is_a_time(self) -> Self:
        if _minute(self.start) == _minute(self.end):
            raise ValueError("a shift does not end when it begins")
        return self

    def intervals(self) -> Iterator[list[int]]:
        """[weekday, from minute, to minute]; what crosses midnight becomes two."""
        first, _, last = self.days.partition("-")
        begin, finish = _DAYS.index(first), _DAYS.index(last or first)
        start, end = _minute(self.start), _minute(self.end)
        for day in range(begin, finish + 1 if finish >= begin else finish + 8):
            if start < end:
                yield [day % 7, start, end]
            else:
                yield [day % 7, start, 1440]
                if end:
                    yield [(day + 1) % 7, 0, end]


class CrewPart(_Part):
    id: _Text
    name: _Text
    office: bool = False
    skills: list[Component] = []
    towns: Literal["all"] | list[_Text]
    shifts: list[Shift]
    on_call: bool = False
    capacity: int = Field(ge=1)


class StaffPart(_Part):
    name: _Text
    display_name: _Text | None = None
    role: Role
    crew: str | None = None
    wecom: str | None = Field(None, pattern=WECOM_USERID)
    phone: str | None = Field(None, pattern=r"^1\d{10}$", repr=False)
    levels: list[Level] | None = None
    """Of alerts; None: those of the role, or as the console says."""


class QuietPart(_Part):
    start: time = Field(alias="from")
    end: time = Field(alias="to")


class _Tables(BaseModel):
    schemes: _Text
    villages: _Text


class County(_Part):
    """A county's files, read and found to fit together."""

    code: str = Field(alias="county", pattern=r"^\d{6}$")
    name: _Text
    schemes: list[SchemeRow]
    villages: list[VillageRow]
    crews: list[CrewPart]
    staff: list[StaffPart] = []
    quiet_hours: QuietPart = QuietPart.model_validate(
        {"from": QUIET_AT_NIGHT.start, "to": QUIET_AT_NIGHT.end}
    )

    def towns_of(self, crew: CrewPart) -> list[str]:
        if crew.towns == "all":
            return sorted({village.town for village in self.villages})
        return list(crew.towns)


def read_county(path: Path = DEMO_COUNTY) -> County:
    """Raises BadCountyFile, which names the file, the line or field, and what is wrong."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        tables = _Tables.model_validate(content)
        schemes = _read_csv(path.parent / tables.schemes, SchemeRow)
        villages = _read_csv(path.parent / tables.villages, VillageRow)
        county = County.model_validate({**content, "schemes": schemes, "villages": villages})
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadCountyFile(f"{path.name}: {' '.join(str(error).split())}") from error
    except ValidationError as error:
        raise BadCountyFile(f"{path.name}: {_faults(error)}") from None
    if faults := list(_misfits(county)):
        raise BadCountyFile(f"{path.name}: {'; '.join(faults)}")
    return county


_Row = TypeVar("_Row", SchemeRow, VillageRow)


def _read_csv(path: Path, model: type[_Row]) -> list[_Row]:
    rows = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            for row in reader:
                try:
                    rows.append(model.model_validate(row))
                except ValidationError as error:
                    line = reader.line_num
                    raise BadCountyFile(f"{path.name}, line {line}: {_faults(error)}") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadCountyFile(f"{path.name}: {error}") from error
    return rows


def _misfits(county: County) -> Iterator[str]:
    schemes = {scheme.id for scheme in county.schemes}
    towns = {village.town for village in county.villages}
    crews = {crew.id for crew in county.crews}
    yield from _twice("scheme", [scheme.id for scheme in county.schemes])
    yield from _twice("village", [village.code for village in county.villages])
    yield from _twice("crew", [crew.id for crew in county.crews])
    yield from _twice("staff", [staff.name for staff in county.staff])
    for thing, ids in (("scheme", schemes), ("crew", crews)):
        for each in sorted(ids):
            if not each.startswith(county.code):
                yield f"{thing} {each}: an id begins with the county's code"
    for village in county.villages:
        if village.scheme not in schemes:
            yield f"village {village.code}: no scheme {village.scheme}"
    for crew in county.crews:
        if crew.towns != "all":
            yield from (
                f"crew {crew.id}: no town {town}" for town in crew.towns if town not in towns
            )
    for staff in county.staff:
        if staff.crew is not None and staff.crew not in crews:
            yield f"staff {staff.name}: no crew {staff.crew}"
        if staff.role is Role.CREW and staff.crew is None:
            yield f"staff {staff.name}: which crew?"


def _twice(thing: str, names: Sequence[str]) -> Iterator[str]:
    yield from (f"{thing} {name} stands twice" for name, n in Counter(names).items() if n > 1)


def _minute(clock: str) -> int:
    if clock == "24:00":
        return 1440
    at = time.fromisoformat(clock)
    return at.hour * 60 + at.minute


def _faults(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, fault['loc'])) or 'the file'}: {fault['msg']}"
        for fault in error.errors(include_url=False, include_input=False)
    )
