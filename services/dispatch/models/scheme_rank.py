"""Which schemes first: the newest ranking of each county, written anew as a whole."""

from datetime import date
from typing import TYPE_CHECKING, Annotated

from sqlalchemy import Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from shared.columns import Moment

from .base import DispatchTable

if TYPE_CHECKING:  # it imports numpy, which nothing else here needs
    from services.dispatch.rules.scheme_ranking import RankedScheme


class SchemeRank(DispatchTable, table=True):
    """One scheme in its county's ranking; see RankedScheme and RankedAsset."""

    __tablename__ = "scheme_rank"
    __table_args__ = (Index("scheme_rank_listed", "county", "rank"),)

    scheme_id: str = Field(primary_key=True, foreign_key="scheme.id")
    county: str
    rank: int
    people_affected: float
    expected: float
    low: float
    high: float
    complaints_expected: float
    trend: str
    """A reliability.Trend."""
    trend_p: float | None
    failures: int
    recent_failures: int
    last_failed_on: date | None
    times_back: int
    hours_without_water: float
    by_component: Annotated[dict[str, int], Field(sa_type=JSONB)]
    measure: str
    """A rules.measures.Measure."""
    measure_component: str | None

    @classmethod
    def of(cls, county: str, ranked: "RankedScheme") -> "SchemeRank":
        return cls(
            scheme_id=ranked.scheme_id,
            county=county,
            rank=ranked.rank,
            people_affected=ranked.people_affected,
            expected=ranked.asset.expected,
            low=ranked.asset.low,
            high=ranked.asset.high,
            complaints_expected=ranked.complaints_expected,
            trend=ranked.asset.trend.value,
            trend_p=ranked.asset.trend_p,
            failures=ranked.asset.failures,
            recent_failures=ranked.asset.recent_failures,
            last_failed_on=ranked.asset.last_failed_on,
            times_back=ranked.times_back,
            hours_without_water=ranked.hours_without_water,
            by_component=dict(ranked.by_component),
            measure=ranked.suggested.measure.value,
            measure_component=ranked.suggested.component,
        )


class RankingRun(DispatchTable, table=True):
    """When a county was ranked, by what; what its history held then, so that news is noticed."""

    __tablename__ = "ranking_run"

    county: str = Field(primary_key=True)
    ranked_at: Moment
    ranked_on: date
    """Shanghai's day: a ranking counts up to the day before."""
    failures: int
    past_failures: int
    newest_repair_at: Moment | None
    used: str
    """`regression` or `shrunken rate`; `nothing` where nothing has failed yet."""
    why: str
