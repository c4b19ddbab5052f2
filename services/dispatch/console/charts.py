"""Figures as SVG pictures: columns over time, bars by name, lines of rates.

A picture has a title and a description for who does not see it, is read without colour (series
differ by fill, dash and marker, and are named), takes the text's own colour, and carries no style
and no script, as the page's Content-Security-Policy wants. The exact numbers stand in a table
beside it. Lengths are in units of a picture that is `_WIDTH` wide; CSS scales it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from markupsafe import Markup

_WIDTH = 640
_PLOT_HEIGHT = 180
_LEFT, _TOP, _BOTTOM = 44, 34, 26
_FONT = 12
_LETTER = 12.5
"""The widest letter: a Chinese one."""
_GRID_LINES = 4
_FILLS = (
    Markup('fill="currentColor" fill-opacity="0.8"'),
    Markup('fill="url(#{id}-hatch)" stroke="currentColor"'),
    Markup('fill="none" stroke="currentColor" stroke-dasharray="2 2"'),
)
_DASHES = (Markup(""), Markup(' stroke-dasharray="7 4"'), Markup(' stroke-dasharray="2 3"'))
_HATCH = Markup(
    '<defs><pattern id="{id}-hatch" width="6" height="6" patternUnits="userSpaceOnUse">'
    '<path d="M0 6 6 0M-1 1 1-1M5 7 7 5" stroke="currentColor" stroke-width="1"/></pattern></defs>'
)


@dataclass(frozen=True, slots=True)
class Series:
    """Its values stand beside the picture's labels; None: not known there, and not drawn."""

    name: str
    values: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Picture:
    """`id` is unique in the page. At most three series. `shown` writes a value in words."""

    id: str
    title: str
    description: str
    labels: Sequence[str]
    series: Sequence[Series]
    shown: Callable[[float], str] = "{:g}".format
    top: float | None = None
    """The value at the upper end of the axis; None: a round one above the largest."""


def columns(picture: Picture) -> Markup:
    """Upright, in the order of the labels: months, days."""
    top, step = _top_of(picture), (_WIDTH - _LEFT) / max(len(picture.labels), 1)
    wide = step * 0.8 / len(picture.series)
    drawn: list[Markup] = []
    for number, series in enumerate(picture.series):
        for place, value in enumerate(series.values):
            if value is None:
                continue
            high = value / top * _PLOT_HEIGHT
            left = _LEFT + place * step + step * 0.1 + number * wide
            y = _TOP + _PLOT_HEIGHT - high
            drawn.append(_rectangle(picture, number, left, y, wide * 0.92, high))
            text = picture.shown(value)
            if len(text) * _FONT * 0.6 <= wide * 1.1:
                drawn.append(_text(left + wide * 0.46, y - 4, text, "middle"))
    below = _under_the_plot(picture.labels, lambda place: _LEFT + (place + 0.5) * step, step)
    return _svg(picture, _TOP + _PLOT_HEIGHT + _BOTTOM, [*_grid(picture, top), *drawn, *below])


def lines(picture: Picture) -> Markup:
    """One line a series, with a marker at each value."""
    top, step = _top_of(picture), (_WIDTH - _LEFT) / max(len(picture.labels), 1)

    def point(place: int, value: float) -> tuple[float, float]:
        return _LEFT + (place + 0.5) * step, _TOP + _PLOT_HEIGHT * (1 - value / top)

    drawn: list[Markup] = []
    for number, series in enumerate(picture.series):
        path, is_on = "", False
        for place, value in enumerate(series.values):
            if value is not None:
                x, y = point(place, value)
                path += f"{'L' if is_on else 'M'}{x:.1f} {y:.1f}"
                drawn.append(_marker(number, x, y))
            is_on = value is not None
        drawn.append(
            Markup('<path d="{}" fill="none" stroke="currentColor" stroke-width="2"{}/>').format(
                path, _DASHES[number]
            )
        )
    below = _under_the_plot(picture.labels, lambda place: _LEFT + (place + 0.5) * step, step)
    height = _TOP + _PLOT_HEIGHT + _BOTTOM
    return _svg(picture, height, [*_grid(picture, top), *drawn, *below], of_lines=True)


def bars(picture: Picture) -> Markup:
    """Lying, one label a row: towns, causes."""
    top, thick = _top_of(picture), 15
    row = thick * len(picture.series) + 8
    beside = min(200.0, max((len(label) for label in picture.labels), default=0) * _LETTER + 8)
    longest = _WIDTH - beside - 60
    drawn: list[Markup] = []
    for place, label in enumerate(picture.labels):
        y = _TOP + place * row
        drawn.append(_text(beside - 6, y + row / 2, _short(label, beside), "end"))
        for number, series in enumerate(picture.series):
            value = series.values[place]
            if value is None:
                continue
            long, upper = value / top * longest, y + number * thick
            drawn.append(_rectangle(picture, number, beside, upper, long, thick - 2))
            drawn.append(_text(beside + long + 5, upper + thick - 4, picture.shown(value), "start"))
    return _svg(picture, _TOP + len(picture.labels) * row, drawn)


def _svg(
    picture: Picture, height: float, drawn: Iterable[Markup], *, of_lines: bool = False
) -> Markup:
    return Markup(
        '<svg class="chart" viewBox="0 0 {width} {height:.0f}" role="img" '
        'aria-labelledby="{id}-title {id}-about" font-size="{font}">'
        '<title id="{id}-title">{title}</title><desc id="{id}-about">{about}</desc>'
        '{hatch}<g aria-hidden="true">{key}{drawn}</g></svg>'
    ).format(
        width=_WIDTH,
        height=height,
        id=picture.id,
        font=_FONT,
        title=picture.title,
        about=picture.description,
        hatch=_HATCH.format(id=picture.id),
        key=_key(picture, of_lines=of_lines),
        drawn=Markup("").join(drawn),
    )


def _key(picture: Picture, *, of_lines: bool) -> Markup:
    """Which fill or marker is which series; of one series the title says enough."""
    if len(picture.series) < 2:
        return Markup("")
    drawn, x = Markup(""), 2.0
    for number, series in enumerate(picture.series):
        sign = _marker(number, x + 8, 12) if of_lines else _rectangle(picture, number, x, 6, 16, 11)
        drawn += sign + _text(x + 21, 16, series.name, "start")
        x += 44 + len(series.name) * _LETTER
    return drawn


def _grid(picture: Picture, top: float) -> Iterable[Markup]:
    for number in range(_GRID_LINES + 1):
        y = _TOP + _PLOT_HEIGHT * (1 - number / _GRID_LINES)
        yield Markup('<path d="M{} {:.1f}H{}" stroke="currentColor" stroke-opacity="{}"/>').format(
            _LEFT, y, _WIDTH, "0.2" if number else "0.7"
        )
        yield _text(_LEFT - 6, y + 4, picture.shown(top * number / _GRID_LINES), "end")


def _under_the_plot(
    labels: Sequence[str], middle: Callable[[int], float], step: float
) -> Iterable[Markup]:
    """As many labels as have room."""
    longest = max((len(label) for label in labels), default=1) * _FONT * 0.62 + 4
    every = max(1, ceil(longest / step))
    for place in range(0, len(labels), every):
        yield _text(middle(place), _TOP + _PLOT_HEIGHT + 18, labels[place], "middle")


def _rectangle(
    picture: Picture, number: int, x: float, y: float, width: float, height: float
) -> Markup:
    return Markup('<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" {}/>').format(
        x, y, width, height, _FILLS[number].format(id=picture.id)
    )


def _marker(number: int, x: float, y: float) -> Markup:
    if number == 0:
        return Markup('<circle cx="{:.1f}" cy="{:.1f}" r="4" fill="currentColor"/>').format(x, y)
    return Markup(
        '<rect x="{:.1f}" y="{:.1f}" width="8" height="8" fill="none" stroke="currentColor" '
        'stroke-width="1.5"/>'
    ).format(x - 4, y - 4)


def _text(x: float, y: float, words: str, anchor: str) -> Markup:
    return Markup(
        '<text x="{:.1f}" y="{:.1f}" text-anchor="{}" fill="currentColor">{}</text>'
    ).format(x, y, anchor, words)


def _short(label: str, width: float) -> str:
    most = int(width / _LETTER)
    return label if len(label) <= most else label[: most - 1] + "…"


def _top_of(picture: Picture) -> float:
    """A round number above the largest value that the grid divides evenly."""
    if picture.top is not None:
        return picture.top
    values = (value for series in picture.series for value in series.values if value is not None)
    largest = max(values, default=0)
    if largest <= _GRID_LINES:
        return _GRID_LINES
    unit = float(10 ** floor(log10(largest / _GRID_LINES)))
    return next(
        unit * times * _GRID_LINES
        for times in (1, 2, 2.5, 5, 10)
        if unit * times * _GRID_LINES >= largest and unit * times % 1 == 0
    )
