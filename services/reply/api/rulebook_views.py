"""What the routes of policies and calendar answer."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel

from services.reply.handlers.rulebook_preview import Preview
from services.reply.models import RulebookEffect, RulebookVersion
from services.reply.rules.calendar_days import DayKind
from services.reply.rules.deadlines import Stage
from services.reply.rules.recount import Effect


class VersionSummary(BaseModel):
    number: int
    saved_at: datetime
    saved_by: str | None
    """None: taken over from the shipped file."""
    note: str
    effect: dict[str, int] | None = None
    """What counting the open complaints by it did (rules/recount.py, Effect); None: nothing yet."""


class RulebookPart(VersionSummary):
    """The newest version."""

    content: str
    parsed: Any
    """The same as JSON; dates as they are written."""
    shipped_differs: bool
    """A release brought another default, and what was saved here stays."""
    being_counted: bool
    """Some open complaints are still counted by the version before."""
    versions: list[VersionSummary]


class Version(VersionSummary):
    content: str
    differences: list[str]
    """Lines of a unified diff from the version before; the first 400."""


class Saved(BaseModel):
    number: int


class Composed(BaseModel):
    """A text to look at, and to save."""

    based_on: int
    content: str


class Group(BaseModel):
    stage: Stage
    platform: str
    moved: int
    missed: int


class MovedView(BaseModel):
    complaint_id: str
    external_id: str
    platform: str
    stage: Stage
    old_due_at: datetime
    new_due_at: datetime
    missed: bool


class PreviewView(BaseModel):
    open: int
    looked_at: int
    """Fewer than `open` where time ran out: the newest ones, and the figures are at least."""
    effect: dict[str, int]
    groups: list[Group]
    first: list[MovedView]


class Day(BaseModel):
    date: date
    kind: DayKind
    part: str | None
    """Of a closure: day, morning or afternoon."""
    reason: str | None


class Year(BaseModel):
    year: int
    published: bool
    notice: str
    office_hours: list[str]
    days: list[Day]


def summary_of(version: RulebookVersion, effects: dict[int, RulebookEffect]) -> dict[str, Any]:
    effect = effects.get(version.number)
    return {
        "number": version.number,
        "saved_at": version.saved_at,
        "saved_by": version.saved_by,
        "note": version.note,
        "effect": effect and {name: getattr(effect, name) for name in Effect._fields},
    }


def view_of(seen: Preview) -> PreviewView:
    return PreviewView(
        open=seen.open,
        looked_at=seen.looked_at,
        effect=seen.effect._asdict(),
        groups=[
            Group(stage=stage, platform=platform, moved=moved, missed=seen.missed[stage, platform])
            for (stage, platform), moved in sorted(seen.moved.items(), key=_by_stage)
        ],
        first=[
            MovedView(
                complaint_id=each.complaint.id,
                external_id=each.complaint.external_id,
                platform=each.complaint.platform,
                stage=each.moved.stage,
                old_due_at=each.moved.before,
                new_due_at=each.moved.after,
                missed=each.moved.is_missed,
            )
            for each in seen.first
        ],
    )


_ORDER: Sequence[Stage] = tuple(Stage)


def _by_stage(group: tuple[tuple[Stage, str], int]) -> tuple[int, str]:
    (stage, platform), _ = group
    return _ORDER.index(stage), platform
