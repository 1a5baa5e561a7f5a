"""A picture's file has the values that it shows, and where they are."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pandas as pd
import pytest

from charlab.plots import registry
from charlab.plots.svg import SVG
from charlab.plots.values import MOST
from charlab.plots.weights import _by_unit
from figure_data import DATA, STYLES


def panels(name: str, data: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the values in the file of a figure."""
    svg = registry.draw(name, data)
    assert svg is not None
    metadata = ElementTree.fromstring(svg).find(f"{{{SVG}}}metadata")
    return [] if metadata is None else json.loads(metadata.text or "")


def test_a_comparison_has_each_seed_and_the_mean() -> None:
    """With the labels of its rows."""
    (panel,) = panels("comparison", DATA["comparison"])
    label, scale, low, high, left, right, categories = panel["x"]
    assert (label, scale, categories) == (
        "test loss, bits per character (less is better)", "linear", [],
    )  # fmt: skip
    assert low < 1.8 < 3.5 < high
    assert 0 < left < right < 504
    assert panel["y"][-1] == ["the a", "the b"]
    assert panel["series"][0][:2] == ["a seed", [2, 2.1, 2.9]]
    assert panel["series"][1][:2] == ["mean of the seeds", [2.333, 2.333]]


def test_values_are_at_their_place() -> None:
    """The axes say which place belongs to which value: as where the picture has the dot."""
    svg = registry.draw("temperature", DATA["temperature"]) or b""
    first = panels("temperature", DATA["temperature"])[0]
    name, xs, ys = first["series"][0]
    assert (name, xs, ys) == ("of the choices", [0.5, 1], [1, 2])
    places = []
    for axis, value in ((first["x"], xs[0]), (first["y"], ys[0])):
        _, _, low, high, start, end, _ = axis
        places.append(start + (value - low) / (high - low) * (end - start))
    marks = [
        (float(use.get("x", "nan")), float(use.get("y", "nan")))
        for use in ElementTree.fromstring(svg).iter(f"{{{SVG}}}use")
        if "y" in use.attrib
    ]
    assert min(abs(x - places[0]) + abs(y - places[1]) for x, y in marks) < 0.2


def test_a_map_has_the_share_of_each_cell() -> None:
    """By distance and characters read, also where a column has no label."""
    first = panels("memory_map", DATA["memory_map"])[0]
    assert first["title"] == "A"
    assert first["x"][-1] == ["1.0k", "9.0k"]
    assert first["y"][-1] == ["4-7", "8-15"]
    assert first["series"][0] == ["", [0, 1], [0, 0], "share realized", [0.2583, 0.9583]]
    assert first["series"][1][1] is None


def test_labels_with_markup_stay_text() -> None:
    """The file is XML, and the page JSON in HTML."""
    hostile = "<script>alert('$x$')</script>"
    styles = STYLES | {"a": replace(STYLES["a"], label=hostile)}
    (panel,) = panels("learning_curves", DATA["learning_curves"] | {"styles": styles})
    assert panel["series"][0][0] == hostile


def test_a_long_line_keeps_some_of_its_values() -> None:
    """The file stays small."""
    lags = pd.DataFrame({"variant": "a", "lag": range(500), "norm": 0.5, "cell_norm": None})
    lags = lags.astype({"cell_norm": float})
    (panel,) = panels("gradient_by_lag", {"gradient_by_lag": lags, "styles": STYLES})
    assert 20 < len(panel["series"][0][2]) <= MOST


@pytest.mark.parametrize("name", sorted(registry.figures().keys()))
def test_every_figure_has_values(name: str) -> None:
    """At places within its axes."""
    drawn = panels(name, DATA[name])
    assert drawn
    for panel in drawn:
        xs: list[float] = []
        for _, own, ys, *more in panel["series"]:
            xs = own or xs
            assert len(xs) == len(ys)
            assert all(
                each is None or isinstance(each, str) or len(each) == len(ys) for each in more
            )


def test_a_passage_names_its_characters() -> None:
    """With the value that gives each its color, at the middle of its cell."""
    (panel,) = panels("colored_text", DATA["colored_text"])
    ((name, xs, ys, quantity, values, signs),) = panel["series"]
    assert (name, quantity, signs) == ("character", "activation", ["h", "e", "␣", "i", "s"])
    assert values == DATA["colored_text"]["colored"]["activation"]
    assert (xs[:2], ys[0]) == ([0.5, 1.5], 0.55)
    # Its place says nothing to a reader.
    assert panel["x"][0] == panel["y"][0] == ""


def test_a_weight_has_its_characters_and_units() -> None:
    """By gate and range of units; rows of characters are not averaged."""
    inward, recurrent, head = panels("weights", DATA["weights"])
    assert (inward["x"][0], inward["x"][-1]) == ("character in", ["a", "␣", "↵"])
    assert inward["y"][-1] == ["reset 0–7", "reset 8–15", "update 0–7", "update 8–15"]
    assert recurrent["x"][-1] == ["0–7", "8–15"]
    assert recurrent["series"][1] == ["", None, [1, 1], "mean weight", [-0.1, 0.4]]
    assert head["y"][-1] == ["a", "␣", "↵"]


def test_a_large_matrix_has_the_means_of_its_pieces() -> None:
    """Whose names say all of their units."""
    side = _by_unit("unit", 256, 63, ["reset", "update", "candidate"])
    assert len(side.pieces) == 21
    assert (side.pieces[1], side.names[5]) == ((3, 6), "reset 36–72")
    assert (side.pieces[-1], side.names[-1]) == ((60, 63), "candidate 219–255")


def test_a_gate_has_the_shares_of_each_unit() -> None:
    """Numbered within its layer."""
    reset, update = panels("gate_saturation", DATA["gate_saturation"])
    assert reset["series"] == [["unit", [0.1, 0.2], [0.4, 0.5], "", None, ["0", "1"]]]
    assert update["title"] == "update gate"
