"""Each figure draws the values of its data."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection, QuadMesh
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle, StepPatch

from charlab.plots import registry
from charlab.plots.style import INK
from figure_data import CURVES, DATA, LOSSES, POINTS, SEEDS, STYLES, WEIGHTS

MEANS = {"a": pytest.approx(7 / 3), "b": pytest.approx(3.2)}

Check = Callable[[Figure], None]

CHECKS: dict[str, Check] = {}
"""By figure: a function that reads its values from the artists of matplotlib."""


def reads(function: Check) -> Check:
    """Register the check of a figure, which is named ``check_FIGURE``."""
    CHECKS[function.__name__.removeprefix("check_")] = function
    return function


@pytest.mark.parametrize("name", registry.figures())
def test_a_figure_draws_the_values_of_its_data(name: str) -> None:
    """Every figure of the registry has data here, and a check that reads what is drawn."""
    assert name in DATA, f"add the data of {name} to figure_data.py"
    assert name in CHECKS, f"write check_{name}, which reads the values that {name} draws"
    figure = registry.make(name, DATA[name])
    assert figure is not None
    CHECKS[name](figure)


def xs(line: Line2D) -> list[float]:
    """Return the x values of a line."""
    return [float(x) for x in np.asarray(line.get_xdata())]


def ys(line: Line2D) -> list[float]:
    """Return the y values of a line."""
    return [float(y) for y in np.asarray(line.get_ydata())]


def series(ax: Axes) -> dict[str, list[float]]:
    """Return the y values of each labeled line of an axes."""
    named = [line for line in ax.lines if not str(line.get_label()).startswith("_")]
    return {str(line.get_label()): ys(line) for line in named}


def names(ax: Axes) -> list[str]:
    """Return the names beside the axes, at the ends of the lines, as single lines of text."""
    beside = [text for text in ax.texts if text.get_position()[0] > 1]
    return [text.get_text().replace("\n", " ") for text in beside]


def labels(ax: Axes, axis: str) -> list[str]:
    """Return the tick labels of an axis."""
    return [label.get_text() for label in getattr(ax, f"get_{axis}ticklabels")()]


@reads
def check_comparison(figure: Figure) -> None:
    """Expect a dot per seed, a bar and a number at the mean, a vertical line per baseline."""
    (ax,) = figure.axes
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    bars = [line for line in ax.lines if line.get_linewidth() == 2.2]
    assert [xs(dot) for dot in dots] == [list(losses) for losses in LOSSES.values()]
    assert [xs(bar) for bar in bars] == [[mean] * 2 for mean in MEANS.values()]
    assert [text.get_text() for text in ax.texts] == ["2.333", "3.200"]
    assert labels(ax, "y") == ["the a", "the b"]
    baselines = {line.get_label(): xs(line) for line in ax.lines}
    assert baselines["n-gram, order 5"] == [1.9, 1.9]
    assert baselines["floor"] == [1.8, 1.8]


@reads
def check_texts(figure: Figure) -> None:
    """Expect the baselines of each text in its row, and a dot per seed of the network."""
    (ax,) = figure.axes
    marks = {line.get_label(): xs(line) for line in ax.lines}
    assert marks["PPMd, best order"] == [2.2, 3.2]
    assert marks["n-gram, best order"] == [2.4, 3.4]
    assert "floor" not in marks
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert [xs(dot) for dot in dots] == [list(losses) for losses in LOSSES.values()]
    assert labels(ax, "y") == ["Book a (en)", "Book b (en)"]


@reads
def check_model_learning_curve(figure: Figure) -> None:
    """Expect val and train loss against characters read, and the baselines as horizontal lines."""
    (ax,) = figure.axes
    drawn = series(ax)
    assert drawn["val"] == [3.0, 2.5]
    assert drawn["train"] == [5.0, 4.5]
    assert drawn["n-gram, order 5"] == [1.9, 1.9]
    assert xs(ax.lines[0]) == [1.0, 2.0]


@reads
def check_learning_curves(figure: Figure) -> None:
    """Expect the mean over the seeds as a line, a band from the lowest to the highest seed."""
    (ax,) = figure.axes
    train = [line for line in ax.lines if line.get_label() == "_train"]
    for name, band, thin in zip("ab", ax.collections, train, strict=True):
        mean, seeds = sum(LOSSES[name]) / 3, LOSSES[name]
        assert series(ax)[name.upper()] == pytest.approx([mean + 1, mean + 0.5])
        assert ys(thin) == pytest.approx([2 * mean + 1, 2 * mean + 0.5])
        outline = np.asarray(band.get_paths()[0].vertices)  # (points, 2)
        for millions in (1, 2):
            y = outline[outline[:, 0] == millions, 1]
            assert y.min() == pytest.approx(min(seeds) + 1 / millions)
            assert y.max() == pytest.approx(max(seeds) + 1 / millions)


@reads
def check_overfitting(figure: Figure) -> None:
    """Expect val curves against passes, with a ring at the minimum of each."""
    (ax,) = figure.axes
    assert series(ax)["A"] == pytest.approx([7 / 3 + 1, 7 / 3 + 0.5])
    assert xs(ax.lines[0]) == [4, 8]
    rings = [line for line in ax.lines if line.get_markerfacecolor() == "none"]
    assert [xs(ring) + ys(ring) for ring in rings] == [
        pytest.approx([8, 7 / 3 + 0.5]),
        pytest.approx([8, 3.7]),
    ]


@reads
def check_clipping(figure: Figure) -> None:
    """Expect a line per seed on a logarithmic axis, the bound, a cross where one diverged."""
    (ax,) = figure.axes
    dotted = [line for line in ax.lines if line.get_marker() == "."]
    assert [ys(line) for line in dotted] == [[s, s / 2] for s in (1, 2, 3)] * 2
    assert ax.get_yscale() == "log"
    (bound,) = [line for line in ax.lines if line.get_label() == "_bound"]
    assert ys(bound) == [0.7, 0.7]
    (cross,) = [line for line in ax.lines if line.get_marker() == "x"]
    assert xs(cross) == [0.7]  # after 7 steps of 100,000 characters
    assert names(ax) == ["A: 25 % of the steps clipped", "B (1 of 3 diverged)"]


@reads
def check_overtaking(figure: Figure) -> None:
    """Expect the mean of the seeds, every baseline of the text, rings where it passes them."""
    (ax,) = figure.axes
    (label,) = series(ax)
    assert series(ax)[label] == [5, 2]
    # 5 falls to 2 over two decades: 2.5 is passed after 10/6 of a decade.
    rings = [line for line in ax.lines if line.get_markerfacecolor() == "none"]
    expected = [(1000 * 100 ** ((5 - bpc) / 3), bpc) for bpc in (3.5, 2.5)]
    assert [(*xs(ring), *ys(ring)) for ring in rings] == [pytest.approx(e) for e in expected]
    assert names(ax) == ["A past 5-gram at 46k"]
    assert {text.get_text() for text in ax.texts} >= {"2-gram", "5-gram", "PPMd"}
    flat = [ys(line)[0] for line in ax.lines if len(ys(line)) == 2 and ys(line)[0] == ys(line)[1]]
    assert {3.5, 2.5, 1.9} <= set(flat)
    assert 1.0 not in flat


@reads
def check_memory_share(figure: Figure) -> None:
    """Expect the share at the last snapshot: mean over the seeds, in bins of enough characters."""
    (ax,) = figure.axes
    share = [100 * (0.9 + 0.1 * (7 / 3) / low) for low in (4, 8)]
    assert series(ax) == {"A": pytest.approx(share), "B": pytest.approx(share)}
    assert labels(ax, "x") == ["4-7", "8-15"]


@reads
def check_memory_map(figure: Figure) -> None:
    """Expect a panel per variant, a row per distance, a column per snapshot."""
    for ax, name in zip(figure.axes, "AB", strict=False):
        (mesh,) = [c for c in ax.collections if isinstance(c, QuadMesh)]
        expected = [[s + 0.1 * (7 / 3) / low for s in (0.2, 0.9)] for low in (4, 8)]
        assert np.asarray(mesh.get_array()) == pytest.approx(np.array(expected))
        assert mesh.get_clim() == (0, 1)
        assert ax.get_title() == name
        assert labels(ax, "x") == ["1.0k", "9.0k"]


@reads
def check_learning_rate_u(figure: Figure) -> None:
    """Expect a panel per family: a ring at the chosen rate, a cross where a run diverged."""
    for ax, label in zip(figure.axes, ("RNN, ReLU", "LSTM, ReLU"), strict=True):
        assert ax.get_title() == label
        assert series(ax) == {"identity": [2.5, 2.0]}
        (ring,) = [line for line in ax.lines if line.get_markerfacecolor() == "none"]
        assert xs(ring) + ys(ring) == [0.01, 2.0]
        (cross,) = [line for line in ax.lines if line.get_marker() == "x"]
        assert xs(cross) == [0.1]


@reads
def check_real_words(figure: Figure) -> None:
    """Expect a row per variant with a dot per temperature, which the first row names."""
    (ax,) = figure.axes
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert [xs(line) for line in dots] == [[90], [60], [90], [60]]
    assert [text.get_text() for text in ax.texts] == ["T 0.5", "T 1"]
    assert labels(ax, "y") == ["A", "B"]


@reads
def check_temperature(figure: Figure) -> None:
    """Expect three panels by increasing temperature: bits, percent of words, characters."""
    entropy, words, copies = figure.axes
    assert series(entropy) == {
        "of the choices": [1.0, 2.0],
        "of the sample": [1.2, 2.5],
    }
    assert ys(words.lines[0]) == pytest.approx([90, 60])
    assert ys(copies.lines[0]) == [30, 10]
    assert xs(copies.lines[0]) == [0.5, 1.0]


@reads
def check_as_it_learned(figure: Figure) -> None:
    """Expect loss and percent of real words at each snapshot, at equal distances."""
    loss, words = figure.axes
    assert ys(loss.lines[0]) == [6.0, 3.0, 2.0]
    assert ys(words.lines[0]) == pytest.approx([0, 40, 80])
    assert labels(loss, "x") == ["0", "1.5k", "2.0M"]


@reads
def check_novelty(figure: Figure) -> None:
    """Expect a line per temperature, in percent."""
    (ax,) = figure.axes
    assert series(ax) == {
        "temperature 0.5": pytest.approx([10, 70]),
        "temperature 1": pytest.approx([20, 90]),
    }
    assert xs(ax.lines[0]) == [2, 8]


@reads
def check_against_ngram(figure: Figure) -> None:
    """Expect the loss of the model and of the n-gram in the row of each kind."""
    (ax,) = figure.axes
    drawn = {line.get_label(): xs(line) for line in ax.lines}
    assert drawn == {"the model": [1.0, 3.0], "n-gram of order 5": [1.5, 2.5]}
    assert labels(ax, "y") == ["space", "digit"]


@reads
def check_gradient_by_lag(figure: Figure) -> None:
    """Expect the norm of every variant, and that of the cell where there is one."""
    (ax,) = figure.axes
    assert list(series(ax).values()) == [[1.0, 0.5], [1.0, 0.8], [1.0, 0.9]]
    assert names(ax) == ["A 0.500 at 10", "B 0.800 at 10", "B: cell 0.900 at 10"]
    curves = [line for line in ax.lines if not str(line.get_label()).startswith("_")]
    colors = [line.get_color() for line in curves]
    assert colors == [STYLES["a"].color, STYLES["b"].color, STYLES["b"].color]
    assert ax.get_yscale() == "log"


@reads
def check_loss_by_position(figure: Figure) -> None:
    """Expect a line per initial state that was measured."""
    (ax,) = figure.axes
    assert series(ax) == {"A: carried": [2.0, 1.9], "A: zero": [3.0, 2.5]}


@reads
def check_loss_by_distance(figure: Figure) -> None:
    """Expect the loss above the floor in bins of enough characters, and that without memory."""
    (ax,) = figure.axes
    forgotten = "knows the rules, has forgotten the thing"
    assert series(ax) == {
        "A": [0.5, 0.75],
        "B": pytest.approx([0.4, 0.35]),
        forgotten: [2.0, 2.25],
    }
    assert labels(ax, "x") == ["1", "2-3"]


@reads
def check_activations(figure: Figure) -> None:
    """Expect a panel per variant with the share in each bin."""
    drawn = {}
    for ax in figure.axes:
        (steps,) = [patch for patch in ax.patches if isinstance(patch, StepPatch)]
        shares, edges, _ = steps.get_data()
        drawn[ax.get_title()] = list(shares)
        assert list(edges) == [-1.0, 0.0, 1.0]
    assert drawn == {"A": [0.25, 0.75], "B": [0.4, 0.6]}


@reads
def check_gate_saturation(figure: Figure) -> None:
    """Expect a panel per gate, a dot per unit."""
    reset, update = figure.axes
    assert xs(reset.lines[0]) == [0.1, 0.2]
    assert ys(reset.lines[0]) == [0.4, 0.5]
    assert ys(update.lines[0]) == [0.6]
    assert [ax.get_title() for ax in (reset, update)] == ["reset gate", "update gate"]


@reads
def check_weights(figure: Figure) -> None:
    """Expect three matrices, colors symmetric about zero, the rows of each gate labeled."""
    panels = figure.axes[:3]
    for ax, name in zip(panels, ("weight_ih", "weight_hh", "head"), strict=True):
        (image,) = ax.images
        assert np.array_equal(np.asarray(image.get_array()), WEIGHTS[name])
        bound = np.quantile(np.abs(WEIGHTS[name]), 0.99)
        assert image.get_clim() == pytest.approx((-bound, bound))
    assert panels[0].get_title() == "W_xh, 64 × 3"
    assert labels(panels[0], "y") == ["reset", "update"]


@reads
def check_next_char(figure: Figure) -> None:
    """Expect a bar as high as each probability, with a visible sign for each character."""
    (ax,) = figure.axes
    bars = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    assert [bar.get_height() for bar in bars] == [0.7, 0.2, 0.1]
    assert labels(ax, "x") == ["e", "␣", "↵"]
    dark = [bar.get_facecolor() == to_rgba(INK) for bar in bars]
    assert dark == [False, True, False]
    assert "“␣”, number 2" in str(figure.get_suptitle())


def background(ax: Axes) -> PatchCollection:
    """Return the colored cells of a passage."""
    (cells,) = [c for c in ax.collections if isinstance(c, PatchCollection)]
    return cells


@reads
def check_colored_text(figure: Figure) -> None:
    """Expect the activation as background, the characters, three guesses below each."""
    (ax,) = figure.axes
    cells, signs = background(ax), [text.get_text() for text in ax.texts]
    assert list(np.asarray(cells.get_array())) == [0.1, -0.8, 0.3, 0.2, 0.0]
    assert cells.get_clim() == (-0.8, 0.8)
    assert signs[::4] == list("he is")
    assert signs[1:4] == ["e", "↵", "z"]
    assert ax.get_title() == "Unit 3 of layer 1: inside quotes"


@reads
def check_against_ngram_passage(figure: Figure) -> None:
    """Expect the gain over the n-gram in bits as background, positive where the model is better."""
    ax = figure.axes[0]
    expected = [-0.5 / math.log(2), 0.0, 8.0 / math.log(2)]
    assert list(np.asarray(background(ax).get_array())) == pytest.approx(expected)
    assert background(ax).get_clim() == (-4.0, 4.0)
    assert [text.get_text() for text in ax.texts] == ["a", " ", "b"]


def test_a_run_that_learned_nothing_does_not_squeeze_the_others() -> None:
    """It is an arrow at the edge, and its mean is written beside it."""
    points = POINTS.assign(bpc=POINTS["bpc"].where(POINTS["variant"] == "a", 600.0))
    figure = registry.make("comparison", DATA["comparison"] | {"points": points})
    assert figure is not None
    (ax,) = figure.axes
    assert ax.get_xlim()[1] < 3
    assert "600.000" in {text.get_text() for text in ax.texts}


def test_a_baseline_far_from_the_variants_is_a_note_at_the_edge() -> None:
    """It would squeeze the variants into a corner; its value is written instead."""
    lines = DATA["comparison"]["lines"].assign(bpc=[0.2, 9.0])
    figure = registry.make("comparison", DATA["comparison"] | {"lines": lines})
    assert figure is not None
    (ax,) = figure.axes
    assert ax.get_xlim()[0] > 1.5
    assert ax.get_xlim()[1] < 4
    shown = {text.get_text() for text in ax.texts}
    assert {"← n-gram, order 5 0.200", "floor 9.000 →"} <= shown


@pytest.mark.parametrize("name", ["comparison", "learning_curves"])
def test_a_seed_that_diverged_is_named_and_in_no_mean(name: str) -> None:
    """Dropping it silently would make a mean over others of it."""
    points = POINTS.merge(SEEDS, on=["variant", "seed"])
    points.loc[points["diverged_at_step"].notna(), "bpc"] = 50.0
    data = DATA[name] | {"seeds": SEEDS} | ({"points": points} if name == "comparison" else {})
    figure = registry.make(name, data)
    assert figure is not None
    (ax,) = figure.axes
    words = " ".join(text.get_text().replace("\n", " ") for text in ax.texts)
    assert "1 of 3 diverged" in words
    if name == "comparison":
        assert "3.250" in words  # of 3.0 and 3.5
    else:
        mean = next(line for line in ax.lines if "diverged" in str(line.get_label()))
        assert ys(mean) == pytest.approx([4.25, 3.75])
        assert [line.get_marker() for line in ax.lines].count("x") == 1


@pytest.mark.parametrize("name", ["clipping", "learning_curves"])
def test_a_variant_that_diverged_before_any_measurement_is_named(name: str) -> None:
    """It has no row in the curves, and must not vanish from the figure."""
    seeds = SEEDS.assign(diverged_at_step=np.where(SEEDS["variant"] == "b", 3.0, np.nan))
    data = DATA[name] | {"seeds": seeds, "curves": CURVES[CURVES["variant"] == "a"]}
    figure = registry.make(name, data)
    assert figure is not None
    (ax,) = figure.axes
    assert "B (3 of 3 diverged)" in names(ax)
    crosses = [line for line in ax.lines if line.get_marker() == "x"]
    assert [xs(cross)[0] for cross in crosses] == pytest.approx([0.3] * 3)


def test_a_rare_kind_of_character_does_not_stretch_the_axis() -> None:
    """Its losses are written in its row."""
    table = DATA["against_ngram"]["against_ngram"].assign(chars=[9990, 10])
    table.loc[1, ["network_bpc", "ngram_bpc"]] = 16.0, 12.0
    figure = registry.make("against_ngram", {"against_ngram": table})
    assert figure is not None
    assert figure.axes[0].get_xlim()[1] < 2
    assert figure.axes[0].texts[0].get_text() == "rare: model 16.0, n-gram 12.0 →"


def test_the_map_of_memory_is_of_the_seeds_with_snapshots() -> None:
    """The others were measured at their end alone, at other numbers of characters."""
    memory = DATA["memory_map"]["memory"]
    end = memory[(memory["seed"] == 1) & (memory["chars"] == 9000)]
    table = pd.concat([memory[memory["seed"] == 2], end.assign(chars=8888, share=0.0)])
    figure = registry.make("memory_map", DATA["memory_map"] | {"memory": table})
    assert figure is not None
    assert labels(figure.axes[0], "x") == ["1.0k", "9.0k"]


def test_losses_that_are_missing_or_huge_do_not_stop_a_curve() -> None:
    """A training that diverged has no loss, or one without bound; the axis fits the others."""
    curves = CURVES.copy()
    curves.loc[curves["variant"] == "b", "val_bpc"] = float("nan")
    curves.loc[curves["variant"] == "b", "train_bpc"] = 1e30
    figure = registry.make("learning_curves", DATA["learning_curves"] | {"curves": curves})
    assert figure is not None
    assert figure.axes[0].get_ylim()[1] < 10


def test_letters_that_the_font_lacks_are_no_error() -> None:
    """A Chinese character is a box in the picture, and no warning."""
    table = pd.DataFrame({"rank": [1, 2], "char": ["語", "$"], "probability": [0.5, 0.3]})
    table["came_next"] = [1, 0]
    assert registry.draw("next_char", {"next_char": table}) is not None
