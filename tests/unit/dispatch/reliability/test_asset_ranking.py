"""Which assets first, on generated histories whose truth is known."""

from datetime import date, timedelta

import numpy as np
import pytest

from services.dispatch.rules.reliability.asset_history import Asset, History, make_history
from services.dispatch.rules.reliability.asset_ranking import Ranking, Trend, rank, season_factor
from services.dispatch.rules.reliability.ranking_reasons import reason_of

BEGAN = date(2020, 1, 1)
AS_OF = date(2026, 1, 1)
DAYS = (AS_OF - BEGAN).days
Failures = list[tuple[str, date]]


def _fail(random: np.random.Generator, asset_id: str, a_year: float, until: int) -> Failures:
    count = random.poisson(a_year * until / 365.25)
    return [
        (asset_id, BEGAN + timedelta(days=int(day))) for day in random.integers(0, until, count)
    ]


def _differing(seed: int, size: int = 1500) -> tuple[list[Asset], Failures, Failures]:
    """Mains whose rate depends on age, material and length, and on what nobody has measured.

    Returns the register, what failed before AS_OF, and in the two years after it.
    """
    random = np.random.default_rng(seed)
    register, before, after = [], [], []
    for number in range(size):
        age, length = int(random.integers(1, 50)), float(random.uniform(50, 800))
        brittle = bool(random.random() < 0.4)
        asset = Asset(f"M{number:04}", 2020 - age, None, "iron" if brittle else "pe", None, length)
        a_year = 0.05 * (age / 25) * (2.5 if brittle else 0.6) * length / 400
        a_year *= random.gamma(1.5, 1 / 1.5)
        register.append(asset)
        before += _fail(random, asset.id, a_year, DAYS)
        after += [
            (each, on + timedelta(days=DAYS)) for each, on in _fail(random, asset.id, a_year, 730)
        ]
    return register, before, after


def _ranked(history: History, horizon_days: int = 90) -> Ranking:
    return rank(history, horizon_days)


def _caught(order: list[str], later: Failures, share: float) -> float:
    top = set(order[: int(len(order) * share)])
    return sum(asset_id in top for asset_id, _ in later) / len(later)


def test_age_material_and_length_find_more_than_counting() -> None:
    gains = []
    for seed in (1, 2, 3):
        register, before, after = _differing(seed)
        ranking = _ranked(make_history(before, AS_OF, {}, register))
        assert ranking.model.used == "regression"
        counts = {asset.id: 0 for asset in register}
        for asset_id, _ in before:
            counts[asset_id] += 1
        counted = sorted(counts, key=lambda asset_id: -counts[asset_id])
        order = [each.asset.id for each in ranking.assets]
        gains.append(_caught(order, after, 0.05) / _caught(counted, after, 0.05))
    assert np.mean(gains) > 1.1


def test_every_asset_of_the_register_is_ranked_the_never_failed_ones_too() -> None:
    register, before, _ = _differing(4, size=80)
    ranking = _ranked(make_history(before, AS_OF, {}, register))
    assert sorted(each.asset.id for each in ranking.assets) == [asset.id for asset in register]
    assert [each.rank for each in ranking.assets] == list(range(1, 81))
    never = [each for each in ranking.assets if each.failures == 0]
    assert never
    assert all(0 < each.expected < ranking.assets[0].expected for each in never)


def test_what_comes_after_the_day_changes_nothing() -> None:
    register, before, after = _differing(5, size=60)
    without = _ranked(make_history(before, AS_OF, {}, register))
    with_later = _ranked(make_history(before + after, AS_OF, {}, register))
    assert without.assets == with_later.assets


def test_intervals_cover_what_then_fails() -> None:
    register, before, after = _differing(6)
    ranking = _ranked(make_history(before, AS_OF, {}, register), horizon_days=365)
    came = dict.fromkeys((asset.id for asset in register), 0)
    for asset_id, on in after:
        came[asset_id] += on < AS_OF + timedelta(days=365)
    covered = [each.low <= came[each.asset.id] <= each.high for each in ranking.assets]
    assert np.mean(covered) >= 0.88
    total = sum(each.expected for each in ranking.assets)
    assert total == pytest.approx(sum(came.values()), rel=0.3)


def test_a_county_whose_schemes_do_not_differ_raises_nobody() -> None:
    raised = 0
    for seed in range(12):
        random = np.random.default_rng(seed)
        register = [Asset(f"S{number:02}") for number in range(60)]
        failures = [each for asset in register for each in _fail(random, asset.id, 1.2, DAYS)]
        ranking = _ranked(make_history(failures, AS_OF, {}, register))
        raised += any(each.trend is Trend.WORSENING for each in ranking.assets)
        rates = [each.expected for each in ranking.assets]
        assert max(rates) < 2.5 * min(rates)
    assert raised <= 2


def test_a_scheme_that_worsens_stands_out_of_sixty_that_do_not() -> None:
    random = np.random.default_rng(8)
    failures = [each for number in range(60) for each in _fail(random, f"S{number:02}", 0.8, DAYS)]
    # Nearly all of its failures fall into the last year.
    failures += [("old", AS_OF - timedelta(days=days)) for days in (1700, *range(20, 320, 25))]
    ranking = _ranked(make_history(failures, AS_OF, {}))
    assert ranking.assets[0].asset.id == "old"
    assert ranking.assets[0].trend is Trend.WORSENING
    assert "越来越密" in reason_of(ranking.assets[0], AS_OF)


def test_a_short_history_says_what_it_used_and_why() -> None:
    failures = [("a", AS_OF - timedelta(days=days)) for days in (10, 40, 70)]
    failures.append(("b", AS_OF - timedelta(days=80)))
    ranking = _ranked(make_history(failures, AS_OF, {}))
    assert ranking.model.used == "shrunken rate"
    assert "less than 1 year" in ranking.model.why
    assert [each.asset.id for each in ranking.assets] == ["a", "b"]
    assert ranking.assets[1].trend is Trend.TOO_FEW
    assert ranking.assets[1].trend_p is None


def test_frost_is_expected_where_past_winters_had_it() -> None:
    random = np.random.default_rng(9)
    days = [
        day
        for year in range(2020, 2026)
        for day in (
            *(date(year, 1, int(random.integers(2, 28))) for _ in range(60)),
            *(date(year, int(random.integers(4, 10)), 1) for _ in range(30)),
        )
    ]
    failures = [(f"S{random.integers(0, 40)}", day) for day in days]
    history = make_history(failures, AS_OF, {})
    assert season_factor(history, 30) == 2.0
    autumn = make_history(failures, date(2025, 11, 1), {})
    assert season_factor(autumn, 30) < 0.6


def test_no_failure_before_the_day_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing failed"):
        make_history([("a", AS_OF)], AS_OF, {})
