"""A made-up evaluation of a model, with every key that an evaluation can have."""

from __future__ import annotations

import math
from typing import Any

from charlab.plan.params import Params


def evaluation_of(params: Params, cell: str) -> dict[str, Any]:
    """Return a possible evaluation of a model with the given cell."""
    gates = {"rnn": [], "gru": ["reset", "update"], "lstm": ["input", "forget", "output"]}[cell]
    reach = {"rnn": 0.8, "gru": 0.9, "lstm": 0.95}[cell]
    text = '"Who is it?" said\nthe fox.'
    return {
        "loss_by_position": [
            {"position": n, "carried_nats": 1.4, "zero_nats": 1.4 + 1 / n, "learned_nats": None}
            for n in (1, 2, 4)
        ],
        "loss_by_distance": [
            {
                "low": 2**k,
                "high": 2 ** (k + 1) - 1,
                "chars": 50,
                "nats": 2 - reach + k * (1 - reach),
            }
            | {"floor_nats": 0.5, "forgotten_nats": 1.5}
            for k in range(1, 8)
        ],
        "loss_by_kind": [
            {"kind": "closing", "median_distance": 90.0, "chars": 50, "nats": 1.5 - reach}
            | {"floor_nats": 0.5, "forgotten_nats": 1.5}
        ],
        "gradient_by_lag": [{"lag": n, "norm": reach**n} for n in range(40)],
        "activations": {"edges": [-1.0, -0.5, 0.0, 0.5, 1.0], "counts": [4, 1, 1, 4]},
        "gates": {
            gate: {"left": 0.1, "right": 0.4, "units": [[0, 0.1, 0.4], [0, 0.2, 0.6]]}
            for gate in gates
        }
        or None,
        "neurons": [
            {"layer": 0, "unit": 3, "feature": "inside_quotes", "correlation": 0.61}
            | {"val_correlation": 0.63},
            {"layer": 0, "unit": 4, "feature": "space", "correlation": -0.4}
            | {"val_correlation": -0.41},
        ],
        "colored": {
            "text": text,
            "layer": 0,
            "unit": 3,
            "feature": "inside_quotes",
            "correlation": 0.61,
            "signal": "cell",
            "activation": [math.sin(n) for n in range(len(text))],
            "top5": [[["e", 0.5], ["\n", 0.2], ["a", 0.1], [" ", 0.1], ["o", 0.05]]] * len(text),
        },
        "next_char": {
            "context": "said th",
            "char": "a",
            "top": [["e", 0.7], ["a", 0.2], ["\n", 0.1]],
            "entropy_nats": 0.8,
        },
        "weights": {
            "weight_ih": [[0.1, -0.2, 0.3]] * 4,
            "weight_hh": [[0.5, 0.1], [-0.1, 0.4]],
            "head": [[0.2, 0.1], [-0.3, 0.4], [0.0, 1.0]],
            "chars": ["a", " ", "\n"],
            "row_blocks": gates or ["hidden"],
            "shapes": {"weight_ih": [64, 3], "weight_hh": [64, 16], "head": [3, 16]},
            "one_hot": {"id": 0, "char": "a", "product": [0.1], "column": [0.1]}
            | {"largest_difference": 0.0},
        },
        "against_ngram": {
            "order": 6,
            "chars": 900,
            "network_nats": 1.4,
            "ngram_nats": 1.5,
            "network_better_share": 0.55,
            "by_kind": [
                {"kind": "space", "chars": 100, "network_nats": 0.5, "ngram_nats": 0.6},
                {"kind": "later letter", "chars": 800, "network_nats": 1.6, "ngram_nats": 1.5},
            ],
            "passage": {"text": "a b", "network_nats": [1.0] * 3, "ngram_nats": [0.5, 1.0, 9.0]},
            "rnn_better": [
                {"context": "a|b\nc", "char": '"', "network_p": 0.9, "ngram_p": 0.01},
            ],
            "ngram_better": [
                {"context": "thorou", "char": "g", "network_p": 0.1, "ngram_p": 0.9},
            ],
        },
        "overtaking": [
            {"seed": seed, "step": chars // 10, "chars": chars}
            | {"val_nats": nats + 0.01 * seed, "test_nats": nats}
            for seed in params.study.seeds
            for chars, nats in ((0, 4.5), (1000, 1.6), (64000, 1.8 - reach / 2))
        ],
        "memory": [
            {"seed": seed, "chars": chars, "low": low, "high": 2 * low - 1, "chars_in_bin": 50}
            | {"saved_nats": 0.1, "share": reach * chars / 64000 / low**0.1}
            for seed in params.study.seeds
            for chars in (1000, 64000)
            for low in (4, 8, 16)
        ],
        "novelty": [
            {
                "temperature": t,
                "longest_copied": int(30 - 10 * t),
                "copied_text": "and the fox said",
                "real_words": 1 - 0.2 * t,
                "entropy_bpc": 3.5 + t,
                "novel_by_length": [{"length": n, "share": 1 - 0.5**n * (2 - t)} for n in (2, 4)],
            }
            for t in params.sample.temperatures
        ],
    }
