"""Tests of the registry: figures are registered once, and their files are reproducible."""

from __future__ import annotations

from xml.etree import ElementTree

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure

from charlab.plots import registry
from figure_data import DATA


@pytest.mark.parametrize("name", registry.figures())
def test_a_figure_is_the_same_bytes_each_time(name: str) -> None:
    """An SVG without a date, whatever the user's own matplotlib settings are."""
    first = registry.draw(name, DATA[name])
    with mpl.rc_context({"font.size": 20, "svg.hashsalt": None, "axes.facecolor": "red"}):
        second = registry.draw(name, DATA[name])
    assert first == second
    assert first is not None
    assert ElementTree.fromstring(first).tag.endswith("svg")
    assert b"<dc:date>" not in first
    assert len(first) < 200_000


@pytest.mark.parametrize("name", registry.figures())
def test_a_caption_is_one_sentence(name: str) -> None:
    """The report prints it below the figure."""
    caption = registry.figures()[name].caption
    assert caption.endswith(".")
    assert 20 < len(caption) < 110


def test_a_figure_without_the_data_it_needs_is_not_drawn() -> None:
    """A missing table and an empty one are alike: there is nothing to show."""
    data = DATA["gradient_by_lag"]
    assert registry.draw("gradient_by_lag", {}) is None
    empty = data["gradient_by_lag"].head(0)
    assert registry.draw("gradient_by_lag", data | {"gradient_by_lag": empty}) is None


@pytest.mark.parametrize("name", ["memory_share", "memory_map", "loss_by_distance"])
def test_a_figure_of_bins_that_are_all_too_small_is_not_drawn(name: str) -> None:
    """A short text may have no distance with enough characters to measure it."""
    ((table, column),) = [item for item in registry.BINNED.items() if item[0] in DATA[name]]
    thin = DATA[name][table].assign(**{column: registry.ENOUGH - 1})
    assert registry.draw(name, DATA[name] | {table: thin}) is None


def test_a_figure_is_drawn_without_its_optional_data() -> None:
    """A comparison has no lines where its variants read different texts."""
    figure = registry.make("comparison", DATA["comparison"] | {"lines": None})
    assert figure is not None
    assert "n-gram, order 5" not in {line.get_label() for line in figure.axes[0].lines}


def test_two_figures_of_one_name_are_refused() -> None:
    """The message says where the other one is."""
    with pytest.raises(ValueError, match=r"a figure 'texts' already, in charlab\.plots\.comp"):

        @registry.figure("Another one.", needs=())
        def texts() -> Figure:
            return Figure()
