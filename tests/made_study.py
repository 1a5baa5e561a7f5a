"""A made-up study with a comparison for every task of the course, whose results a test chooses.

The tables are made in memory, as the report reads them, so that hundreds of studies cost little.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from charlab.compare.compare import to_csv
from charlab.core.files import write_json, write_text
from charlab.plan.params import Params, parse_params
from charlab.plots.style import series_styles
from charlab.report.evidence import Evidence
from charlab.report.study import StudyResults, load
from made_evaluation import evaluation_of
from made_reports import unflushed

BOOK, FLAT = "invented", "invented-flat"


def _comparison(section: str, vary: str | None, *variants: str) -> dict[str, Any]:
    title = f"{section} {vary}"
    entry = {"title": title, "question": f"What of {title}?", "section": section}
    return entry | {"variants": list(variants)} | ({"vary": vary} if vary else {})


STUDY: dict[str, Any] = {
    "seed": 1,
    "texts": {
        "main": {"gutenberg": 11, "title": "The main book", "language": "en"},
        "german": {"gutenberg": 12, "title": "Das Buch", "language": "de"},
        "verse": {"gutenberg": 13, "title": "Runo", "language": "fi"},
        BOOK: {"builtin": "invented", "title": "A made text", "language": "en-x-invented"},
        FLAT: {
            "builtin": "invented",
            "title": "A flat text",
            "language": "en-x-invented",
            "seed": 2,
        },
    },
    "text": "main",
    "model": {"cell": "lstm", "hidden": 16},
    "sample": {"temperatures": [0.3, 0.6, 1.0, 2.0], "length": 40},
    "study": {
        "name": "made",
        "title": "A made-up course",
        "seeds": [1, 2, 3, 4, 5],
        "defaults": {"model": {"cell": "lstm", "hidden": 128}},
        "variants": {
            "lstm-32": {"text": "main", "model": {"hidden": 32}},
            "lstm": {"text": "main"},
            "lstm-512": {"text": "main", "model": {"hidden": 512}},
            "rnn": {"text": "main", "model": {"cell": "rnn"}},
            "gru": {"text": "main", "model": {"cell": "gru"}},
            "rnn-wide": {"text": "main", "model": {"cell": "rnn", "hidden": 250}},
            "gru-wide": {"text": "main", "model": {"cell": "gru", "hidden": 150}},
            "rnn-numpy": {"text": "main", "model": {"cell": "rnn", "backend": "numpy"}},
            "rnn-relu": {"text": "main", "model": {"cell": "rnn", "activation": "relu"}},
            "rnn-sigmoid": {"text": "main", "model": {"cell": "rnn", "activation": "sigmoid"}},
            "rnn-free": {"text": "main", "model": {"cell": "rnn"}, "train": {"clip": "none"}},
            "drop-25": {"text": "main", "model": {"dropout": 0.25}},
            "drop-50": {"text": "main", "model": {"dropout": 0.5}},
            "drop-between": {
                "text": "main",
                "model": {"dropout": 0.5, "dropout_at": "between_layers"},
            },
            "lstm-seq-8": {"text": "main", "train": {"seq_len": 8}},
            "memory-rnn": {"text": BOOK, "model": {"cell": "rnn"}},
            "memory-gru": {"text": BOOK, "model": {"cell": "gru"}},
            "memory-lstm": {"text": BOOK},
            "memory-flat": {"text": FLAT},
            "german": {"text": "german"},
            "verse": {"text": "verse"},
        },
        "comparisons": {
            "backends": _comparison("training", "backend", "rnn", "rnn-numpy"),
            "clipping": _comparison("training", "clip", "rnn", "rnn-free"),
            "dropout": _comparison("dropout", "dropout", "lstm", "drop-25", "drop-50"),
            "dropout_place": _comparison("dropout", "dropout", "lstm", "drop-between"),
            "activations": _comparison(
                "activations", "activation", "rnn", "rnn-relu", "rnn-sigmoid"
            ),
            "cells": _comparison("cells", "cell", "rnn", "gru", "lstm"),
            "equal": _comparison("cells", "cell", "rnn-wide", "gru-wide", "lstm"),
            "memory": _comparison("cells", "cell", "memory-rnn", "memory-gru", "memory-lstm"),
            "growth": _comparison("cells", "text", "memory-lstm", "memory-flat"),
            "sizes": _comparison("sizes", "hidden", "lstm-32", "lstm", "lstm-512"),
            "seq_len": _comparison("sizes", "seq_len", "lstm-seq-8", "lstm"),
            "texts": _comparison("texts", "text", "lstm", "german", "verse"),
        },
    },
}

LOSSES: dict[str, float] = {
    "lstm-32": 2.4, "lstm": 2.0, "lstm-512": 1.8, "rnn": 2.3, "gru": 1.95, "rnn-wide": 2.25,
    "gru-wide": 1.9, "rnn-numpy": 2.301, "rnn-relu": 2.35, "rnn-sigmoid": 2.34, "rnn-free": 2.31,
    "drop-25": 1.9, "drop-50": 1.95, "drop-between": 2.0, "lstm-seq-8": 2.1, "memory-rnn": 1.5,
    "memory-gru": 1.3, "memory-lstm": 1.3, "memory-flat": 1.6, "german": 2.1, "verse": 1.9,
    "model": 1.85,
}  # fmt: skip
"""Mean test losses of a study in which everything turns out as a course would like it."""

BINS = ((4, 7), (32, 63), (64, 127))
CHARS = (0, 100_000, 2_000_000)


@dataclass(frozen=True)
class Scenario:
    """The results that a made-up study has.

    Attributes
    ----------
    losses : mapping
        Mean test loss by variant; ``model`` is *the* model.
    spread : float
        Half the range of the losses over the seeds.
    diverged : mapping
        Step at which a run diverged, by (variant, seed).
    memory : mapping
        Share realized at the end at far distances, by variant; {} for no table.
    overtaking : mapping
        Loss at the end of the learning curve on val, by variant; {} for no table.
    tuning : mapping
        Losses by learning rate and family; {} for no table.
    overfit : bool
        True if the loss on val rose again in training.
    ladder : tuple of float
        Share of real words at the lowest and at the highest temperature.
    """

    losses: Mapping[str, float] = field(default_factory=lambda: LOSSES)
    spread: float = 0.01
    diverged: Mapping[tuple[str, int], int] = field(default_factory=dict)
    memory: Mapping[str, float] = field(
        default_factory=lambda: {
            "memory-rnn": 0.6, "memory-gru": 0.95, "memory-lstm": 0.97, "memory-flat": 0.01
        }
    )  # fmt: skip
    overtaking: Mapping[str, float] = field(
        default_factory=lambda: {"lstm-32": 2.4, "lstm": 1.95, "lstm-512": 1.75}
    )
    tuning: Mapping[str, Mapping[float, float]] = field(
        default_factory=lambda: {
            "rnn": {0.001: 2.9, 0.01: 2.4, 0.1: 3.1},
            "lstm": {0.001: 2.8, 0.01: 2.2, 0.1: 3.3},
        }
    )
    overfit: bool = True
    ladder: tuple[float, float] = (0.99, 0.4)
    evaluated: bool = True

    def loss(self, variant: str, seed: int, split: str = "test") -> float:
        """Return the loss of a run; two variants that are the same network have the same."""
        own = "lstm" if variant == "drop-between" else variant
        # A little of its own per variant, so that no paired difference is exactly constant.
        wobble = self.spread * math.sin(seed * (3 + sum(map(ord, own)) % 17))
        # Dropout raises the loss met in training.
        train = 0.4 if "drop" in own and self.overfit else -0.3
        shift = {"test": 0.0, "val": -0.05, "train": train}[split]
        return round(self.losses[own] + wobble + shift, 5)


MISSING = Scenario(memory={}, overtaking={}, tuning={}, evaluated=False)
"""A study with losses and samples, and none of the other measurements."""


def study_params(**study: Any) -> Params:
    """Return the parameters of the made-up study, with other entries if they are given."""
    return parse_params(STUDY | {"study": STUDY["study"] | study})


def tables_of(params: Params, scenario: Scenario) -> dict[str, pd.DataFrame]:
    """Return the tables of metrics/ and plots/ that the report reads."""
    seeds = _seeds(params, scenario)
    tables = {
        "seeds": seeds,
        "variants": _variants(params),
        "comparisons": _comparisons(params, seeds),
        "texts": _texts(params),
        "generation": _generation(params, scenario),
        "baselines": _baselines(),
        "overtaking": _overtaking(scenario),
        "memory": _memory(scenario),
        "tuning": _tuning(scenario),
    }
    if scenario.evaluated:
        tables |= _insides(params)
    return {name: table for name, table in tables.items() if len(table)}


def _seeds(params: Params, scenario: Scenario) -> pd.DataFrame:
    rows = []
    for slug in params.study.variants:
        variant = params.study.variant(slug)
        own = "lstm" if slug == "drop-between" else slug
        for seed in params.study.seeds:
            losses = {
                f"{split}_bpc": scenario.loss(slug, seed, split)
                for split in ("val", "test", "train")
            }
            step = scenario.diverged.get((own, seed))
            best = 60 if scenario.overfit else 100
            row = {"variant": slug, "text": variant.text, "seed": seed, **losses}
            rows.append(row | {"best_step": best, "steps": 100, "diverged_at_step": step})
    columns = ["variant", "text", "seed", "val_bpc", "test_bpc", "train_bpc"]
    columns += ["best_step", "steps", "diverged_at_step"]
    return pd.DataFrame(rows, columns=columns).astype({"diverged_at_step": float})


def _variants(params: Params) -> pd.DataFrame:
    rows = []
    for slug in params.study.variants:
        model = params.study.variant(slug).model
        blocks = {"rnn": 1, "gru": 3, "lstm": 4}[model.cell]
        rows.append(
            {"variant": slug, "title": params.labels[slug], "text": params.study.variant(slug).text}
            | {"cell": model.cell, "hidden": model.hidden, "layers": 1, "train_chars": 2_000_000}
            | {"clipped": 0.4 if params.study.variant(slug).train.clip == "norm" else math.nan}
            | {"parameters": blocks * model.hidden * (model.hidden + 60), "seeds": 5}
        )
    return pd.DataFrame(rows)


def _comparisons(params: Params, seeds: pd.DataFrame) -> pd.DataFrame:
    parts = []
    for slug, comparison in params.study.comparisons.items():
        for name in comparison.variants:
            rows = seeds[seeds["variant"] == name].copy()
            variant = params.study.variant(name)
            settings = variant.model.model_dump() | variant.train.model_dump()
            value = (settings | {"text": variant.text}).get(comparison.vary or "", "")
            shown = f"{value:g}" if isinstance(value, float) else str(value)
            parts.append(rows.assign(comparison=slug, vary=comparison.vary or "", value=shown))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _texts(params: Params) -> pd.DataFrame:
    ngram = {"main": 2.05, "german": 2.3, "verse": 1.8, BOOK: 1.4, FLAT: 1.4}
    rows = []
    for number, (slug, text) in enumerate(params.texts.items()):
        losses = {"ngram": ngram[slug], "ppmd": ngram[slug] - 0.1, "xz": 2.6}
        losses["floor"] = 1.2 if text.builtin else math.nan
        rows.append(
            {"text": slug, "title": text.title, "language": text.language, "source": text.kind}
            | {"split": "contiguous", "chars": 100_000, "train_chars": 80_000, "val_chars": 10_000}
            | {"test_chars": 10_000, "vocabulary": 60 + number, "ngram_order": 6, "ppmd_order": 5}
            | {"words": 40_000, "distinct_words": 2_000 + number, "word_chars": 4 + number / 3}
            | {"diacritics": number / 100, "capitals": 0.03, "line_chars": 120 - 40 * number}
            | {f"{k}_test_bpc": v for k, v in losses.items()}
            | {f"{k}_val_bpc": v - 0.02 for k, v in losses.items()}
        )
    return pd.DataFrame(rows)


def _generation(params: Params, scenario: Scenario) -> pd.DataFrame:
    low, high = scenario.ladder
    temperatures = params.sample.temperatures
    last = len(temperatures) - 1
    return pd.DataFrame(
        [
            {"variant": slug, "temperature": t, "sample_bpc": 1 + t, "drawn_bpc": 0.5 + t}
            | {"entropy_bpc": 4.0, "real_words": low + (high - low) * place / last}
            | {"longest_copied": 30 - place}
            for slug in ("model", *params.study.variants)
            for place, t in enumerate(temperatures)
        ]
    )


def _baselines() -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"text": "main", "kind": kind, "order": 6, "val_bpc": loss - 0.02, "test_bpc": loss}
            for kind, loss in (("ngram", 2.05), ("ppmd", 1.95))
        ]
    )


def _overtaking(scenario: Scenario) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "variant": slug,
                "seed": seed,
                "chars": chars,
                "val_bpc": loss,
                "test_bpc": loss + 0.05,
            }
            for slug, final in scenario.overtaking.items()
            for seed in (1, 2)
            for chars, loss in zip(CHARS, (6.0, 3.0, final), strict=True)
        ]
    )


def _memory(scenario: Scenario) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"variant": slug, "seed": seed, "chars": chars, "low": low, "high": high}
            | {"chars_in_bin": 500, "saved_bits": share, "share": share * place / 2}
            for slug, share in scenario.memory.items()
            for seed in (1, 2)
            for place, chars in enumerate(CHARS)
            for low, high in BINS
        ]
    )


def _tuning(scenario: Scenario) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"family": family, "label": family.upper(), "text": "main", "learning_rate": rate}
            | {"init": "orthogonal", "seed": 1, "chars": 100_000, "val_bpc": loss}
            | {"diverged_at_step": math.nan, "chosen": loss == min(rates.values())}
            for family, rates in scenario.tuning.items()
            for rate, loss in rates.items()
        ]
    )


def _insides(params: Params) -> dict[str, pd.DataFrame]:
    slugs = ("model", *params.study.variants)
    kinds = {"space": (0.5, 0.6), "first letter of a word": (2.6, 2.5)}
    return {
        "gradient_by_lag": pd.DataFrame(
            [
                {"variant": slug, "lag": lag, "norm": 0.9**lag, "cell_norm": 0.95**lag}
                for slug in slugs
                for lag in range(64)
            ]
        ),
        "loss_by_position": pd.DataFrame(
            [
                {"variant": slug, "position": place, "carried_bpc": 2.0, "learned_bpc": math.nan}
                | {"zero_bpc": 2.0 + (0.9 if place == 1 else 0.001)}
                for slug in slugs
                for place in (1, 64)
            ]
        ),
        "against_ngram": pd.DataFrame(
            [
                {"variant": slug, "kind": kind, "chars": 500, "order": 6}
                | {"network_bpc": network, "ngram_bpc": ngram}
                for slug in slugs
                for kind, (network, ngram) in kinds.items()
            ]
        ),
        "as_it_learned": pd.DataFrame(
            [
                {"variant": "model", "step": c // 100, "chars": c, "val_bpc": 6 - c / 1e6}
                | {"real_words": 0.1 + c / 4e6}
                for c in CHARS
            ]
        ),
        "neurons": pd.DataFrame(
            [
                {"variant": "model", "feature": "space", "layer": 0, "unit": 3}
                | {"correlation": 0.7, "val_correlation": 0.72}
            ]
        ),
        "gates": pd.DataFrame([{"variant": "model", "gate": "forget", "shut": 0.1, "open": 0.5}]),
    }


def samples_of(params: Params, slug: str) -> dict[str, Any]:
    """Return possible samples of a model."""
    texts = [
        {"temperature": t, "text": f"\nit said {slug} and went on for a good while until the end"}
        for t in params.sample.temperatures
    ]
    return {"prompt": "“Once", "seed": 1, "samples": texts}


def model_json(params: Params, scenario: Scenario) -> dict[str, float]:
    """Return the numbers of metrics/model.json."""
    loss = scenario.losses["model"]
    return {
        "val_bpc": loss - 0.05,
        "test_bpc": loss,
        "train_bpc": loss - 0.2,
        "parameters": 9_000,
        "train_chars": 12_800_000,
    }


def results_of(scenario: Scenario, params: Params | None = None) -> StudyResults:
    """Return the results of a scenario in memory."""
    params = params or study_params()
    return StudyResults(
        params=params,
        tables=tables_of(params, scenario),
        model=model_json(params, scenario),
        evaluation=evaluation_of(params, "lstm") if scenario.evaluated else {},
        samples={slug: samples_of(params, slug) for slug in ("model", *params.study.variants)},
        styles=series_styles(params),
    )


def evidence_of(scenario: Scenario, params: Params | None = None) -> Evidence:
    """Return the evidence of a scenario."""
    return Evidence(results_of(scenario, params))


def write_study(scenario: Scenario, root: Path, params: Params | None = None) -> StudyResults:
    """Write the tables and documents of a scenario below ``root``, and load them again."""
    params = params or study_params()
    with unflushed():
        _write(scenario, root, params)
    return load(params, root / "metrics", root / "plots", root / "data")


def _write(scenario: Scenario, root: Path, params: Params) -> None:
    """Write the tables and documents of a scenario."""
    inside = {"gradient_by_lag", "loss_by_position", "as_it_learned"}
    for name, table in tables_of(params, scenario).items():
        write_text(root / ("plots" if name in inside else "metrics") / f"{name}.csv", to_csv(table))
    write_json(root / "metrics" / "model.json", model_json(params, scenario))
    for slug in params.study.variants:
        path = root / "data" / "samples" / "variants" / f"{slug}.json"
        write_json(path, samples_of(params, slug))
    write_json(root / "data" / "samples" / "model.json", samples_of(params, "model"))
    if scenario.evaluated:
        write_json(root / "data" / "evaluation" / "model.json", evaluation_of(params, "lstm"))


def swapped(losses: Mapping[str, float] = LOSSES) -> dict[str, float]:
    """Return the same losses with their order reversed."""
    return {name: round(4.2 - loss, 5) for name, loss in losses.items()}


def equal(losses: Mapping[str, float] = LOSSES) -> dict[str, float]:
    """Return the same loss for all."""
    return dict.fromkeys(losses, 2.0)
