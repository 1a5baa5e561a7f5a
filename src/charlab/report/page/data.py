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

from charlab.core.units import bits
from charlab.report.page.networks import Exporter, candidates
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
    chosen = candidates(results, data)
    if not chosen or chosen[0].id != MODEL:
        return None
    exporter = Exporter(data / "vocab")
    networks = list(exporter.export(chosen))
    shown = {network["id"] for network in networks}
    networks.append(exporter.ngram(results.params.text))
    sample = results.samples.get(MODEL, {})
    return {
        "title": results.params.study.title,
        "networks": networks,
        "too_large": [one.label for one in chosen if one.id not in shown],
        "vocabularies": exporter.vocabularies,
        "text": results.text_row(results.params.text)["title"],
        "prompt": sample.get("prompt", ""),
        "passage": _passage(data / "vocab" / results.params.text),
        "baselines": _baselines(results),
        "snapshots": _snapshots(results, sample),
        "builtin": write(BUILTIN, BUILTIN_SEED),
        "units": results.evaluation.get("neurons") or [],
    }


def _passage(folder: Path) -> dict[str, str]:
    """Return unseen text: from test, which no choice was made on, or from val without a test."""
    text = EncodedText.load(folder)
    split = "test" if len(text.test) else "val"
    ids = text.test if split == "test" else text.val
    ids = np.asarray(ids[: len(ids) // text.segments])
    start = text.vocab.decode(ids[: min(SEARCHED, max(len(ids) - PASSAGE, 0))])
    matches = (re.search(pattern, start) for pattern in STARTS)
    at = next((match.end() for match in matches if match), 0)
    return {"split": split, "text": text.vocab.decode(ids[at : at + PASSAGE])}


def _baselines(results: StudyResults) -> list[dict[str, Any]]:
    """Return the baselines of the model's text on val, in bits per character."""
    lines = results.lines(results.params.text, "val")
    return [{"label": str(r["label"]), "bpc": float(r["bpc"])} for _, r in lines.iterrows()]


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
