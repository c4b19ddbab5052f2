"""Pictures of figures as SVG."""

from collections.abc import Callable
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from services.dispatch.console.charts import Picture, Series, bars, columns, lines

SVG = "{http://www.w3.org/2000/svg}"
_values = st.none() | st.floats(0, 1e6)


@st.composite
def pictures(draw: st.DrawFn) -> Picture:
    labels = draw(st.lists(st.text("三里镇<&\"'= 0", max_size=20), min_size=1, max_size=14))
    several = st.lists(_values, min_size=len(labels), max_size=len(labels))
    series = draw(st.lists(several, min_size=1, max_size=3))
    named = [Series(f"<{number}>", values) for number, values in enumerate(series)]
    return Picture("a-picture", "<title>", 'says "so"', labels, named)


@pytest.mark.parametrize("draw", [columns, bars, lines])
@given(picture=pictures())
@settings(max_examples=15)
def test_any_picture_is_well_formed_and_names_itself(
    draw: Callable[[Picture], Markup], picture: Picture
) -> None:
    drawn = str(draw(picture))
    svg = ElementTree.fromstring(drawn.replace("<svg ", f'<svg xmlns="{SVG[1:-1]}" ', 1))
    assert svg.findtext(f"{SVG}title") == "<title>"
    assert svg.findtext(f"{SVG}desc") == 'says "so"'
    assert svg.get("role") == "img"
    assert svg.get("aria-labelledby") == "a-picture-title a-picture-about"
    known = sum(value is not None for one in picture.series for value in one.values)
    key = len(picture.series) if len(picture.series) > 1 else 0
    marks = len(svg.findall(f".//{SVG}rect")) + len(svg.findall(f".//{SVG}circle"))
    assert marks == known + key


def test_series_differ_without_colour_and_nothing_is_styled() -> None:
    picture = Picture("p", "t", "d", ["a"], [Series("now", [1]), Series("before", [2])])
    svg = str(columns(picture))
    assert "url(#p-hatch)" in svg
    assert "style" not in svg
    assert "script" not in svg
    assert "#" not in svg.replace("#p-hatch", "")  # no colour but the text's own
