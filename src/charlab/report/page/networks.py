"""Choose the trained networks of the page, and measure what int8 costs each of them.

*The* model comes first, or the best variant that fits if it is too large; then one network of each
cell, so that a reader can compare RNN, GRU and LSTM with the same prompt and random numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charlab import core, exact, models
from charlab.core.files import read_json
from charlab.core.sums import mean
from charlab.core.units import bits
from charlab.exact.settings import spans
from charlab.models.inference import InferenceModel
from charlab.models.params import ModelParams
from charlab.models.scoring import nats_per_char
from charlab.models.trained import load_trained
from charlab.plots import kept
from charlab.report import page
from charlab.report.page.ngram import count, loss, packed
from charlab.report.page.weights import Weights, pack, rounded
from charlab.report.study import MODEL, StudyResults
from charlab.vocab.encoded_text import EncodedText
from charlab.vocab.vocabulary import Vocabulary

BUDGET = 1_000_000
"""Maximum number of bytes that all networks take on the page."""

MEASURED = 20_000
"""Characters of val on which the cost of int8 is measured."""

COUNTED = 2_500_000
"""Maximum number of characters of train whose n-grams are counted."""

CELLS = ("rnn", "gru", "lstm")

MATH = ("numpy", "numba", "llvmlite")
"""Distributions on which the losses of a network can depend."""


@dataclass(frozen=True)
class Candidate:
    """A trained network that the page may show.

    Attributes
    ----------
    id : str
        Name in the address of the page.
    label : str
    folder : Path
        Its model folder.
    made_by : str
        The stage, the folder and the keys of params.yaml that made it.
    """

    id: str
    label: str
    folder: Path
    made_by: str


def candidates(results: StudyResults, data: Path) -> list[Candidate]:
    """Return *the* model and one variant of each cell, the first of each in its comparison."""
    model = Candidate(
        MODEL, "the model", data / "model", "stage train, data/model, params.yaml: model"
    )
    return [model, *(_variant(results, data, slug) for slug in cell_variants(results))]


def substitutes(results: StudyResults, data: Path) -> list[Candidate]:
    """Return the variants on the model's text, the lowest loss on val first.

    The first that fits the page opens it if *the* model does not fit.
    """
    table = results.tables["variants"].sort_values("val_bpc", kind="stable")
    slugs = table.loc[table["text"] == results.params.text, "variant"]
    return [_variant(results, data, slug) for slug in slugs]


def _variant(results: StudyResults, data: Path, slug: str) -> Candidate:
    """Return the network of a variant's first seed, the one that its evaluation looks into."""
    folder = data / "variants" / slug / str(results.params.study.seeds_of(slug)[0])
    made_by = (
        f"stage train-variant@{slug}, data/variants/{slug}/{folder.name}, "
        f"params.yaml: study.variants.{slug}"
    )
    return Candidate(slug, results.styles[slug].label, folder, made_by)


def cell_variants(results: StudyResults) -> list[str]:
    """Return a variant of each cell from the comparison of cells, as RNN, GRU, LSTM."""
    study = results.params.study
    named = ["cells"] if "cells" in study.comparisons else []
    for slug in [*named, *results.in_section("cells")]:
        by_cell: dict[str, str] = {}
        for variant in study.comparisons[slug].variants:
            by_cell.setdefault(study.variant(variant).model.cell, variant)
        if len(by_cell) > 1:
            return [by_cell[cell] for cell in CELLS if cell in by_cell]
    return []


class Exporter:
    """Turns trained networks into entries of the page's data."""

    def __init__(self, texts: Path) -> None:
        self._texts, self._left = texts, BUDGET
        self.vocabularies: list[dict[str, Any]] = []

    def export(self, chosen: list[Candidate]) -> Iterator[dict[str, Any]]:
        """Yield the entry of each network that still fits :data:`BUDGET`."""
        for candidate in chosen:
            if not (candidate.folder / "model.safetensors").is_file():
                continue
            params, weights = load_trained(candidate.folder)
            packed = pack(weights)
            size = len(packed["data"])
            if size <= self._left:
                self._left -= size
                yield self._entry(candidate, params, weights) | packed

    def ngram(self, text: str) -> dict[str, Any]:
        """Return the entry of a small n-gram model of a text."""
        data = EncodedText.load(self._texts / text)
        size, val = data.vocab.size, self._measured(data)
        levels = count(np.asarray(data.train[:COUNTED]), size)
        grams = sum(len(level.keys) for level in levels)
        return {
            "id": "ngram",
            "kind": "ngram",
            "label": f"small n-gram, order {len(levels)}",
            "made_by": f"stage report, data/vocab/{text}/train.npy, its {grams} commonest n-grams",
            "vocabulary": self._vocabulary(data.vocab),
            "vocab_size": size,
            "order": len(levels),
            "parameters": grams,
            "val_bpc": round(loss(levels, val, size), 6),
            "data": packed(levels, size),
        }

    def _measured(self, data: EncodedText) -> NDArray[Any]:
        """Return the start of val on which losses of the page are measured."""
        return np.asarray(data.val[: min(MEASURED, len(data.val) // data.segments)])

    def _entry(self, candidate: Candidate, params: ModelParams, weights: Weights) -> dict[str, Any]:
        """Return a network with its vocabulary and the losses of its weights, exact and rounded."""
        vocabulary = Vocabulary.load(candidate.folder / "vocab.json")
        text = str(read_json(candidate.folder / "config.json")["text"])
        losses = self._losses(params, weights, text)
        return {
            "id": candidate.id,
            "label": candidate.label,
            "made_by": candidate.made_by,
            "vocabulary": self._vocabulary(vocabulary),
            **losses,
            **describe(params, weights),
        }

    def _losses(self, params: ModelParams, weights: Weights, text: str) -> dict[str, float]:
        """Return bits per character on the start of val, of float32 weights and of int8."""
        ids = self._measured(EncodedText.load(self._texts / text))

        def measured() -> dict[str, float]:
            own, int8 = (
                bits(mean(nats_per_char(InferenceModel(params, each), ids)))
                for each in (weights, rounded(weights))
            )
            # Six digits: losses are data of the report and must not depend on the machine.
            return {"val_bpc": round(own, 6), "int8_bpc": round(int8, 6)}

        # An experiment changes *the* model alone, not the networks of the variants.
        data = [params.model_dump(mode="json"), dict(weights), ids]
        code = core, exact, models, page
        losses: dict[str, float] = kept.value("losses", data, measured, code, MATH)
        return losses

    def _vocabulary(self, vocabulary: Vocabulary) -> int:
        """Return the place of a vocabulary in the page's list."""
        entry = {"chars": list(vocabulary.chars), "unknown": vocabulary.unknown}
        if entry not in self.vocabularies:
            self.vocabularies.append(entry)
        return self.vocabularies.index(entry)


def describe(params: ModelParams, weights: Weights) -> dict[str, Any]:
    """Return the settings that the forward pass in JavaScript needs."""
    vocab_size = len(weights["head.bias"])
    return {
        "cell": params.cell,
        "activation": params.activation,
        "hidden": params.hidden,
        "layers": params.layers,
        "vocab_size": vocab_size,
        # (start, stop, first row) of the n-grams at the input and at the output
        "spans": {name: list(span) for name, span in spans(params, vocab_size).items()},
        "parameters": int(sum(v.size for name, v in weights.items() if name != "ngrams")),
    }
