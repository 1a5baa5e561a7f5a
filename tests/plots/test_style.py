"""Tests of the common style: one color per variant, labels that fit."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charlab.plots.style import BLACK, PALETTE, columns_for, series_styles, wrap
from made_results import made_params
from published import published_params


@pytest.mark.parametrize("path", ["params.yaml", "studies/demo.yaml"])
def test_the_colors_of_a_comparison_are_distinct(path: str) -> None:
    """In the committed studies every comparison has as many colors as variants."""
    params = published_params(path)
    styles = series_styles(params)
    for comparison in params.study.comparisons.values():
        colors = [styles[name].color for name in comparison.variants]
        assert len(set(colors)) == len(colors)
        assert BLACK not in colors


def test_a_cell_keeps_its_color_in_all_comparisons_of_cells() -> None:
    """At equal size, at an equal number of parameters, and on another text."""
    same: list[dict[str, Any]] = [{"cell": cell} for cell in ("rnn", "gru", "lstm")]
    wide = [model | {"hidden": 32} for model in same]
    variants = {
        f"v{k}": {"text": "invented", "model": model} for k, model in enumerate(same + wide)
    }
    entry = {"title": "Cells", "question": "?", "vary": "cell"}
    comparisons = {
        "same": entry | {"variants": ["v0", "v1", "v2"]},
        # In another order, which must not matter.
        "wide": entry | {"variants": ["v5", "v3", "v4"]},
    }
    styles = series_styles(made_params(variants=variants, comparisons=comparisons))
    for k in range(3):
        assert styles[f"v{k}"].color == styles[f"v{k + 3}"].color


def test_many_variants_use_all_colors_before_one_twice() -> None:
    """A comparison of nine variants repeats two colors."""
    names = [f"v{k}" for k in range(9)]
    study: dict[str, Any] = {
        "variants": {name: {"text": "invented"} for name in names},
        "comparisons": {"all": {"title": "All", "question": "?", "variants": names}},
    }
    styles = series_styles(made_params(**study))
    assert {styles[name].color for name in names} == set(PALETTE)


@given(st.text(st.characters(categories=["L", "Zs"]), max_size=80))
@settings(max_examples=50)
def test_wrapping_keeps_every_word(label: str) -> None:
    """Only spaces become line breaks."""
    assert wrap(label).replace("\n", " ").split(" ") == wrap(label, 10**6).split(" ")
    assert 1 <= columns_for([label]) <= 4
