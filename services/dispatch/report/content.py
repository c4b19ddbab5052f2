"""A county's report of a period, by the names that all its forms use."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from services.dispatch.rules.comparison import FEWEST, Line, compare, in_pairs
from services.dispatch.rules.figures import (
    DEFINITIONS,
    NOT_IN_TIME,
    ComplaintFact,
    Figures,
    StageResult,
    count,
    count_by,
)
from services.dispatch.rules.official_codes import STANDARD
from shared.clock import SHANGHAI

BREAKDOWNS: Mapping[str, Callable[[ComplaintFact], str]] = {
    "month": lambda fact: fact.month,
    "town": lambda fact: fact.town,
    "platform": lambda fact: fact.platform,
    "crew": lambda fact: fact.crew,
    "category": lambda fact: fact.category,
    "official_class": lambda fact: fact.official_class,
}
_MISSED = frozenset({StageResult.MISSED})
SELECTIONS: Mapping[str, Callable[[ComplaintFact], bool]] = {
    "complaints": lambda fact: fact.is_ours,
    "not_ours": lambda fact: not fact.is_ours,
    "chased": lambda fact: fact.is_ours and fact.chases > 0,
    "late": lambda fact: fact.is_ours and fact.is_late,
    "provisional": lambda fact: fact.is_ours and fact.is_provisional,
    "paused": lambda fact: fact.is_ours and fact.was_paused,
    "response_rate": lambda fact: fact.is_ours and fact.became("first_contact", _MISSED),
    "resolve_rate": lambda fact: fact.is_ours and fact.became("resolve", _MISSED),
    "reply_in_time_rate": lambda fact: fact.is_ours and fact.became("reply", NOT_IN_TIME),
    "satisfaction_rate": lambda fact: fact.is_ours and fact.satisfied is False,
    "evaluated": lambda fact: fact.is_ours and fact.satisfied is not None,
    "reworked": lambda fact: fact.is_ours and fact.reworks > 0,
}
"""The complaints behind each figure; behind a rate, those that are missing to 100 %."""


def is_late_because(fact: ComplaintFact, cause: str) -> bool:
    """One of its late stages has this cause; empty: one has none."""
    return any(each.cause == cause for each in fact.stages if each.result in NOT_IN_TIME)


TOTALS = (
    "complaints",
    "not_ours",
    "chased",
    "late",
    "provisional",
    "paused",
    "response_rate",
    "resolve_rate",
    "reply_in_time_rate",
    "satisfaction_rate",
    "evaluated",
    "reworked",
)

RATES = tuple(name for name in TOTALS if name.endswith("_rate"))
"""Shares of 1; the other figures are counts."""


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
    cause: str


@dataclass(frozen=True, slots=True)
class Report:
    """`until` is the last day. `made_at` says as of when. `earlier`: what it is compared with."""

    county: str
    since: date
    until: date
    made_at: datetime
    total: Figures
    by: Mapping[str, Sequence[tuple[str, Figures]]]
    late: Sequence[LateStage]
    earlier: "Report | None" = None
    code_system: str = STANDARD
    """The standard of its official classes."""

    def lines(self, breakdown: str) -> Sequence[Line]:
        """Of one of BREAKDOWNS, with the earlier period's beside them."""
        earlier = self.earlier.by[breakdown] if self.earlier else None
        return in_pairs(self.by[breakdown], earlier, by_position=breakdown == "month")

    @property
    def late_by_cause(self) -> Sequence[tuple[str, int]]:
        """Late complaints by the cause that a person gave, the most frequent first; with two
        causes it counts in both."""
        causes = {(line.complaint_id, line.cause) for line in self.late}
        return sorted(Counter(cause for _, cause in causes).items(), key=lambda one: (-one[1], one))


def period(since: date, until: date) -> tuple[datetime, datetime]:
    """From the first instant of `since` to before the first after `until`, Shanghai time."""
    return _midnight(since), _midnight(until + timedelta(days=1))


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)


def make_report(
    facts: Sequence[ComplaintFact],
    county: str,
    since: date,
    until: date,
    made_at: datetime,
    earlier: Report | None = None,
    code_system: str = STANDARD,
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
                cause=stage.cause,
            )
            for fact in ours
            for stage in fact.stages
            if stage.result in NOT_IN_TIME
        ],
        earlier=earlier,
        code_system=code_system,
    )


def totals_of(figures: Figures) -> dict[str, Any]:
    """By the names of TOTALS; None: nothing is counted yet."""
    return {name: getattr(figures, name, None) for name in TOTALS}


def as_json(report: Report) -> dict[str, Any]:
    """Every figure by name, and its definition. Times are ISO 8601, Shanghai."""
    return {
        "county": report.county,
        "from": report.since.isoformat(),
        "to": report.until.isoformat(),
        "made_at": _shanghai(report.made_at),
        "code_system": report.code_system,
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
                "cause": line.cause,
            }
            for line in report.late
        ],
        "late_by_cause": [
            {"cause": cause, "complaints": number} for cause, number in report.late_by_cause
        ],
        "compared": _compared(report, report.earlier) if report.earlier else None,
        "definitions": {name: {"zh": zh, "en": en} for name, (zh, en) in DEFINITIONS.items()},
    }


def _compared(report: Report, earlier: Report) -> dict[str, Any]:
    """Each figure of both periods: value, earlier, difference, change, too_few."""

    def figures(now: Figures, before: Figures) -> dict[str, Any]:
        return {name: asdict(compare(name, now, before)) for name in TOTALS}

    return {
        "from": earlier.since.isoformat(),
        "to": earlier.until.isoformat(),
        "fewest": FEWEST,
        **figures(report.total, earlier.total),
        **{
            f"by_{name}": [
                {
                    name: line.value,
                    f"earlier_{name}": line.earlier_value,
                    **figures(line.figures, line.earlier),
                }
                for line in report.lines(name)
                if line.earlier
            ]
            for name in BREAKDOWNS
        },
        "late_by_cause": [
            {"cause": cause, "complaints": number} for cause, number in earlier.late_by_cause
        ],
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
