"""Every figure can be read: letters are large enough, no text is cut, colors have a meaning."""

from __future__ import annotations

import re
from dataclasses import replace

import matplotlib.style
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from charlab.plots import registry
from charlab.plots.style import RC, WIDTH
from figure_data import DATA, STYLES

COLUMN = 672
"""Width of the report's column in pixels."""

LONG = (
    "What a network of twice as many units gains on a long text when all else is equal to the rest"
)


def drawn(name: str) -> Figure:
    """Return a figure with long words, laid out."""
    longer = {
        slug: replace(style, label=f"{style.label}, 128 units, no dropout")
        for slug, style in STYLES.items()
    }
    words = {"styles": longer, "title": LONG}
    data = DATA[name] | {key: value for key, value in words.items() if key in DATA[name]}
    with matplotlib.style.context(["default", RC]):
        figure = registry.make(name, data)
        assert figure is not None
        FigureCanvasAgg(figure).draw()
    return figure


def texts(figure: Figure) -> list[Text]:
    """Return all texts of a figure that are seen."""
    return [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip()]


@pytest.mark.parametrize("name", registry.figures())
def test_letters_have_eleven_pixels_and_none_is_cut(name: str) -> None:
    """At the width of the report's column, with labels and titles of any length."""
    figure = drawn(name)
    bounds = figure.bbox
    ticks = []
    for ax in figure.axes:
        ticks += ax.get_xticklabels(which="both") + ax.get_yticklabels(which="both")
    for text in texts(figure):
        # A point is 1/72 inch.
        pixels = float(text.get_fontsize()) / 72 * COLUMN / WIDTH
        assert pixels >= 11, text.get_text()
        if text in ticks:
            continue  # the layout makes room for them, and some are beyond the limits of their axis
        box = text.get_window_extent()
        assert box.x0 >= bounds.x0 - 1, text.get_text()
        assert box.x1 <= bounds.x1 + 1, text.get_text()
        assert box.y0 >= bounds.y0 - 1, text.get_text()
        assert box.y1 <= bounds.y1 + 1, text.get_text()


def test_a_page_can_give_a_picture_its_own_colors() -> None:
    """Text takes the color of the page, and the background is an element that can be hidden."""
    svg = (registry.draw("comparison", DATA["comparison"]) or b"").decode()
    assert "#1d1d1f" not in re.sub(r"<svg[^>]*>", "", svg)
    assert "currentColor" in svg
    assert re.search(r'<svg[^>]* color="#1d1d1f"', svg)
    (paper,) = re.findall(r'<path[^>]*class="paper"[^>]*>', svg)
    assert 'fill="#fff"' in paper
    assert "style" not in paper
    assert "#000000" not in svg
