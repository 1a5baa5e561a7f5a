"""Made-up results with chosen losses, in the folders that the stages before ``compare`` write."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from charlab.core.files import write_json, write_text
from charlab.plan.params import Params, parse_params
from made_evaluation import evaluation_of

Loss = Callable[[str, int], float]
"""Function from variant and seed to the test loss in bits per character."""

TWO_TEXTS: dict[str, Any] = {
    "seed": 1,
    "texts": {
        "invented": {"builtin": "invented", "title": "A small book", "language": "en-x-invented"},
        "other": {"gutenberg": 11, "title": "Another book", "language": "fr"},
    },
    "text": "invented",
    "model": {"cell": "lstm", "hidden": 16},
    "sample": {"prompt": "The ", "temperatures": [0.5, 1.0], "length": 40},
    "study": {
        "name": "made",
        "title": "A made-up study",
        "seeds": [1, 2, 3],
        "variants": {
            "rnn": {"text": "invented", "model": {"cell": "rnn"}},
            "gru": {"text": "invented", "model": {"cell": "gru"}},
            "lstm": {"text": "invented"},
            "lstm-small": {"text": "invented", "model": {"hidden": 32}},
            "lstm-large": {"text": "invented", "model": {"hidden": 512}},
            "lstm-dropped": {"text": "invented", "model": {"dropout": 0.5}},
            "lstm-other": {"text": "other"},
        },
        "comparisons": {
            "cells": {
                "title": "RNN, GRU, LSTM",
                "question": "What do the gates gain?",
                "section": "cells",
                "vary": "cell",
                "variants": ["rnn", "gru", "lstm"],
            },
            "hidden_size": {
                "title": "Hidden size",
                "question": "What does a larger state gain?",
                "section": "sizes",
                "vary": "hidden",
                "variants": ["lstm-small", "lstm", "lstm-large"],
            },
            "dropout": {
                "title": "Dropout",
                "question": "What does dropout do?",
                "section": "dropout",
                "vary": "dropout",
                "variants": ["lstm", "lstm-dropped"],
            },
            "texts": {
                "title": "Texts",
                "question": "Which text is easiest?",
                "section": "texts",
                "vary": "text",
                "variants": ["lstm", "lstm-other"],
            },
            "of_my_own": {
                "title": "A comparison of one's own",
                "question": "Does it get a section?",
                "variants": ["rnn", "lstm"],
            },
        },
    },
}

BEST_LSTM = {
    "rnn": 2.5,
    "gru": 2.2,
    "lstm": 2.0,
    "lstm-small": 2.3,
    "lstm-large": 1.9,
    "lstm-dropped": 2.1,
    "lstm-other": 2.4,
    "model": 2.05,
}
"""Test losses, bits per character, of a study in which every gate helps."""

WOBBLE = {1: -0.01, 2: 0.0, 3: 0.01}
"""Effect of a seed on the loss of every variant, which paired differences cancel."""


def made_params(seeds: list[int] | None = None, **study: Any) -> Params:
    """Return the parameters of the made-up study, with other seeds if they are given."""
    document = TWO_TEXTS | {
        "study": TWO_TEXTS["study"] | study | ({"seeds": seeds} if seeds else {})
    }
    return parse_params(document)


def wobbling(variant: str, seed: int) -> float:
    """Return losses in which LSTM is best, by more than the seeds spread."""
    # A little of its own per variant, so that no paired difference is exactly constant.
    own = 0.002 * (sum(map(ord, variant)) * (seed + len(variant)) % 5 - 2)
    return BEST_LSTM[variant] + WOBBLE.get(seed, 0.0) + own


def write_run(folder: Path, test_bpc: float, *, parameters: int = 1000, **extra: Any) -> None:
    """Write a model directory's metrics and history, without weights."""
    nats = test_bpc * math.log(2)
    figures = {"val_nats": nats + 0.01, "test_nats": nats, "train_nats": nats - 0.1}
    write_json(
        folder / "metrics.json",
        figures
        | {name.replace("nats", "bpc"): value / math.log(2) for name, value in figures.items()}
        | {"parameters": parameters, "train_chars": 64000, "steps": 10, "best_step": 10}
        | extra,
    )
    lines = ["step,chars,epoch,train_nats,val_nats,lr,grad_norm,clipped"]
    for step in (1, 5, 10):
        train, val = nats + (10 - step) / 10 - 0.1, nats + (10 - step) / 10 + 0.01
        lines.append(
            f"{step},{step * 6400},{step / 5},{train:.7g},{val:.7g},0.002,{1 / step:.7g},0"
        )
    write_text(folder / "history.csv", "\n".join(lines) + "\n")


def write_text_results(data: Path, slug: str, *, floor: bool, ngram_bpc: float = 2.1) -> None:
    """Write a text's splits, vocabulary and baselines."""
    sizes = {"train": 80000, "val": 10000, "test": 10000}
    write_json(
        data / "vocab" / slug / "splits.json",
        {"split": "contiguous", "segments": 1, "chars": 100000, **sizes},
    )
    write_json(
        data / "vocab" / slug / "vocab.json",
        {"unknown": False, "chars": list("abc de"), "counts": [1, 2, 3, 4, 5, 6]},
    )

    def both(bpc: float) -> dict[str, float]:
        return {"val_nats": (bpc + 0.01) * math.log(2), "test_nats": bpc * math.log(2)}

    write_json(
        data / "baselines" / f"{slug}.json",
        {
            "ngram": [{"order": n, **both(ngram_bpc + 0.1 * (6 - n))} for n in (2, 6)],
            "best_order": 6,
            "ppmd": [{"order": 4, **both(ngram_bpc - 0.05)}],
            "best_ppmd_order": 4,
            "xz": both(2.9),
            "gzip": both(3.3),
            "bzip2": both(2.8),
            "floor": both(1.2) if floor else None,
        },
    )


def samples_of(params: Params, name: str) -> dict[str, Any]:
    """Return possible samples of a model."""
    return {
        "prompt": params.sample.prompt or "Once ",
        "seed": params.seed,
        "samples": [
            {
                "temperature": t,
                "text": f"<b>{name}</b> | says `{t}`,\n\n& more *text* of ten thousand words.",
                "nats_per_char": 1.0 + t,
                "entropy_nats": t,
            }
            for t in params.sample.temperatures
        ],
    }


LEARNED = ((0, 6.5, 0.0), (100, 3.0, 0.25), (1000, 2.0, 0.75))
"""Snapshots of a training: characters read, val loss in bits, share of real words."""


def learned_samples(params: Params) -> dict[str, Any]:
    """Return possible samples of the model, with those of its snapshots."""
    rows = [
        {"step": chars // 10, "chars": chars, "temperature": 1.0, "text": f"<i>{chars}</i> read"}
        | {"nats_per_char": 1.0, "entropy_nats": 1.0}
        for chars, _, _ in LEARNED
    ]
    return samples_of(params, "model") | {"as_it_learned": rows}


def write_results(
    params: Params, data: Path, loss: Loss = wobbling, *, evaluated: bool = True
) -> Path:
    """Write everything that ``compare`` and ``report`` read, with the losses of ``loss``.

    Returns
    -------
    Path
        ``data``.
    """
    write_run(data / "model", loss("model", params.seed))
    write_json(data / "samples" / "model.json", learned_samples(params))
    for slug, text in params.texts.items():
        write_text_results(data, slug, floor=text.builtin is not None)
    for number, variant in enumerate(map(params.study.variant, params.study.variants)):
        for seed in params.study.seeds_of(variant.slug):
            folder = data / "variants" / variant.slug / str(seed)
            write_run(folder, loss(variant.slug, seed), parameters=1000 + 100 * number)
        write_json(
            data / "samples" / "variants" / f"{variant.slug}.json",
            samples_of(params, params.labels[variant.slug]),
        )
        if evaluated:
            path = data / "evaluation" / "variants" / f"{variant.slug}.json"
            write_json(path, evaluation_of(params, variant.model.cell))
    if evaluated:
        learned = [
            {
                "step": chars // 10,
                "chars": chars,
                "val_nats": bpc * math.log(2),
                "real_words": words,
            }
            for chars, bpc, words in LEARNED
        ]
        evaluation = evaluation_of(params, params.model.cell) | {"as_it_learned": learned}
        write_json(data / "evaluation" / "model.json", evaluation)
    return data
