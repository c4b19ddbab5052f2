"""Failures of past years from an office's spreadsheet: columns guessed, rows checked."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from pathlib import Path

from shared.spreadsheets import CannotRead, rows_of
from shared.vocabulary import Component

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "scheme": ("scheme", "scheme_id", "工程", "工程名称", "供水工程", "水厂", "水厂名称"),
    "component": ("component", "部位", "故障部位", "设施", "设施类型", "部件"),
    "failed_on": ("failed_on", "故障日期", "故障时间", "报修日期", "报修时间", "发生日期", "日期"),
    "repaired_on": ("repaired_on", "修复日期", "修复时间", "完成日期", "完成时间", "维修日期"),
    "village": ("village", "村", "村庄", "村名", "行政村", "地点"),
    "complaints": ("complaints", "诉求数", "诉求件数", "来电数", "报修户数"),
    "number": ("number", "编号", "工单号", "工单编号", "序号"),
    "note": ("note", "说明", "备注", "故障情况", "处理情况", "维修内容"),
}
NEEDED = ("scheme", "component", "failed_on")
_COMPONENT_WORDS: Mapping[Component, tuple[str, ...]] = {
    Component.WELL: ("水源井", "水井", "机井", "井"),
    Component.PUMP: ("水泵", "潜水泵", "泵"),
    Component.ELECTRICAL: ("电气", "电控", "配电", "变频", "电机", "线路"),
    Component.DISINFECTION: ("消毒设备", "消毒", "加药"),
    Component.TANK: ("水池", "水塔", "蓄水池", "清水池", "高位水池"),
    Component.NETWORK: ("管网", "管道", "主管", "主管道", "支管", "干管"),
    Component.METER: ("水表", "表"),
    Component.SERVICE_LINE: ("入户", "入户管", "户管"),
}
_COMPONENTS = {
    word: component
    for component, words in _COMPONENT_WORDS.items()
    for word in (component.value, *words)
}
_DAY = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[\sT].*)?|(\d{4})(\d{2})(\d{2})"
)
_EARLIEST = date(1950, 1, 1)
_MOST_COMPLAINTS = 100_000


@dataclass(frozen=True, slots=True)
class PastRow:
    scheme_id: str
    component: str
    failed_on: date
    repaired_on: date
    village: str
    complaints: int
    number: str
    note: str


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that is left out; `why` is in both languages."""

    row: int
    why: str


@dataclass(slots=True)
class HistoryFile:
    columns: Mapping[str, str]
    """What each of COLUMNS is called in the file."""
    rows: list[PastRow] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)


class _Bad(ValueError):
    """Why a row cannot be used."""


def read_table(path: Path) -> Sequence[tuple[int, list[str]]]:
    """Its rows with their numbers, the header first. Raises CannotRead where it is no table or
    lacks a column that is needed, and OSError."""
    table = list(rows_of(path))
    positions = _positions(table[0][1] if table else [])
    if missing := [name for name in NEEDED if name not in positions]:
        wanted = "; ".join(f"{name} ({COLUMNS[name][2]})" for name in missing)
        raise CannotRead(f"缺少列 missing column: {wanted}: {path}")
    return table


def read_history(
    table: Sequence[tuple[int, list[str]]], schemes: Mapping[str, str], today: date
) -> HistoryFile:
    """`table`: as `read_table` gives it. `schemes`: names by id; a file may give either."""
    (_, header), *rows = table
    positions = _positions(header)
    found = HistoryFile({name: header[position] for name, position in positions.items()})
    find_scheme = _scheme_finder(schemes)
    for number, cells in rows:
        row = {
            name: cells[position] if position < len(cells) else ""
            for name, position in positions.items()
        }
        try:
            found.rows.append(_past_row(row, find_scheme, today))
        except _Bad as bad:
            found.bad.append(BadRow(number, str(bad)))
    return found


def _positions(header: Sequence[str]) -> dict[str, int]:
    plain = [_plain(cell) for cell in header]
    return {
        name: plain.index(known)
        for name, words in COLUMNS.items()
        if (known := next((word for word in words if word in plain), None)) is not None
    }


def _plain(text: str) -> str:
    return re.sub(r"[\s*]|\(.*?\)", "", unicodedata.normalize("NFKC", text)).lower()


def _past_row(row: Mapping[str, str], find_scheme: Callable[[str], str], today: date) -> PastRow:
    failed_on = _day_of(row["failed_on"], today)
    written = row.get("repaired_on", "")
    repaired_on = _day_of(written, today) if written else failed_on
    if repaired_on < failed_on:
        raise _Bad(f"修复早于故障 repaired before it failed: {row['failed_on']} {written}")
    return PastRow(
        scheme_id=find_scheme(row["scheme"]),
        component=_component_of(row["component"]).value,
        failed_on=failed_on,
        repaired_on=repaired_on,
        village=row.get("village", "")[:100],
        complaints=_complaints_of(row.get("complaints", "")),
        number=row.get("number", "")[:100],
        note=row.get("note", "")[:500],
    )


def _scheme_finder(schemes: Mapping[str, str]) -> Callable[[str], str]:
    by_word = {_plain(name): scheme_id for scheme_id, name in schemes.items()}
    by_word |= {_plain(scheme_id): scheme_id for scheme_id in schemes}

    def find(written: str) -> str:
        if not written:
            raise _Bad("没有写工程 no scheme")
        if (found := by_word.get(_plain(written))) is not None:
            return found
        like = get_close_matches(_plain(written), by_word, n=1, cutoff=0.6)
        meant = f"；是不是 perhaps {schemes[by_word[like[0]]]}" if like else ""
        raise _Bad(f"没有这处工程 no such scheme: {written}{meant}")

    return find


def _component_of(written: str) -> Component:
    plain = _plain(written)
    if (exact := _COMPONENTS.get(plain)) is not None:
        return exact
    # The longest word it holds: 入户管道 is a service line rather than the network.
    held: Iterable[str] = sorted((word for word in _COMPONENTS if word in plain), key=len)
    if (word := next(iter(reversed(list(held))), None)) is not None and len(word) > 1:
        return _COMPONENTS[word]
    raise _Bad(f"不认识的部位 unknown component: {written or '—'}")


def _day_of(written: str, today: date) -> date:
    found = _DAY.fullmatch(written.strip())
    if found is None:
        raise _Bad(f"不是日期 not a day: {written or '—'}")
    try:
        result = date(*(int(part) for part in found.groups() if part is not None))
    except ValueError:
        raise _Bad(f"没有这一天 no such day: {written}") from None
    if not _EARLIEST <= result <= today:
        raise _Bad(f"日期不对 a day that cannot be: {written}")
    return result


def _complaints_of(written: str) -> int:
    if not written:
        return 1
    if not written.isdecimal() or int(written) > _MOST_COMPLAINTS:
        raise _Bad(f"诉求数不是整数 complaints are no number: {written}")
    return int(written)
