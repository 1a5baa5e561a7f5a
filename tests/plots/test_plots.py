"""Figures: found in one place, the same bytes each time, one colour per variant."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charlab.compare.compare import compare
from charlab.plots import registry
from charlab.plots.style import BLACK, PALETTE, columns_for, legend_of, wrap
from charlab.report.comparison_section import comparison_tables, model_tables
from charlab.report.study import load
from made_results import made_params, write_results
from published import published_params

PARAMS = made_params()


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return all tables that a figure can ask for, of made-up results."""
    root = tmp_path_factory.mktemp("made")
    write_results(PARAMS, root / "data")
    compare(PARAMS, root / "data", root / "metrics", root / "plots")
    material = load(PARAMS, root / "metrics", root / "plots", root / "data")
    return comparison_tables(material, "cells") | model_tables(material)


@pytest.mark.parametrize("name", registry.figures())
def test_a_figure_is_the_same_bytes_each_time(name: str, tables: dict[str, Any]) -> None:
    """An SVG without a date, whatever the user's own matplotlib settings are."""
    first = registry.draw(name, tables)
    with mpl.rc_context({"font.size": 20, "svg.hashsalt": None, "axes.facecolor": "red"}):
        second = registry.draw(name, tables)
    assert first == second
    assert first is not None
    assert ElementTree.fromstring(first).tag.endswith("svg")
    assert b"<dc:date>" not in first
    assert len(first) < 200_000


@pytest.mark.parametrize("name", registry.figures())
def test_a_caption_is_one_sentence(name: str) -> None:
    """The first line of the docstring, which the report prints."""
    caption = registry.caption(name)
    assert caption.endswith(".")
    assert 20 < len(caption) < 110


def test_helpers_are_no_figures() -> None:
    """Only public functions that return a figure are found."""
    names = set(registry.figures())
    assert {"comparison", "learning_curves", "texts"} <= names
    assert not names & {"visible", "canvas", "wrap", "draw"}


def test_a_figure_without_its_tables_is_not_drawn(tables: dict[str, Any]) -> None:
    """A missing table and an empty one are alike: there is nothing to show."""
    assert registry.draw("gradient_by_lag", {}) is None
    nothing = tables["gradient_by_lag"].head(0)
    assert registry.draw("gradient_by_lag", tables | {"gradient_by_lag": nothing}) is None


def test_a_figure_is_drawn_without_an_optional_table(tables: dict[str, Any]) -> None:
    """A comparison has no lines where its variants read different texts."""
    without = {name: table for name, table in tables.items() if name != "lines"}
    assert registry.draw("comparison", without) != registry.draw("comparison", tables)


def test_letters_that_the_font_has_not_are_no_error(tables: dict[str, Any]) -> None:
    """A Chinese or an odd character is a box in the picture, and no warning."""
    table = pd.DataFrame(
        {"rank": [1, 2, 3], "char": ["語", "$", "\n"], "probability": [0.5, 0.3, 0.1]}
    )
    assert registry.draw("next_char", {"next_char": table}) is not None


def test_a_run_that_learned_nothing_does_not_squeeze_the_others(tables: dict[str, Any]) -> None:
    """It is drawn as an arrow at the edge, and its mean is written beside it."""
    points = tables["points"].copy()
    points.loc[points["variant"] == "rnn", "bpc"] = 600.0
    figure = registry.figures()["comparison"](points, tables["legend"], "Cells")
    (ax,) = figure.axes
    assert ax.get_xlim()[1] < 3
    assert "600.000" in {text.get_text() for text in ax.texts}


def test_losses_that_are_missing_or_huge_do_not_stop_a_curve(tables: dict[str, Any]) -> None:
    """A training that diverged has no loss, or one without bound."""
    curves = tables["curves"].copy()
    curves.loc[curves["variant"] == "rnn", "val_bpc"] = float("nan")
    curves.loc[curves["variant"] == "gru", "train_bpc"] = 1e30
    assert registry.draw("learning_curves", tables | {"curves": curves}) is not None


@pytest.mark.parametrize("path", ["params.yaml", "studies/demo.yaml"])
def test_no_two_variants_of_a_comparison_look_alike(path: str) -> None:
    """In the committed studies every comparison has as many colours as variants."""
    params = published_params(path)
    legend = legend_of(params)
    for comparison in params.study.comparisons.values():
        colors = [legend[name].color for name in comparison.variants]
        assert len(set(colors)) == len(colors)
        assert BLACK not in colors


def test_a_cell_has_one_colour_where_cells_are_compared() -> None:
    """RNN, GRU and LSTM look alike at equal size, at equal parameters, and on another text."""
    params = published_params()
    legend = legend_of(params)
    colors: dict[str, set[str]] = {}
    for comparison in params.study.comparisons.values():
        for name in comparison.variants if comparison.vary == "cell" else []:
            cell = params.study.variant(name).model.cell
            colors.setdefault(cell, set()).add(legend[name].color)
    assert {cell: len(found) for cell, found in colors.items()} == {"rnn": 1, "gru": 1, "lstm": 1}


def test_many_variants_use_all_colours_before_one_twice() -> None:
    """Nine variants side by side: two colours come twice."""
    names = [f"v{k}" for k in range(9)]
    study = {
        "variants": {name: {"text": "invented"} for name in names},
        "comparisons": {"all": {"title": "All", "question": "?", "variants": names}},
        "titles": {},
    }
    legend = legend_of(made_params(**study))
    colors = [legend[name].color for name in names]
    assert set(colors) == set(PALETTE)


@given(st.text(st.characters(categories=["L", "Zs"]), max_size=80))
@settings(max_examples=50)
def test_wrapping_keeps_every_word(title: str) -> None:
    """Only spaces become line breaks."""
    assert wrap(title).replace("\n", " ").split(" ") == wrap(title, 10**6).split(" ")
    assert 1 <= columns_for([title]) <= 4
