"""What figures and codes are called in a report that is handed up: Chinese."""

from services.dispatch.console.language import Words

_words = Words("zh")
_CODES = frozenset({"platform", "category", "stage"})


def heading(figure: str) -> str:
    """Of one of content.TOTALS."""
    return _words(f"report.{figure}")


def title(breakdown: str) -> str:
    """Of one of content.BREAKDOWNS."""
    return _words(f"report.by_{breakdown}")


def value_of(kind: str, code: str) -> str:
    """The word for a month, town, platform, crew, category or stage."""
    return (_words.code(kind, code) if kind in _CODES else code) or _words("report.unknown")


def percent(rate: float | None) -> str:
    return "—" if rate is None else f"{rate:.1%}"
