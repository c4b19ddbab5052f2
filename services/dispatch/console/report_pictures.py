"""The pictures of a report's page: a table with the same numbers stands below them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from services.dispatch.console.charts import Picture, Series, bars, columns, lines
from services.dispatch.console.language import Words
from services.dispatch.report.content import RATES, Report
from services.dispatch.rules.comparison import Line

_TOWNS_DRAWN = 30
_Values = Sequence[tuple[float | None, float | None]]
"""Beside each label: this period's, and the earlier one's."""


@dataclass(frozen=True, slots=True)
class Drawn:
    id: str
    title: str
    svg: Markup


def pictures(report: Report, words: Words) -> Sequence[Drawn]:
    """Those of which nothing is known are left out."""
    frame = _Frame(report, words)
    months = report.lines("month")
    labels = [line.value or line.earlier_value for line in months]
    towns = sorted(report.lines("town"), key=lambda line: -line.figures.complaints)[:_TOWNS_DRAWN]
    names = [line.value or words("report.unknown") for line in towns]
    causes = _causes(report)
    said = [words.code("missed_cause", cause) or words("cause.none") for cause in causes]
    drawn = [
        frame.draw(columns, "month", labels, _of(months, "complaints")),
        *(frame.draw(lines, rate, labels, _of(months, rate), is_rate=True) for rate in RATES),
        frame.draw(bars, "town", names, _of(towns, "complaints")),
        frame.draw(bars, "cause", said, list(causes.values())),
    ]
    return [each for each in drawn if each is not None]


@dataclass(frozen=True, slots=True)
class _Frame:
    report: Report
    words: Words

    def draw(
        self,
        kind: Callable[[Picture], Markup],
        name: str,
        labels: Sequence[str],
        values: _Values,
        *,
        is_rate: bool = False,
    ) -> Drawn | None:
        if all(value is None for pair in values for value in pair):
            return None
        shown = "{:.0%}".format if is_rate else "{:.0f}".format
        periods = [each for each in (self.report, self.report.earlier) if each is not None]
        series = [
            Series(f"{each.since} – {each.until}", [pair[place] for pair in values])
            for place, each in enumerate(periods)
        ]
        picture = Picture(
            id=f"picture-{name}",
            title=self.words(f"report.picture_{name}"),
            description=_in_words(labels, series, shown),
            labels=labels,
            series=series,
            shown=shown,
            top=1 if is_rate else None,
        )
        return Drawn(picture.id, picture.title, kind(picture))


def _of(found: Sequence[Line], figure: str) -> _Values:
    return [
        (getattr(line.figures, figure, None), getattr(line.earlier, figure, None)) for line in found
    ]


def _causes(report: Report) -> dict[str, tuple[int, int]]:
    """By cause: late stages of this period and of the earlier one."""
    now = dict(report.late_by_cause)
    before = dict(report.earlier.late_by_cause) if report.earlier else {}
    return {cause: (now.get(cause, 0), before.get(cause, 0)) for cause in {**now, **before}}


def _in_words(
    labels: Sequence[str], series: Sequence[Series], shown: Callable[[float], str]
) -> str:
    """What somebody hears who does not see the picture."""
    return "; ".join(
        f"{each.name}: "
        + ", ".join(
            f"{label} {shown(value)}"
            for label, value in zip(labels, each.values, strict=True)
            if value is not None
        )
        for each in series
    )
