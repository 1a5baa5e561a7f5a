"""The alternative text of a figure says what its data show, not what kind of figure it is."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from matplotlib.figure import Figure

from charlab.plots import registry
from charlab.plots.stating import course, extent, listed, ranked
from figure_data import DATA, LINES, POINTS, SEEDS

STATED = {
    "comparison": "test loss in bits per character, lowest first: the a 2.333; the b 3.200. "
    "Beside it: floor 1.800; n-gram, order 5 1.900.",
    "texts": "Book a 2.333 (n-gram 2.400); Book b 3.200 (n-gram 3.400).",
    "real_words": "A 90 % at 0.5, 60 % at 1; B 90 % at 0.5, 60 % at 1.",
    "model_learning_curve": "val loss from 3.000 at 1.0M characters to 2.500 at 2.0M.",
    "learning_curves": "Mean val loss at the end: A 2.833; B 3.700.",
    "overfitting": "A lowest 2.833 after 8 passes; B lowest 3.700 after 8 passes.",
    "clipping": "A up to 3.000 (bound 0.7, 25 % of the steps clipped); B (1 of 3 diverged) up to",
    "overtaking": "A 2.000, below the 5-gram (2.500) from 46k characters on. "
    "Lowest baseline: PPMd 1.900.",
    "temperature": "at 0.5 entropy 1.000 bits per character, 90 % real words, longest copy 30",
    "as_it_learned": "after 0 characters val loss 6.000, 0 % real words; after 2.0M",
    "novelty": "at temperature 0.5 10 % of length 2 and 70 % of length 8;",
    "against_ngram": "The model is ahead in space (1.000 and 1.500). The n-gram is ahead in digit",
    "gradient_by_lag": "A 0.500 at lag 10; B 0.800 at lag 10, its cell state 0.900.",
    "loss_by_position": "A, carried: 2.000 after 1, 1.900 after 2; A, zero: 3.000 after 1, 2.500",
    "loss_by_distance": "A 0.500 at 1, 0.750 at 2-3; B 0.400 at 1, 0.350 at 2-3.",
    "activations": "A 75 % from 0 to 1; B 60 % from 0 to 1.",
    "gate_saturation": "reset 15 % shut, 45 % open; update 30 % shut, 60 % open.",
    "memory_share": "at 4-7 and at 8-15 characters: A 96 % and 93 %; B 96 % and 93 %.",
    "memory_map": "A up to 8-15 characters, after 9.0k read; B up to",
    "learning_rate_u": "RNN, ReLU: 0.01, 2.000 (worst 2.500); LSTM, ReLU: 0.01, 2.000 (worst "
    "2.500). 2 of 6 runs diverged.",
    "weights": "W_xh (64 × 3) -0.200 to 0.300;",
    "next_char": "what came is “␣”, number 2 of the guesses, 0.2.",
    "colored_text": "“inside quotes”: activation from -0.80 at “e” to 0.30 at “␣”",
    "against_ngram_passage": "gains 3.607 bits per character on the n-gram; it is ahead at 33 %",
}
"""Words of each figure's alternative text with the data of figure_data.py."""


@pytest.mark.parametrize("name", registry.figures())
def test_an_alternative_text_states_the_result(name: str) -> None:
    """Computed here by hand, from the data."""
    assert STATED[name] in registry.alternative(name, DATA[name])


@pytest.mark.parametrize("name", registry.figures())
def test_other_results_have_another_text(name: str) -> None:
    """Numbers of every table, less than a third of them."""
    changed = {
        key: value.assign(**{str(c): value[c] * 0.3 for c in value if value[c].dtype.kind == "f"})
        if isinstance(value, pd.DataFrame)
        else value
        for key, value in DATA[name].items()
    }
    if all(changed[key] is DATA[name][key] for key in changed):
        pytest.skip("its data are no table")
    assert registry.alternative(name, changed) != registry.alternative(name, DATA[name])


def test_runs_that_diverged_are_counted_and_enter_no_mean() -> None:
    """Seed 3 of b has the loss 3.5; the mean of the others is 3.05."""
    points = POINTS.merge(SEEDS[["variant", "seed"]].assign(diverged_at_step=None))
    points.loc[(points["variant"] == "b") & (points["seed"] == 3), "diverged_at_step"] = 7
    text = registry.alternative("comparison", DATA["comparison"] | {"points": points})
    assert "the b 3.050. Runs that diverged: the b 1 of 3." in text


def test_a_figure_of_ones_own_has_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its caption, with the ends of the column that it is most likely about."""
    monkeypatch.setattr(registry, "_FIGURES", dict(registry.figures()))

    @registry.figure("Baselines of my own.", needs=("lines",))
    def my_own(lines: pd.DataFrame) -> Figure:
        raise NotImplementedError

    expected = "Baselines of my own. bpc from 1.800 (floor) to 1.900 (n-gram)."
    assert registry.alternative("my_own", {"lines": LINES}) == expected
    assert registry.alternative("my_own", {}) == ""
    assert extent(pd.DataFrame({"name": ["a", "b"]})) == "2 rows"


def test_long_lists_are_cut() -> None:
    """An alternative text is heard from start to end."""
    values = {f"v{k}": float(k) for k in range(12)}
    shown = ranked(values)
    assert shown.startswith("v0 0.000; v1 1.000; v2 2.000; 6 more; v9 9.000")
    assert listed(values).endswith("v7; and 4 more")
    assert ranked({"a": float("nan")}) == "none"
    assert "lowest 1.000 at 20" in course([10, 20, 30], [3.0, 1.0, 2.0])
    assert not re.search("lowest", course([10, 20], [3.0, float("nan")]))
