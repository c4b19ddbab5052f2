"""The work calendars of all counties, from one YAML file (policies/work_calendar.yaml)."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, time, timedelta
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from shared.yaml_file import Unusable, content_of, parse_yaml, read_text

from .rules.calendar import (
    FIRST_YEAR,
    LAST_YEAR,
    CalendarYear,
    Closure,
    OfficeHours,
    Part,
    WorkCalendar,
    WorkDays,
)
from .yaml_edit import put

SHIPPED = Path(__file__).parent / "policies" / "work_calendar.yaml"


@dataclass(frozen=True, slots=True)
class Calendars:
    """One calendar a county; the working days are the same for all but for local closures."""

    default: WorkCalendar
    by_county: Mapping[str, WorkCalendar]
    years: Mapping[int, CalendarYear]
    notices: Mapping[int, str]
    """Which notice a year is from, and what is said of it."""
    closures: Mapping[str, Sequence[Closure]]

    def of(self, county: str | None) -> WorkCalendar:
        return self.default if county is None else self.by_county.get(county, self.default)


def load_calendars(path: Path = SHIPPED) -> Calendars:
    """Those of a file. Raises FileInvalid, which names line and field."""
    return parse_calendars(read_text(path), path.name)


def parse_calendars(text: str, name: str = SHIPPED.name) -> Calendars:
    """Raises FileInvalid, which names line and field."""
    written = parse_yaml(text, _CalendarFile, name)
    years = {
        number: CalendarYear(
            year=number,
            published=year.published,
            holidays=frozenset().union(*year.holidays),
            make_up_workdays=frozenset().union(*year.make_up_workdays),
        )
        for number, year in written.years.items()
    }
    days = WorkDays(years.values())

    def calendar_of(county: _County) -> WorkCalendar:
        closures = county.as_closures()
        whole = [each.day for each in closures if each.part is Part.DAY]
        return WorkCalendar(
            WorkDays(years.values(), whole) if whole else days,
            county.office_hours or written.office_hours,
            written.day_ends_at,
            ((each.day, each.part) for each in closures if each.part is not Part.DAY),
        )

    return Calendars(
        default=WorkCalendar(days, written.office_hours, written.day_ends_at),
        by_county={code: calendar_of(county) for code, county in written.counties.items()},
        years=years,
        notices={
            number: " ".join(filter(None, (year.notice, year.note)))
            for number, year in written.years.items()
        },
        closures={code: county.as_closures() for code, county in written.counties.items()},
    )


def _read_clock(written: object) -> time | None:
    """A time of day; None stands for 24:00."""
    if written == "24:00":
        return None
    # Without quotes, YAML reads 17:30 as the number 1050.
    if isinstance(written, str):
        with suppress(ValueError):
            return time.fromisoformat(written)
    raise Unusable(
        '时刻须加引号，如 "24:00" 或 "17:30"',
        'write a time of day in quotes, such as "24:00" or "17:30"',
    )


def _read_office_hours(written: object) -> OfficeHours:
    sittings = []
    for sitting in written if isinstance(written, list) else [written]:
        opens, _, closes = str(sitting).partition("-")
        try:
            first, last = time.fromisoformat(opens), time.fromisoformat(closes)
        except ValueError:
            raise Unusable(
                f"“{sitting}”不是时段，应写作 09:00-12:00",
                f'"{sitting}" is not a period such as "09:00-12:00"',
            ) from None
        sittings.append((first, last))
    try:
        return OfficeHours(sittings)
    except ValueError as error:
        raise Unusable("办公时段须按先后写，不得重叠或为空", str(error)) from None


def _read_days(written: object) -> frozenset[date]:
    first, _, last = str(written).partition("..")
    try:
        start = date.fromisoformat(first)
        length = (date.fromisoformat(last) - start).days + 1 if last else 1
    except ValueError:
        length = 0
    if length < 1:
        raise Unusable(
            f"“{written}”不是日期或时段，应写作 2026-05-01 或 2026-05-01..2026-05-05",
            f'"{written}" is not a day or a period such as 2026-05-01 or 2026-05-01..2026-05-05',
        )
    return frozenset(start + timedelta(days=more) for more in range(length))


def _read_make_up_days(written: object) -> frozenset[date]:
    days = _read_days(written)
    if weekdays := [day for day in sorted(days) if day.weekday() < 5]:
        raise Unusable(
            f"{weekdays[0]} 不是周六或周日，谈不上调休上班",
            f"{weekdays[0]} is no Saturday or Sunday, so nobody makes it up",
        )
    return days


_OfficeHours = Annotated[OfficeHours, BeforeValidator(_read_office_hours)]
_Days = Annotated[frozenset[date], BeforeValidator(_read_days)]
_MakeUpDays = Annotated[frozenset[date], BeforeValidator(_read_make_up_days)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class _Year(_Strict):
    published: bool
    holidays: tuple[_Days, ...]
    make_up_workdays: tuple[_MakeUpDays, ...]
    notice: str = ""
    """The number of the notice it is from."""
    note: str = ""

    @model_validator(mode="after")
    def no_day_is_both(self) -> Self:
        make_up: frozenset[date] = frozenset().union(*self.make_up_workdays)
        if both := make_up & frozenset().union(*self.holidays):
            raise Unusable(
                f"{min(both)} 既是放假日又是调休上班日",
                f"{min(both)} is both a holiday and a make-up workday",
            )
        return self


class _Closure(_Strict):
    days: _Days
    part: Part = Part.DAY
    reason: Annotated[str, Field(min_length=1, max_length=200)]


class _County(_Strict):
    office_hours: _OfficeHours | None = None
    """None: those of all counties."""
    closures: tuple[_Closure, ...] = ()

    def as_closures(self) -> list[Closure]:
        """By day, one for each; a morning and an afternoon make a day."""
        found: dict[date, Closure] = {}
        for each in self.closures:
            for day in sorted(each.days):
                before = found.get(day)
                part = each.part if before is None or before.part is each.part else Part.DAY
                found[day] = Closure(day, part, each.reason)
        return [found[day] for day in sorted(found)]


class Notice(_Strict):
    """A year's holidays as the State Council publishes them. Days of the December before may be
    among them: 2018-12-29 was made a workday by the notice for 2019."""

    year: Annotated[int, Field(ge=FIRST_YEAR + 1, le=LAST_YEAR)]
    notice: Annotated[str, Field(min_length=1, max_length=200)]
    """Its number, or where it was published."""
    holidays: Annotated[tuple[_Days, ...], Field(min_length=1)]
    make_up_workdays: tuple[_MakeUpDays, ...]
    note: str = ""

    @model_validator(mode="after")
    def days_are_of_the_year(self) -> Self:
        for day in sorted(frozenset().union(*self.holidays, *self.make_up_workdays)):
            if not date(self.year - 1, 12, 1) <= day <= date(self.year, 12, 31):
                raise Unusable(
                    f"{day} 不属于 {self.year} 年的通知", f"{day} is no day of {self.year}"
                )
        return self


def with_notice(calendar: str, notice: str, name: str = "notice") -> str:
    """The calendar with this year published. Raises FileInvalid."""
    parsed = parse_yaml(notice, Notice, name)
    year = {**content_of(notice), "published": True}
    del year["year"]
    return put(calendar, ("years", str(parsed.year)), year)


class _CalendarFile(_Strict):
    office_hours: _OfficeHours
    day_ends_at: Annotated[time | None, BeforeValidator(_read_clock)]
    unverified: bool
    """The office hours are nobody's yet: every county sets its own."""
    counties: dict[Annotated[str, Field(pattern=r"^\d{6}$")], _County]
    years: dict[Annotated[int, Field(ge=FIRST_YEAR, le=LAST_YEAR)], _Year]
