"""Every figure can be read: letters are large enough, no text is cut, colors have a meaning."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from xml.etree import ElementTree

import matplotlib.style
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text

from charlab.plots import registry
from charlab.plots.style import RC, WIDTH
from contrast import contrast
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


FAINT = 0.4
"""Opacity of grids and of ranges, which lie behind what is read."""

ON_COLORS = ("memory_map", "weights", "colored_text", "against_ngram_passage")
"""Figures whose colored areas are a scale with a bar or with letters on them."""


@pytest.mark.parametrize("name", sorted(registry.figures().keys() - set(ON_COLORS)))
def test_every_mark_is_seen_on_both_themes(name: str) -> None:
    """WCAG asks for 3:1 of lines and areas; opacity counts."""
    root = ElementTree.fromstring(registry.draw(name, DATA[name]) or b"")
    seen = 0
    for color, opacity in _paints(root, {}):
        if color == "currentColor":
            assert opacity >= 0.5
        elif opacity > FAINT:
            for page in ("#ffffff", "#17181a"):
                assert contrast(_mixed(color, page, opacity), page) >= 3, (color, opacity, page)
            seen += 1
    assert seen or name in ("temperature", "as_it_learned", "novelty", "loss_by_position")


def _paints(element: ElementTree.Element, inherited: dict[str, str]) -> Iterator[tuple[str, float]]:
    """Yield color and opacity of each fill and stroke."""
    style = inherited | dict(
        part.split(":", 1) for part in element.get("style", "").split(";") if ":" in part
    )
    if element.tag.endswith(("path", "use")) and "class" not in element.attrib:
        for kind in ("fill", "stroke"):
            color = style.get(kind, "none")
            if color != "none":
                opacity = style.get(f"{kind}-opacity", "1")
                yield color, float(opacity) * float(style.get("opacity", "1"))
    for child in element:
        if not child.tag.endswith("clipPath"):
            yield from _paints(child, style)


def _mixed(color: str, page: str, opacity: float) -> str:
    """Return a color over a page."""
    ours, theirs = to_rgb(color), to_rgb(page)
    red, green, blue = (opacity * ours[k] + (1 - opacity) * theirs[k] for k in range(3))
    return to_hex((red, green, blue))


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
