"""What figures and codes are called in a report that is handed up: Chinese."""

from services.dispatch.console.language import Words
from services.dispatch.report.content import RATES, Report
from services.dispatch.rules.comparison import FEWEST, compare
from services.dispatch.rules.figures import Figures

_words = Words("zh")
_CODES = frozenset({"platform", "category", "stage", "missed_cause"})


def heading(figure: str) -> str:
    """Of one of content.TOTALS."""
    return _words(f"report.{figure}")


def title(breakdown: str, code_system: str = "") -> str:
    """Of one of content.BREAKDOWNS; official classes name their standard."""
    named = f"（{code_system}）" if code_system and breakdown == "official_class" else ""
    return _words(f"report.by_{breakdown}") + named


def value_of(kind: str, code: str) -> str:
    """The word for a month, town, platform, crew, category, stage or cause."""
    unknown = "cause.none" if kind == "missed_cause" else "report.unknown"
    return (_words.code(kind, code) if kind in _CODES else code) or _words(unknown)


def compared_period(earlier: Report) -> str:
    return f"{earlier.since:%Y年%m月%d日} 至 {earlier.until:%Y年%m月%d日}"


def too_few() -> str:
    return _words("report.too_few", fewest=FEWEST)


def amount(figure: str, value: float | None) -> str:
    if figure not in RATES:
        return str(value)
    return "—" if value is None else f"{value:.1%}"


def amount_and_earlier(
    figure: str, now: Figures, earlier: Figures | None, *, in_brief: bool = False
) -> str:
    """ "120（对比期 100，+20）", in brief "120 (100, +20)"; without a second period the value
    alone."""
    value = amount(figure, getattr(now, figure, None))
    if earlier is None:
        return value
    both = compare(figure, now, earlier)
    before = amount(figure, both.earlier)
    if figure not in RATES:
        difference = f"{both.difference:+d}"
    elif both.difference is None:
        difference = "—" if both.earlier is None or in_brief else too_few()
    else:
        points = f"{both.difference * 100:+.1f}"
        difference = points if in_brief else _words("report.points", points=points)
    if in_brief:
        return f"{value} ({before}, {difference})"
    return f"{value}（{_words('report.earlier')} {before}，{difference}）"
