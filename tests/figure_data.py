"""Data for every figure, small enough to know each value that must be drawn.

Means, medians and extremes over the seeds all differ, so that one drawn for another shows.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from charlab.plots.style import styled

STYLES = {"a": styled("A", "lstm", 0), "b": styled("B", "gru", 1)}

LOSSES = {"a": (2.0, 2.1, 2.9), "b": (3.0, 3.1, 3.5)}
"""Losses of three seeds by variant, with means 2.333 and 3.2, medians 2.1 and 3.1."""

POINTS = pd.DataFrame(
    [
        {"variant": name, "label": f"the {name}", "text": f"text-{name}", "seed": seed}
        | {"split": "test", "bpc": bpc}
        for name, losses in LOSSES.items()
        for seed, bpc in enumerate(losses, start=1)
    ]
)

CURVES = pd.DataFrame(
    [
        {"variant": name, "seed": seed, "chars": millions * 1e6, "grad_norm": seed / millions}
        | {"epoch": 4 * millions, "step": 10 * millions}
        | {"val_bpc": bpc + 1 / millions, "train_bpc": 2 * bpc + 1 / millions}
        for name, losses in LOSSES.items()
        for seed, bpc in enumerate(losses, start=1)
        for millions in (1, 2)
    ]
)

SEEDS = pd.DataFrame(
    [
        {"variant": name, "seed": seed, "diverged_at_step": 7 if (name, seed) == ("b", 2) else None}
        for name in "ab"
        for seed in (1, 2, 3)
    ]
).astype({"diverged_at_step": float})
"""One of six runs diverged."""

LINES = pd.DataFrame(
    [
        {"kind": "n-gram", "label": "n-gram, order 5", "bpc": 1.9},
        {"kind": "floor", "label": "floor", "bpc": 1.8},
    ]
)

TEXTS = pd.DataFrame(
    [
        {"text": f"text-{name}", "title": f"Book {name}", "language": "en"}
        | {"xz_test_bpc": 3.9, "ppmd_test_bpc": 2.2 + k, "ngram_test_bpc": 2.4 + k}
        | {"floor_test_bpc": None}
        for k, name in enumerate("ab")
    ]
).astype({"floor_test_bpc": float})

GENERATION = pd.DataFrame(
    {
        "temperature": [1.0, 0.5],
        "drawn_bpc": [2.0, 1.0],
        "sample_bpc": [2.5, 1.2],
        "real_words": [0.6, 0.9],
        "longest_copied": [10, 30],
    }
)

MEMORY = pd.DataFrame(
    [
        {"variant": name, "seed": seed, "chars": chars, "low": low, "high": 2 * low - 1}
        | {"chars_in_bin": 3 if low == 16 else 50, "saved_bits": 0.1}
        | {"share": (0.2 if chars < 5000 else 0.9) + 0.1 * seed / low}
        for name in "ab"
        for seed in (1, 2, 4)
        for chars in (1000, 9000)
        for low in (4, 8, 16)
    ]
)
"""Shares of three seeds; the bin from 16 on has too few characters."""

WEIGHTS: dict[str, Any] = {
    "weight_ih": [[0.1, -0.2, 0.3]] * 4,
    "weight_hh": [[0.5, 0.1], [-0.1, 0.4]],
    "head": [[0.2, 0.1], [-0.3, 0.4], [0.0, 1.0]],
    "chars": ["a", " ", "\n"],
    "row_blocks": ["reset", "update"],
    "shapes": {"weight_ih": [64, 3], "weight_hh": [64, 16], "head": [3, 16]},
}

GUESSES = [["e", 0.5], ["\n", 0.2], ["z", 0.1], [" ", 0.1], ["o", 0.05]]

DATA: dict[str, dict[str, Any]] = {
    "comparison": {"points": POINTS, "styles": STYLES, "title": "Cells", "lines": LINES},
    "texts": {"texts": TEXTS, "points": POINTS, "styles": STYLES},
    "learning_curves": {"curves": CURVES, "styles": STYLES, "title": "Cells"},
    "overfitting": {"curves": CURVES, "styles": STYLES, "title": "Dropout"},
    "clipping": {
        "curves": CURVES,
        "styles": STYLES,
        "title": "Clipping",
        "seeds": SEEDS,
        "variants": pd.DataFrame(
            {"variant": ["a", "b"], "clip": ["norm", "none"], "clip_at": [0.7, None]}
            | {"clipped": [0.25, None]}
        ).astype({"clip_at": float, "clipped": float}),
    },
    "overtaking": {
        "overtaking": pd.DataFrame(
            [
                {"variant": "a", "seed": seed, "chars": chars, "val_bpc": 9.0, "test_bpc": bpc}
                for seed in (1, 2, 3)
                for chars, bpc in ((0, 6.0), (1_000, 3 + seed), (100_000, 1 + seed / 2))
            ]
        ),
        "baselines": pd.DataFrame(
            [
                {"text": "text-a", "kind": "ngram", "order": 2, "val_bpc": 3.4, "test_bpc": 3.5},
                {"text": "text-a", "kind": "ngram", "order": 5, "val_bpc": 2.4, "test_bpc": 2.5},
                {"text": "text-a", "kind": "ppmd", "order": 3, "val_bpc": 2.2, "test_bpc": 1.8},
                {"text": "text-a", "kind": "ppmd", "order": 4, "val_bpc": 2.1, "test_bpc": 1.9},
                {"text": "text-b", "kind": "floor", "order": None, "val_bpc": 1, "test_bpc": 1},
            ]
        ),
        "points": POINTS,
        "styles": STYLES,
    },
    "memory_share": {"memory": MEMORY, "styles": STYLES},
    "memory_map": {"memory": MEMORY, "styles": STYLES},
    "learning_rate_u": {
        "tuning": pd.DataFrame(
            [
                {"family": family, "label": f"{family.upper()}, ReLU", "init": "identity"}
                | {"learning_rate": rate, "val_bpc": bpc, "chosen": bpc == 2.0}
                | {"diverged_at_step": None if bpc else 9}
                for family in ("rnn", "lstm")
                for rate, bpc in ((0.001, 2.5), (0.01, 2.0), (0.1, None))
            ]
        ).astype({"diverged_at_step": float, "val_bpc": float}),
    },
    "real_words": {
        "generation": pd.concat([GENERATION.assign(variant=name) for name in "ab"]),
        "styles": STYLES,
        "title": "Cells",
    },
    "model_learning_curve": {
        "model_learning_curve": CURVES[(CURVES["variant"] == "a") & (CURVES["seed"] == 1)],
        "lines": LINES,
    },
    "temperature": {"generation": GENERATION},
    "as_it_learned": {
        "as_it_learned": pd.DataFrame(
            {"chars": [0, 1500, 2e6], "val_bpc": [6.0, 3.0, 2.0], "real_words": [0.0, 0.4, 0.8]}
        )
    },
    "novelty": {
        "novelty": pd.DataFrame(
            {
                "temperature": [0.5, 0.5, 1.0, 1.0],
                "length": [2, 8, 2, 8],
                "share": [0.1, 0.7, 0.2, 0.9],
            }
        )
    },
    "against_ngram": {
        "against_ngram": pd.DataFrame(
            {
                "kind": ["space", "digit"],
                "order": 5,
                "network_bpc": [1.0, 3.0],
                "ngram_bpc": [1.5, 2.5],
            }
        )
    },
    "gradient_by_lag": {
        "gradient_by_lag": pd.DataFrame(
            {
                "variant": ["a", "a", "b", "b"],
                "lag": [0, 10, 0, 10],
                "norm": [1.0, 0.5, 1.0, 0.8],
                "cell_norm": [None, None, 1.0, 0.9],
            }
        ).astype({"cell_norm": float}),
        "styles": STYLES,
    },
    "loss_by_position": {
        "loss_by_position": pd.DataFrame(
            {
                "variant": "a",
                "position": [1, 2],
                "carried_bpc": [2.0, 1.9],
                "zero_bpc": [3.0, 2.5],
                "learned_bpc": float("nan"),
            },
        ),
        "styles": STYLES,
    },
    "loss_by_distance": {
        "loss_by_distance": pd.DataFrame(
            {
                "variant": ["a", "a", "a", "b", "b"],
                "low": [1, 2, 4, 1, 2],
                "high": [1, 3, 7, 1, 3],
                "chars": [50, 50, 3, 50, 50],
                "bpc": [1.5, 2.0, 9.0, 1.4, 1.6],
                "floor_bpc": [1.0, 1.25, 1.0, 1.0, 1.25],
                "forgotten_bpc": [3.0, 3.5, 3.0, 3.0, 3.5],
            }
        ),
        "styles": STYLES,
    },
    "activations": {
        "activations": pd.DataFrame(
            {
                "variant": ["a", "a", "b", "b"],
                "low": [-1.0, 0.0, -1.0, 0.0],
                "high": [0.0, 1.0, 0.0, 1.0],
                "share": [0.25, 0.75, 0.4, 0.6],
            }
        ),
        "styles": STYLES,
    },
    "gate_saturation": {
        "gate_units": pd.DataFrame(
            {
                "gate": ["reset", "reset", "update"],
                "layer": 0,
                "shut": [0.1, 0.2, 0.3],
                "open": [0.4, 0.5, 0.6],
            }
        )
    },
    "weights": {"weights": WEIGHTS},
    "next_char": {
        "next_char": pd.DataFrame(
            {"rank": [1, 2, 3], "char": ["e", " ", "\n"], "probability": [0.7, 0.2, 0.1]}
            | {"came_next": [0, 1, 0]}
        )
    },
    "colored_text": {
        "colored": {
            "text": "he is",
            "layer": 0,
            "unit": 3,
            "feature": "inside_quotes",
            "activation": [0.1, -0.8, 0.3, 0.2, 0.0],
            "top5": [GUESSES] * 5,
        }
    },
    "against_ngram_passage": {
        "passage": {"text": "a b", "network_nats": [1.0] * 3, "ngram_nats": [0.5, 1.0, 9.0]}
    },
}
"""The data that each figure needs, by the name of the figure."""
