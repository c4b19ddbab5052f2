"""Which schemes of a county first: failures to be expected, times the people who drink there."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from shared.clock import SHANGHAI

from .failure_incidents import Incident, Repair, incidents_of
from .measures import Suggestion, suggestion
from .reliability.asset_history import Asset, make_history
from .reliability.asset_model import Foretold
from .reliability.asset_ranking import RankedAsset, rank

HORIZON_DAYS = 90
_YEAR = timedelta(days=365)
_COMMON_INCIDENTS = 5
"""A scheme's own mean of complaints an incident counts as much as the county's after so many."""


@dataclass(frozen=True, slots=True)
class SchemeFacts:
    id: str
    kind: str
    built_year: int
    people: int


@dataclass(frozen=True, slots=True)
class RankedScheme:
    """`people_affected`: expected failures times the people served; the order of the ranking."""

    scheme_id: str
    rank: int
    people_affected: float
    asset: RankedAsset
    complaints_expected: float
    times_back: int
    """Repairs within a year that did not hold for 48 hours."""
    hours_without_water: float
    """Within a year."""
    by_component: Mapping[str, int]
    """Incidents within a year, the most first."""
    suggested: Suggestion


@dataclass(frozen=True, slots=True)
class CountyRanking:
    schemes: Sequence[RankedScheme]
    model: Foretold | None
    """None: nothing has failed yet."""


def rank_schemes(
    schemes: Sequence[SchemeFacts], repairs: Iterable[Repair], now: datetime
) -> CountyRanking:
    """Every scheme, also those that never failed. Failures count as incidents, up to yesterday."""
    today = now.astimezone(SHANGHAI).date()
    incidents = [each for each in incidents_of(repairs) if _day(each) < today]
    if not incidents:
        return CountyRanking((), None)
    register = [
        Asset(scheme.id, scheme.built_year, float(scheme.people), None, scheme.kind)
        for scheme in schemes
    ]
    known = {scheme.id for scheme in schemes}
    failures = [(each.scheme_id, _day(each)) for each in incidents if each.scheme_id in known]
    ranking = rank(make_history(failures, today, {}, register), HORIZON_DAYS)
    facts = {scheme.id: scheme for scheme in schemes}
    of_scheme: dict[str, list[Incident]] = defaultdict(list)
    for incident in incidents:
        of_scheme[incident.scheme_id].append(incident)
    usual = sum(each.complaints for each in incidents) / len(incidents)
    order = sorted(
        ranking.assets,
        key=lambda each: (-each.expected * facts[each.asset.id].people, each.rank),
    )
    return CountyRanking(
        [
            _ranked(number, each, facts[each.asset.id], of_scheme[each.asset.id], usual, now)
            for number, each in enumerate(order, start=1)
        ],
        ranking.model,
    )


def _ranked(
    number: int,
    asset: RankedAsset,
    scheme: SchemeFacts,
    incidents: Sequence[Incident],
    usual_complaints: float,
    now: datetime,
) -> RankedScheme:
    recent = [each for each in incidents if each.failed_at > now - _YEAR]
    by_component = dict(Counter(each.component for each in recent).most_common())
    complaints = sum(each.complaints for each in incidents) + usual_complaints * _COMMON_INCIDENTS
    an_incident = complaints / (len(incidents) + _COMMON_INCIDENTS)
    return RankedScheme(
        scheme_id=scheme.id,
        rank=number,
        people_affected=asset.expected * scheme.people,
        asset=asset,
        complaints_expected=asset.expected * an_incident,
        times_back=sum(each.times_back for each in recent),
        hours_without_water=sum(each.hours_without_water for each in recent),
        by_component=by_component,
        suggested=suggestion(now.astimezone(SHANGHAI).year - scheme.built_year, by_component),
    )


def _day(incident: Incident) -> date:
    return incident.failed_at.astimezone(SHANGHAI).date()
