"""Tables of the evaluations and samples: one row per model and measured value.

Inputs are the documents of data/evaluation/ (docs/evaluation.md describes their keys) and
data/samples/; outputs are data frames whose column ``variant`` is ``model`` for *the* model. A
key that is missing or null gives no row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd

from charlab.compare.results import MODEL
from charlab.core.units import bits

Documents = dict[str, dict[str, Any]]
"""A JSON document per model, by variant."""

Rows = Iterator[dict[str, Any]]


def _bits(value: float | None) -> float | None:
    """Return nats in bits, None as None."""
    return None if value is None else bits(value)


def _losses(row: dict[str, Any]) -> dict[str, float | None]:
    """Return the loss, the floor, and the loss of a reader without memory, in bits."""
    return {
        "bpc": _bits(row["nats"]),
        "floor_bpc": _bits(row["floor_nats"]),
        "forgotten_bpc": _bits(row.get("forgotten_nats")),
    }


def gradient_by_lag(evaluation: dict[str, Any]) -> Rows:
    """Yield the gradient's norm at each lag, relative to lag 0."""
    for row in evaluation.get("gradient_by_lag") or []:
        yield {"lag": row["lag"], "norm": row["norm"], "cell_norm": row.get("cell_norm")}


def loss_by_position(evaluation: dict[str, Any]) -> Rows:
    """Yield the loss at each position of a chunk, by the initial state."""
    for row in evaluation.get("loss_by_position") or []:
        starts = ("carried", "zero", "learned")
        yield {"position": row["position"]} | {
            f"{start}_bpc": _bits(row.get(f"{start}_nats")) for start in starts
        }


def loss_by_distance(evaluation: dict[str, Any]) -> Rows:
    """Yield loss and floor on the built-in text by the distance of the dependency."""
    for row in evaluation.get("loss_by_distance") or []:
        yield {key: row[key] for key in ("low", "high", "chars")} | _losses(row)


def loss_by_kind(evaluation: dict[str, Any]) -> Rows:
    """Yield loss and floor by the kind of dependency: number of a subject, mark, rhyme."""
    for row in evaluation.get("loss_by_kind") or []:
        yield {key: row[key] for key in ("kind", "median_distance", "chars")} | _losses(row)


def activations(evaluation: dict[str, Any]) -> Rows:
    """Yield the histogram of the hidden activations, as shares of their number."""
    histogram = evaluation.get("activations")
    if not histogram or not sum(histogram["counts"]):
        return
    # (bins + 1,) edges, (bins,) counts
    edges, counts = histogram["edges"], histogram["counts"]
    for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True):
        yield {"low": low, "high": high, "share": count / sum(counts)}


def gates(evaluation: dict[str, Any]) -> Rows:
    """Yield the share of time that each gate is nearly shut and nearly open."""
    for gate, shares in (evaluation.get("gates") or {}).items():
        yield {"gate": gate, "shut": shares["left"], "open": shares["right"]}


def gate_units(evaluation: dict[str, Any]) -> Rows:
    """Yield, for each unit, the share of time that its gates are nearly shut and nearly open."""
    for gate, shares in (evaluation.get("gates") or {}).items():
        for layer, left, right in shares.get("units") or []:
            yield {"gate": gate, "layer": layer, "shut": left, "open": right}


def neurons(evaluation: dict[str, Any]) -> Rows:
    """Yield the units with the highest correlation with each feature of the text."""
    for row in evaluation.get("neurons") or []:
        # val chose the unit, test is reported.
        keys = ("feature", "layer", "unit", "correlation", "val_correlation")
        yield {key: row.get(key) for key in keys}


def against_ngram(evaluation: dict[str, Any]) -> Rows:
    """Yield the losses of network and n-gram by kind of character."""
    measured = evaluation.get("against_ngram") or {}
    for row in measured.get("by_kind") or []:
        yield {
            "kind": row["kind"],
            "chars": row["chars"],
            "order": measured["order"],
            "network_bpc": _bits(row["network_nats"]),
            "ngram_bpc": _bits(row["ngram_nats"]),
        }


def novelty(evaluation: dict[str, Any]) -> Rows:
    """Yield the share of a sample's n-grams that are not in the training text, by length."""
    # One entry per temperature.
    for sample in evaluation.get("novelty") or []:
        for row in sample.get("novel_by_length") or []:
            yield {
                "temperature": sample["temperature"],
                "length": row["length"],
                "share": row["share"],
            }


def as_it_learned(evaluation: dict[str, Any]) -> Rows:
    """Yield the loss and the share of real words at each snapshot of the training."""
    for row in evaluation.get("as_it_learned") or []:
        yield {
            "step": row["step"],
            "chars": row["chars"],
            "val_bpc": _bits(row["val_nats"]),
            "real_words": row.get("real_words"),
        }


def overtaking(evaluation: dict[str, Any]) -> Rows:
    """Yield the losses on val and test at each snapshot of every seed."""
    for row in evaluation.get("overtaking") or []:
        losses = {f"{split}_bpc": _bits(row.get(f"{split}_nats")) for split in ("val", "test")}
        yield {"seed": row["seed"], "chars": row["chars"]} | losses


def memory(evaluation: dict[str, Any]) -> Rows:
    """Yield the share of what memory is worth that is realized, by distance and snapshot."""
    for row in evaluation.get("memory") or []:
        keys = ("seed", "chars", "low", "high", "chars_in_bin")
        saved = {"saved_bits": _bits(row.get("saved_nats")), "share": row.get("share")}
        yield {key: row[key] for key in keys} | saved


def next_char(evaluation: dict[str, Any]) -> Rows:
    """Yield the distribution of the next character at one position, the likeliest first."""
    prediction = evaluation.get("next_char") or {}
    for rank, (char, probability) in enumerate(prediction.get("top") or []):
        came = int(char == prediction.get("char"))
        yield {"rank": rank + 1, "char": char, "probability": probability, "came_next": came}


FIGURE_TABLES: dict[str, Callable[[dict[str, Any]], Rows]] = {
    "gradient_by_lag": gradient_by_lag,
    "loss_by_position": loss_by_position,
    "activations": activations,
    "gate_units": gate_units,
    "novelty": novelty,
    "next_char": next_char,
    "as_it_learned": as_it_learned,
}
"""Functions that yield the rows of the tables of plots/, by the name of the table."""

METRIC_TABLES: dict[str, Callable[[dict[str, Any]], Rows]] = {
    "gates": gates,
    "neurons": neurons,
    "against_ngram": against_ngram,
    "loss_by_distance": loss_by_distance,
    "loss_by_kind": loss_by_kind,
    "overtaking": overtaking,
    "memory": memory,
}
"""Functions that yield the rows of the tables of metrics/, by the name of the table."""

MODEL_ONLY = {"as_it_learned", "gate_units", "next_char"}
"""Tables that have rows on *the* model only, since they are large or for one figure."""


def evaluation_table(name: str, evaluations: Documents) -> pd.DataFrame:
    """Return one of the tables above, over all models."""
    rows_of = (FIGURE_TABLES | METRIC_TABLES)[name]
    return pd.DataFrame(
        [
            {"variant": variant} | row
            for variant, evaluation in evaluations.items()
            if name not in MODEL_ONLY or variant == MODEL
            for row in rows_of(evaluation)
        ]
    )


def generation_table(evaluations: Documents, samples: Documents) -> pd.DataFrame:
    """Return the measures of each sample: one row per model and temperature.

    ``sample_bpc`` is the loss of the sample under its own model at temperature 1,
    ``drawn_bpc`` the mean entropy of the distributions it was drawn from, ``entropy_bpc`` the
    entropy of its characters, ``real_words`` (0 to 1) the share of its words that are in the
    training text, ``longest_copied`` the length of its longest passage from there.
    """
    rows = []
    for variant, drawn in samples.items():
        novelties = evaluations.get(variant, {}).get("novelty") or []
        # Evaluations and samples are written by two stages, and are matched by temperature.
        by_temperature = {row["temperature"]: row for row in novelties}
        for sample in drawn["samples"]:
            of_sample = by_temperature.get(sample["temperature"], {})
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
