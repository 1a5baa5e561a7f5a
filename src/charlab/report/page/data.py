"""Collect what the live part of the page shows: networks, passages, snapshots, units.

All of it is data of the run, as one JSON document; the page's scripts never see markup.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charlab import core, synthetic
from charlab.core.units import bits
from charlab.plots import kept
from charlab.report.page.networks import Exporter, candidates, substitutes
from charlab.report.study import MODEL, StudyResults
from charlab.synthetic.text import write
from charlab.vocab.encoded_text import EncodedText

PASSAGE = 2_400
"""Characters of unseen text on the page, for the widgets that need one."""

SEARCHED = 2_000
"""Characters of the split in which a paragraph is sought for the passage to begin with."""

STARTS = (r"\n\n(?=\S)", r"\n(?=\S)", r"[.!?] (?=\S)")
"""Places after which the passage may begin, the best kind first."""

BUILTIN, BUILTIN_SEED = 120_000, 1
"""Characters and seed of the built-in text that a network can learn in the page."""


def live_data(results: StudyResults, data: Path) -> dict[str, Any] | None:
    """Return the document of the live part; None if the model's weights are missing."""
    if not (data / "model" / "model.safetensors").is_file():
        return None
    exporter, chosen = Exporter(data / "vocab"), candidates(results, data)
    networks = _opened_by_the_best(list(exporter.export(chosen)), exporter, results, data)
    shown = {network["id"] for network in networks}
    for network in networks:
        network["units"] = _units(results, network["id"])
    networks.append(exporter.ngram(results.params.text))
    sample = results.samples.get(MODEL, {})
    return {
        "networks": networks,
        "too_large": [one.label for one in chosen if one.id not in shown],
        "vocabularies": exporter.vocabularies,
        "text": results.text_row(results.params.text)["title"],
        "prompt": sample.get("prompt", ""),
        "passage": _passage(data / "vocab" / results.params.text),
        "snapshots": _snapshots(results, sample),
        "distances": _distances(results),
        "builtin": kept.value(
            "builtin text",
            [BUILTIN, BUILTIN_SEED],
            lambda: write(BUILTIN, BUILTIN_SEED),
            (core, synthetic),
            (),
        ),
    }


def _opened_by_the_best(
    networks: list[dict[str, Any]], exporter: Exporter, results: StudyResults, data: Path
) -> list[dict[str, Any]]:
    """Return the networks with *the* model first, or the best variant of its text that fits."""
    if networks and networks[0]["id"] == MODEL:
        return networks
    by_id = {network["id"]: network for network in networks}
    for one in substitutes(results, data):
        first = by_id.get(one.id) or next(exporter.export([one]), None)
        if first is not None:
            return [first, *(network for network in networks if network is not first)]
    return networks


def _units(results: StudyResults, variant: str) -> list[dict[str, Any]]:
    """Return the units of a network that follow a feature, from metrics/neurons.csv."""
    table = results.table("neurons", [variant])
    columns = ["feature", "layer", "unit", "correlation", "val_correlation"]
    rows = table[columns].dropna().to_dict("records") if len(table) else []
    return [{str(name): value for name, value in row.items()} for row in rows]


def _distances(results: StudyResults) -> list[dict[str, Any]]:
    """Return the loss of letters by the distance to the letter that they depend on.

    Each bin is ``[low, high, bits, bits of a reader who has forgotten that letter]``. Variants on
    the same text have the same bins; those on another text than the first are left out.
    """
    table = results.table("loss_by_distance", list(results.params.study.variants))
    if not len(table):
        return []
    rows: list[dict[str, Any]] = []
    columns = ["low", "high", "bpc", "forgotten_bpc"]
    for variant, part in table.groupby("variant", sort=False):
        bins = part[columns].to_numpy(float).tolist()
        if not rows or [each[:2] for each in bins] == [each[:2] for each in rows[0]["bins"]]:
            rows.append({"label": results.styles[str(variant)].label, "bins": bins})
    return rows


def _passage(folder: Path) -> dict[str, str]:
    """Return unseen text: from test, which no choice was made on, or from val without a test."""
    text = EncodedText.load(folder)
    split = "test" if len(text.test) else "val"
    both: dict[str, NDArray[np.integer[Any]]] = {"test": text.test, "val": text.val}
    ids = np.asarray(both[split])
    ids = ids[: len(ids) // text.segments]
    start = text.vocab.decode(ids[: min(SEARCHED, max(len(ids) - PASSAGE, 0))])
    matches = (re.search(pattern, start) for pattern in STARTS)
    at = next((match.end() for match in matches if match), 0)
    return {"split": split, "text": text.vocab.decode(ids[at : at + PASSAGE])}


def _snapshots(results: StudyResults, sample: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the model at each snapshot: its loss on val, and the sample that it wrote."""
    losses = {row["step"]: row for row in results.evaluation.get("as_it_learned") or []}
    return [
        {
            "chars": row["chars"],
            "text": row["text"],
            "temperature": row["temperature"],
            "val_bpc": round(bits(losses[row["step"]]["val_nats"]), 6),
            "real_words": losses[row["step"]]["real_words"],
        }
        for row in sample.get("as_it_learned") or []
        if row["step"] in losses
    ]


def as_json(document: object) -> str:
    """Return JSON that is safe within an element of HTML: no character can end the element."""
    text = json.dumps(document, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
