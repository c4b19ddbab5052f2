"""Which schemes first: incidents, suggestions, and the order."""

from datetime import UTC, datetime, timedelta

import pytest

from services.dispatch.rules.failure_incidents import Repair, incidents_of
from services.dispatch.rules.measures import Measure, Suggestion, suggestion
from services.dispatch.rules.scheme_ranking import SchemeFacts, rank_schemes

NOW = datetime(2026, 10, 12, 1, 30, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def _repair(
    days_ago: float,
    *,
    scheme: str = "old",
    component: str = "pump",
    village: str = "v1",
    hours: float = 6,
    complaints: int = 1,
    no_water: bool = False,
) -> Repair:
    failed_at = NOW - days_ago * DAY
    return Repair(
        scheme, component, village, failed_at, failed_at + hours * HOUR, f"w{days_ago:07.2f}",
        complaints, no_water,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("later", "incidents"),
    [
        (_repair(30 - 2.25), 1),  # 48 hours after the repair's end, exactly
        (_repair(30 - 2.26), 2),
        (_repair(30 - 0.1), 1),  # reported while the first was not repaired yet
        (_repair(29, component="tank"), 2),
        (_repair(29, village="v2"), 2),
        (_repair(29, scheme="young"), 2),
    ],
)
def test_what_comes_back_within_48_hours_is_the_same_incident(
    later: Repair, incidents: int
) -> None:
    assert len(incidents_of([later, _repair(30)])) == incidents


def test_one_bad_repair_after_another_is_still_one_incident() -> None:
    (incident,) = incidents_of([_repair(30), _repair(29), _repair(28, complaints=20)])
    assert (incident.times_back, incident.complaints) == (2, 22)
    assert incident.failed_at == NOW - 30 * DAY


def test_meters_of_different_households_are_not_one_incident() -> None:
    assert (
        len(incidents_of([_repair(30, component="meter"), _repair(29.9, component="meter")])) == 2
    )


def test_only_what_brought_no_water_counts_as_hours_without_it() -> None:
    (incident,) = incidents_of(
        [_repair(30, hours=5, no_water=True), _repair(29.5, hours=9, no_water=False)]
    )
    assert incident.hours_without_water == pytest.approx(5)


@pytest.mark.parametrize(
    ("age", "failures", "suggested"),
    [
        (30, {}, Suggestion(Measure.WATCH)),
        (30, {"pump": 2, "tank": 2}, Suggestion(Measure.WATCH)),
        (30, {"pump": 2, "tank": 2, "network": 2}, Suggestion(Measure.REPLAN_SCHEME)),
        (15, {"pump": 2, "tank": 2, "network": 2}, Suggestion(Measure.WATCH)),
        (5, {"pump": 3, "network": 1}, Suggestion(Measure.REPLACE_COMPONENT, "pump")),
        (5, {"pump": 1, "network": 4}, Suggestion(Measure.REPAIR_SECTION, "network")),
        (5, {"well": 3, "pump": 3}, Suggestion(Measure.REPLACE_COMPONENT, "pump")),
    ],
)
def test_what_is_suggested(age: int, failures: dict[str, int], suggested: Suggestion) -> None:
    assert suggestion(age, failures) == suggested


OLD = SchemeFacts("old", "千人", 1998, 1200)
YOUNG = SchemeFacts("young", "千人", 2019, 1500)
TINY = SchemeFacts("tiny", "分散", 2010, 40)


def test_what_fails_often_and_serves_many_comes_first() -> None:
    repairs = [_repair(days) for days in range(20, 400, 20)]
    repairs += [_repair(days, scheme="young", village="v9") for days in (60, 300)]
    repairs += [_repair(days, scheme="tiny", village="v5") for days in range(10, 400, 18)]
    ranking = rank_schemes([YOUNG, TINY, OLD], repairs, NOW)
    assert [each.scheme_id for each in ranking.schemes] == ["old", "young", "tiny"]
    first, second, last = ranking.schemes
    # The tiny scheme fails most often, but few people drink from it.
    assert last.asset.expected > second.asset.expected
    assert first.people_affected == pytest.approx(first.asset.expected * OLD.people)
    assert first.by_component == {"pump": 18}
    assert first.suggested == Suggestion(Measure.REPLACE_COMPONENT, "pump")
    assert second.complaints_expected == pytest.approx(second.asset.expected)


def test_a_storm_of_two_days_does_not_outrank_four_failures_over_a_season() -> None:
    storm = [
        _repair(100 - hours / 24, scheme="young", component="network", hours=2)
        for hours in range(6)
    ]
    season = [_repair(days, component="network") for days in (10, 35, 60, 99)]
    schemes = [OLD, SchemeFacts("young", "千人", 2019, 1200)]
    ranking = rank_schemes(schemes, storm + season, NOW)
    assert [each.scheme_id for each in ranking.schemes] == ["old", "young"]
    assert [each.asset.failures for each in ranking.schemes] == [4, 1]


def test_what_failed_today_waits_for_tomorrow() -> None:
    assert rank_schemes([OLD], [_repair(0.01)], NOW).schemes == ()
    assert rank_schemes([OLD], [_repair(0.01)], NOW + DAY).schemes[0].asset.failures == 1
