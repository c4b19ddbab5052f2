"""The palette's pairs against WCAG 2.2: 4.5 to 1 for text, 3 to 1 for edges that carry meaning."""

import re
from itertools import product
from pathlib import Path

import pytest

CSS = (Path(__file__).parents[3] / "services/dispatch/console/static/console.css").read_text()
STATES = ("missed", "warned", "open", "met", "waiting")
SURFACES = ("surface", "panel", "accent-soft")
TEXT_PAIRS = [
    *product(("ink", "ink-soft", "accent", *STATES), SURFACES),
    *((state, f"{state}-soft") for state in STATES),
    ("accent-ink", "accent"),
    ("panel", "ink"),
    ("panel", "ink-soft"),
]
EDGES = [("line-strong", "panel"), ("line-strong", "surface"), ("accent", "panel")]


def _palettes() -> dict[str, dict[str, str]]:
    light, dark = re.findall(r":root {[^{}]*?(--surface: [^{}]*)}", CSS, re.DOTALL)
    return {
        name: dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))
        for name, block in (("light", light), ("dark", dark))
    }


def _luminance(colour: str) -> float:
    """Source: WCAG 2.2, definition of relative luminance."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_measure_is_right() -> None:
    assert _contrast("#000000", "#ffffff") == pytest.approx(21)
    assert _contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("variant", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_PAIRS)
def test_text_can_be_read(variant: str, text: str, ground: str) -> None:
    palette = _palettes()[variant]
    assert _contrast(palette[text], palette[ground]) >= 4.5


@pytest.mark.parametrize("variant", ["light", "dark"])
@pytest.mark.parametrize(("edge", "ground"), EDGES)
def test_edges_of_fields_and_focus_can_be_seen(variant: str, edge: str, ground: str) -> None:
    palette = _palettes()[variant]
    assert _contrast(palette[edge], palette[ground]) >= 3
