"""Compute the labels of variants in figures and tables from their overrides.

A label names the cell and each override that sets the variant apart: "LSTM, 32 units".
Settings tuned along with a variant, such as its learning rate, appear only where two
variants would have the same label otherwise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from charlab.core.units import counted
from charlab.fetch.params import TextParams
from charlab.plan.study import StudyParams

CELLS = {"rnn": "RNN", "gru": "GRU", "lstm": "LSTM"}
NAMES = {
    "numpy": "NumPy",
    "relu": "ReLU",
    "sgd": "SGD",
    "rmsprop": "RMSprop",
    "between_layers": "between layers",
    "output": "at the output",
}

PHRASES: dict[str, Callable[[Any], str]] = {
    "backend": lambda v: NAMES.get(v, v),
    "activation": lambda v: NAMES.get(v, v),
    "layers": lambda v: counted(v, "layer"),
    "hidden": lambda v: counted(v, "unit"),
    "dropout": lambda v: f"dropout {v:g}",
    "dropout_at": lambda v: NAMES.get(v, v),
    "initial_state": lambda v: f"{v} initial state",
    "seq_len": lambda v: f"sequences of {v}",
    "batch_size": lambda v: f"batches of {v}",
    "state": lambda v: f"state {v}",
    "optimizer": lambda v: NAMES.get(v, v.capitalize()),
    "clip": lambda v: "no clipping" if v == "none" else f"clipped by {v}",
    "learning_rate": lambda v: f"rate {v:g}",
}
"""Wording of an override, in the order in which a label lists them."""

TUNED = {
    *("init", "learning_rate", "schedule", "warmup", "clip_at", "epochs", "betas"),
    *("evaluations", "snapshots", "keep"),
}
"""Settings tuned along with a variant: named only to tell two labels apart."""


def labels(study: StudyParams, texts: Mapping[str, TextParams]) -> dict[str, str]:
    """Return the label of every variant, by slug.

    ``study.titles`` wins over a computed label.
    """
    # A label names the text only where it is not the one that most variants read.
    usual = Counter(entry.text for entry in study.variants.values()).most_common(1)
    computed = {
        slug: study.titles.get(slug) or _label(study, texts, slug, usual[0][0], TUNED)
        for slug in study.variants
    }
    counts = Counter(computed.values())
    # Labels that are not unique are computed again, with the tuned settings.
    for slug, label in computed.items():
        if counts[label] > 1 and slug not in study.titles:
            computed[slug] = _label(study, texts, slug, usual[0][0], set())
    # Two variants may still agree, where one spells out a default: their slugs differ.
    counts = Counter(computed.values())
    return {s: f"{label} ({s})" if counts[label] > 1 else label for s, label in computed.items()}


def _label(
    study: StudyParams, texts: Mapping[str, TextParams], slug: str, usual: str, omitted: set[str]
) -> str:
    """Return the cell and the overrides of one variant, without the keys in ``omitted``."""
    entry = study.variants[slug]
    overrides = {**entry.model, **entry.train}  # no key is in both sections
    cell = overrides.pop("cell", study.defaults.model.cell)
    # Known keys in the order of PHRASES, all others after them.
    ordered = [key for key in PHRASES if key in overrides]
    others = [key for key in overrides if key not in PHRASES]
    parts = [_phrase(key, overrides[key]) for key in (*ordered, *others) if key not in omitted]
    # Only a variant on another text names it.
    if entry.text != usual:
        parts.append(texts[entry.text].title or entry.text)
    return ", ".join([CELLS.get(cell, cell), *parts])


def _phrase(key: str, value: Any) -> str:
    """Return the wording of one override."""
    return PHRASES[key](value) if key in PHRASES else f"{key.replace('_', ' ')} {value}"
