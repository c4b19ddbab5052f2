"""Why an asset stands where it stands, in a sentence a supervisor can check."""

from collections.abc import Mapping
from datetime import date

from .asset_ranking import RankedAsset, Trend

_TRENDS: Mapping[tuple[str, Trend], str] = {
    ("zh", Trend.WORSENING): "故障越来越密（趋势检验 p={p:.3f}）",
    ("zh", Trend.IMPROVING): "故障越来越疏（趋势检验 p={p:.3f}）",
    ("en", Trend.WORSENING): "fails more and more often (trend test p={p:.3f})",
    ("en", Trend.IMPROVING): "fails less and less often (trend test p={p:.3f})",
}


def reason_of(ranked: RankedAsset, as_of: date, language: str = "zh") -> str:
    """The facts behind the rank: failures, the last one, age, material, trend."""
    parts = (_chinese if language == "zh" else _english)(ranked, as_of)
    if ranked.trend_p is not None and (language, ranked.trend) in _TRENDS:
        parts.append(_TRENDS[language, ranked.trend].format(p=ranked.trend_p))
    return ("；" if language == "zh" else "; ").join(parts)


def _chinese(ranked: RankedAsset, as_of: date) -> list[str]:
    asset = ranked.asset
    if ranked.last_failed_on is None:
        parts = ["没有故障记录"]
    else:
        days = (as_of - ranked.last_failed_on).days
        parts = [
            f"累计故障 {ranked.failures} 次，近一年 {ranked.recent_failures} 次，"
            f"最近一次在 {days} 天前"
        ]
    if asset.installed_year is not None:
        parts.append(f"{asset.installed_year} 年建成，已用 {as_of.year - asset.installed_year} 年")
    if asset.material:
        parts.append(f"材质 {asset.material}")
    if asset.length_m:
        parts.append(f"长 {asset.length_m:.0f} 米")
    if asset.population:
        parts.append(f"供水 {asset.population:.0f} 人")
    return parts


def _english(ranked: RankedAsset, as_of: date) -> list[str]:
    asset = ranked.asset
    if ranked.last_failed_on is None:
        parts = ["no failure on record"]
    else:
        days = (as_of - ranked.last_failed_on).days
        parts = [
            f"{ranked.failures} failures, {ranked.recent_failures} within a year,"
            f" the last one {days} days ago"
        ]
    if asset.installed_year is not None:
        parts.append(
            f"built in {asset.installed_year}, {as_of.year - asset.installed_year} years old"
        )
    if asset.material:
        parts.append(f"material {asset.material}")
    if asset.length_m:
        parts.append(f"{asset.length_m:.0f} m long")
    if asset.population:
        parts.append(f"serves {asset.population:.0f} people")
    return parts
