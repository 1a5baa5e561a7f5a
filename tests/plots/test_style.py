"""Tests of the common style: one color per variant, labels that fit."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charlab.plots.naming import columns_for, spread
from charlab.plots.style import GOLD, GREY, INK, PURPLE, SHADES, series_styles, styled, wrap
from contrast import contrast
from made_results import made_params
from published import published_params


@pytest.mark.parametrize("page", ["#ffffff", "#fdfdfb", "#111111", "#17181a"])
def test_every_color_is_seen_on_white_and_on_dark(page: str) -> None:
    """WCAG asks for a contrast of 3:1 of the lines of a figure; ink takes the page's color."""
    for color in {GREY, PURPLE, GOLD, *(shade for shades in SHADES.values() for shade in shades)}:
        assert contrast(color, page) >= 3, color
    assert contrast(INK, "#ffffff") > 15


@pytest.mark.parametrize("path", ["params.yaml", "studies/demo.yaml"])
def test_the_styles_of_a_comparison_are_distinct(path: str) -> None:
    """Variants of one cell differ in line and marker, and none has the color of the model."""
    params = published_params(path)
    styles = series_styles(params)
    for comparison in params.study.comparisons.values():
        own = [styles[name] for name in comparison.variants]
        assert len({(style.color, style.line, style.marker) for style in own}) == len(own)
        assert INK not in {style.color for style in own}


@pytest.mark.parametrize("path", ["params.yaml", "studies/demo.yaml"])
def test_a_color_means_a_cell(path: str) -> None:
    """In every comparison, and for every variant of the study."""
    params = published_params(path)
    styles = series_styles(params)
    for slug in params.study.variants:
        assert styles[slug].color in SHADES[params.study.variant(slug).model.cell]


def test_the_variant_of_most_comparisons_has_the_usual_style() -> None:
    """Its companions of the same cell differ from it, the other cells need not."""
    variants: dict[str, Any] = {f"v{k}": {"text": "invented"} for k in range(9)}
    variants["gru"] = {"text": "invented", "model": {"cell": "gru"}}
    entry = {"title": "?", "question": "?"}
    comparisons = {
        "all": entry | {"variants": list(variants)},
        "two": entry | {"variants": ["v5", "gru"]},
    }
    styles = series_styles(made_params(variants=variants, comparisons=comparisons))
    assert styles["v5"] == styled(styles["v5"].label, "lstm", 0)
    assert styles["gru"] == styled(styles["gru"].label, "gru", 0)
    own = {(style.color, style.line, style.marker) for style in styles.values()}
    assert len(own) == len(variants) + 1  # and the model


@given(st.text(st.characters(categories=["L", "Zs"]), max_size=80))
@settings(max_examples=50)
def test_wrapping_keeps_every_word(label: str) -> None:
    """Only spaces become line breaks."""
    assert wrap(label).replace("\n", " ").split(" ") == wrap(label, 10**6).split(" ")
    assert 1 <= columns_for([label]) <= 4


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0.01, 0.2)), max_size=8))
@settings(max_examples=50)
def test_names_at_the_ends_of_lines_do_not_overlap(labels: list[tuple[float, float]]) -> None:
    """They keep the order of their lines, and stay where there is room."""
    places, heights = [y for y, _ in labels], [height for _, height in labels]
    moved = spread(places, heights)
    order = sorted(range(len(labels)), key=lambda k: (places[k], k))
    for below, above in pairwise(order):
        gap = moved[above] - moved[below]
        assert gap >= (heights[below] + heights[above]) / 2 - 1e-9
    if len(labels) == 1:
        assert moved == pytest.approx(places)
