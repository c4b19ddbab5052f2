"""A county's report of a period, by the names that all its forms use."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from services.dispatch.rules.figures import (
    DEFINITIONS,
    NOT_IN_TIME,
    ComplaintFact,
    Figures,
    StageResult,
    count,
    count_by,
)
from shared.clock import SHANGHAI

BREAKDOWNS: Mapping[str, Callable[[ComplaintFact], str]] = {
    "month": lambda fact: fact.month,
    "town": lambda fact: fact.town,
    "platform": lambda fact: fact.platform,
    "crew": lambda fact: fact.crew,
    "category": lambda fact: fact.category,
}
_MISSED = frozenset({StageResult.MISSED})
SELECTIONS: Mapping[str, Callable[[ComplaintFact], bool]] = {
    "complaints": lambda fact: fact.is_ours,
    "not_ours": lambda fact: not fact.is_ours,
    "chased": lambda fact: fact.is_ours and fact.chases > 0,
    "late": lambda fact: fact.is_ours and fact.is_late,
    "provisional": lambda fact: fact.is_ours and fact.is_provisional,
    "response_rate": lambda fact: fact.is_ours and fact.became("first_contact", _MISSED),
    "resolve_rate": lambda fact: fact.is_ours and fact.became("resolve", _MISSED),
    "reply_in_time_rate": lambda fact: fact.is_ours and fact.became("reply", NOT_IN_TIME),
}
"""The complaints behind each figure; behind a rate, those that are missing to 100 %."""
TOTALS = (
    "complaints",
    "not_ours",
    "chased",
    "late",
    "provisional",
    "response_rate",
    "resolve_rate",
    "reply_in_time_rate",
    "satisfaction_rate",
)


@dataclass(frozen=True, slots=True)
class LateStage:
    """One line of the list of what was late, or is."""

    complaint_id: str
    external_id: str
    platform: str
    town: str
    category: str
    crew: str
    stage: str
    due_at: datetime
    met_at: datetime | None


@dataclass(frozen=True, slots=True)
class Report:
    """`until` is the last day. `made_at` says as of when."""

    county: str
    since: date
    until: date
    made_at: datetime
    total: Figures
    by: Mapping[str, Sequence[tuple[str, Figures]]]
    late: Sequence[LateStage]


def period(since: date, until: date) -> tuple[datetime, datetime]:
    """From the first instant of `since` to before the first after `until`, Shanghai time."""
    return _midnight(since), _midnight(until + timedelta(days=1))


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)


def make_report(
    facts: Sequence[ComplaintFact], county: str, since: date, until: date, made_at: datetime
) -> Report:
    ours = [fact for fact in facts if fact.is_ours]
    return Report(
        county=county,
        since=since,
        until=until,
        made_at=made_at,
        total=count(facts),
        by={name: count_by(facts, key) for name, key in BREAKDOWNS.items()},
        late=[
            LateStage(
                complaint_id=fact.complaint_id,
                external_id=fact.external_id,
                platform=fact.platform,
                town=fact.town,
                category=fact.category,
                crew=fact.crew,
                stage=stage.stage,
                due_at=stage.due_at,
                met_at=stage.met_at,
            )
            for fact in ours
            for stage in fact.stages
            if stage.result in NOT_IN_TIME
        ],
    )


def totals_of(figures: Figures) -> dict[str, Any]:
    """By the names of TOTALS. Nobody asks residents yet: the satisfaction rate is empty."""
    return {name: getattr(figures, name, None) for name in TOTALS}


def as_json(report: Report) -> dict[str, Any]:
    """Every figure by name, and its definition. Times are ISO 8601, Shanghai."""
    return {
        "county": report.county,
        "from": report.since.isoformat(),
        "to": report.until.isoformat(),
        "made_at": _shanghai(report.made_at),
        **totals_of(report.total),
        "stages": _stages(report.total),
        **{
            f"by_{name}": [
                {name: value, **totals_of(figures), "stages": _stages(figures)}
                for value, figures in groups
            ]
            for name, groups in report.by.items()
        },
        "late_stages": [
            {
                "complaint_id": line.complaint_id,
                "external_id": line.external_id,
                "platform": line.platform,
                "stage": line.stage,
                "due_at": _shanghai(line.due_at),
                "met_at": _shanghai(line.met_at) if line.met_at else None,
            }
            for line in report.late
        ],
        "definitions": {name: {"zh": zh, "en": en} for name, (zh, en) in DEFINITIONS.items()},
    }


def _stages(figures: Figures) -> dict[str, dict[str, int]]:
    return {
        name: {
            "in_time": stage.in_time,
            "late": stage.late,
            "missed": stage.missed,
            "pending": stage.pending,
        }
        for name, stage in figures.stages.items()
    }


def _shanghai(at: datetime) -> str:
    return at.astimezone(SHANGHAI).isoformat(timespec="seconds")
