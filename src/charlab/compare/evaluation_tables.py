"""What was found inside the models, as tables: one row per model and thing measured.

What enters are the documents of data/evaluation/ (docs/evaluation.md describes
their keys) and data/samples/; what leaves are data frames whose column ``variant`` is
``model`` for *the* model. A key that is missing or null gives no row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd

from charlab.core.units import bits

Looks = dict[str, dict[str, Any]]
Rows = Iterator[dict[str, Any]]


def _bits(value: float | None) -> float | None:
    return None if value is None else bits(value)


def gradient_by_lag(look: dict[str, Any]) -> Rows:
    """Yield the gradient's norm at each lag, relative to lag 0."""
    for row in look.get("gradient_by_lag") or []:
        yield {"lag": row["lag"], "norm": row["norm"], "cell_norm": row.get("cell_norm")}


def loss_by_position(look: dict[str, Any]) -> Rows:
    """Yield the loss at each position of a chunk, by how the state starts."""
    for row in look.get("loss_by_position") or []:
        starts = ("carried", "zero", "learned")
        yield {"position": row["position"]} | {
            f"{start}_bpc": _bits(row.get(f"{start}_nats")) for start in starts
        }


def loss_by_distance(look: dict[str, Any]) -> Rows:
    """Yield loss and floor of the built-in text by the distance of what is depended on."""
    for row in look.get("loss_by_distance") or []:
        yield {key: row[key] for key in ("low", "high", "chars")} | {
            "bpc": _bits(row["nats"]),
            "floor_bpc": _bits(row["floor_nats"]),
            "forgotten_bpc": _bits(row.get("forgotten_nats")),
        }


def loss_by_kind(look: dict[str, Any]) -> Rows:
    """Yield the same by what is depended on: a subject's number, a name, a quotation to close."""
    for row in look.get("loss_by_kind") or []:
        yield {key: row[key] for key in ("kind", "median_distance", "chars")} | {
            "bpc": _bits(row["nats"]),
            "floor_bpc": _bits(row["floor_nats"]),
            "forgotten_bpc": _bits(row.get("forgotten_nats")),
        }


def activations(look: dict[str, Any]) -> Rows:
    """Yield the histogram of hidden activations as shares of all of them."""
    histogram = look.get("activations")
    if not histogram or not sum(histogram["counts"]):
        return
    edges, counts = histogram["edges"], histogram["counts"]
    for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True):
        yield {"low": low, "high": high, "share": count / sum(counts)}


def gates(look: dict[str, Any]) -> Rows:
    """Yield the share of time that each gate is nearly shut and nearly open."""
    for gate, found in (look.get("gates") or {}).items():
        yield {"gate": gate, "shut": found["left"], "open": found["right"]}


def gate_units(look: dict[str, Any]) -> Rows:
    """Yield the same for each unit."""
    for gate, found in (look.get("gates") or {}).items():
        for layer, left, right in found.get("units") or []:
            yield {"gate": gate, "layer": layer, "shut": left, "open": right}


def neurons(look: dict[str, Any]) -> Rows:
    """Yield the units that follow each feature of the text best."""
    for row in look.get("neurons") or []:
        keys = ("feature", "layer", "unit", "correlation", "val_correlation")
        yield {key: row.get(key) for key in keys}


def against_ngram(look: dict[str, Any]) -> Rows:
    """Yield the losses of network and n-gram by kind of character."""
    found = look.get("against_ngram") or {}
    for row in found.get("by_kind") or []:
        yield {
            "kind": row["kind"],
            "chars": row["chars"],
            "order": found["order"],
            "network_bpc": _bits(row["network_nats"]),
            "ngram_bpc": _bits(row["ngram_nats"]),
        }


def novelty(look: dict[str, Any]) -> Rows:
    """Yield the share of a sample's n-grams that the training text has not, by length."""
    for sample in look.get("novelty") or []:
        for row in sample.get("novel_by_length") or []:
            yield {
                "temperature": sample["temperature"],
                "length": row["length"],
                "share": row["share"],
            }


def as_it_learned(look: dict[str, Any]) -> Rows:
    """Yield how far a network was at each snapshot of its training, and in the end."""
    for row in look.get("as_it_learned") or []:
        yield {
            "step": row["step"],
            "chars": row["chars"],
            "val_bpc": _bits(row["val_nats"]),
            "real_words": row.get("real_words"),
        }


def next_char(look: dict[str, Any]) -> Rows:
    """Yield the distribution of the next character at one place."""
    for rank, (char, probability) in enumerate((look.get("next_char") or {}).get("top") or []):
        yield {"rank": rank + 1, "char": char, "probability": probability}


FIGURE_TABLES: dict[str, Callable[[dict[str, Any]], Rows]] = {
    "gradient_by_lag": gradient_by_lag,
    "loss_by_position": loss_by_position,
    "activations": activations,
    "gate_units": gate_units,
    "novelty": novelty,
    "next_char": next_char,
    "as_it_learned": as_it_learned,
}
"""The tables of plots/ that are made from evaluations, by name."""

METRIC_TABLES: dict[str, Callable[[dict[str, Any]], Rows]] = {
    "gates": gates,
    "neurons": neurons,
    "against_ngram": against_ngram,
    "loss_by_distance": loss_by_distance,
    "loss_by_kind": loss_by_kind,
}
"""The tables of metrics/ that are made from evaluations, by name."""

MODEL_ONLY = {"as_it_learned", "gate_units", "next_char"}
"""Tables that are large or for one picture, so that only *the* model is in them."""


def inside_table(name: str, looks: Looks, make: Callable[[dict[str, Any]], Rows]) -> pd.DataFrame:
    """Return one of the tables above, over all models."""
    chosen = {k: v for k, v in looks.items() if name not in MODEL_ONLY or k == "model"}
    return pd.DataFrame(
        [{"variant": variant} | row for variant, look in chosen.items() for row in make(look)]
    )


def generation_table(looks: Looks, samples: dict[str, dict[str, Any]]) -> pd.DataFrame:
    """Return one row per model and temperature: what its sample is like.

    ``sample_bpc`` is the sample's loss under its own model at temperature 1,
    ``drawn_bpc`` the entropy of the distributions it was drawn from; ``entropy_bpc``
    is the entropy of the sample's characters, ``real_words`` (0 to 1) the share of its
    words that the training text has, ``longest_copied`` characters stand there in a row.
    """
    rows = []
    for variant, drawn in samples.items():
        found = {row["temperature"]: row for row in looks.get(variant, {}).get("novelty") or []}
        for sample in drawn["samples"]:
            of_sample = found.get(sample["temperature"], {})
            keys = ("entropy_bpc", "real_words", "longest_copied")
            rows.append(
                {
                    "variant": variant,
                    "temperature": sample["temperature"],
                    "sample_bpc": _bits(sample.get("nats_per_char")),
                    "drawn_bpc": _bits(sample.get("entropy_nats")),
                    **{key: of_sample.get(key) for key in keys},
                }
            )
    return pd.DataFrame(rows)
