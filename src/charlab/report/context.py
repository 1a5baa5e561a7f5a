"""Collect the variables of the report's templates: what each section has to say and to show."""

from __future__ import annotations

from typing import Any

from charlab.core.units import counted
from charlab.models.params import ModelParams
from charlab.plan.labels import CELLS
from charlab.report import findings, learning, listings, observations, origins
from charlab.report.comparison_section import Block, sample_at, usual_temperature
from charlab.report.evidence import Evidence
from charlab.report.markdown import escape, listed
from charlab.report.observations import Table
from charlab.report.saying import by_section, summary
from charlab.report.study import MODEL, StudyResults
from charlab.report.takeaways import TAKEAWAYS
from charlab.train.params import TrainParams

PARTS = (
    *("state", "training", "backends", "dropout", "activations", "cells", "memory"),
    *("sizes", "texts", "further"),
)
"""Parts of the report with comparisons, in their order."""


def order_of(results: StudyResults, shown: int | None) -> dict[str, list[str]]:
    """Return the comparisons in the body of the report, by the part that shows them.

    Parameters
    ----------
    shown : int or None
        Maximum number of comparisons of a part; None for all, as in a homework, which has no
        appendix.
    """
    comparisons = results.params.study.comparisons
    order: dict[str, list[str]] = {name: [] for name in PARTS}
    for slug, comparison in comparisons.items():
        section: str = comparison.section
        if section == "training":
            parts = {"state": "state", "initial_state": "state", "backend": "backends"}
            section = parts.get(comparison.vary or "", "training")
        elif section == "cells" and results.on_builtin_text(slug):
            section = "memory"
        # Comparisons of the section "further" are in the appendix, as are those beyond the limit.
        if shown is None or (section != "further" and len(order[section]) < shown):
            order[section].append(slug)
    return order


def context_of(evidence: Evidence, blocks: dict[str, Block]) -> dict[str, Any]:
    """Return the variables of the templates that do not depend on the length of the body."""
    results = evidence.results
    params = results.params
    return {
        "study": params.study,
        "train": params.train,
        "corpus": params.corpus,
        "split": results.split,
        "blocks": blocks,
        "takeaways": by_section(evidence, TAKEAWAYS),
        "summary": summary(evidence, TAKEAWAYS),
        "texts": texts_table(results),
        "shared": shared_settings(results),
        "tolerant": not all(standing.exact for standing in evidence.standings.values()),
        "listings": listings,
        "origin_of": lambda table: origins.of_table(
            results, str(table.rows), evaluated=table.evaluated
        ),
        **_model(evidence),
        **_inside(results),
    }


def _model(evidence: Evidence) -> dict[str, Any]:
    """Return the variables on *the* model: what it is, what it writes, how it compares."""
    results = evidence.results
    drawn: dict[str, Any] = results.samples.get(MODEL) or {}
    usual = usual_temperature(results)
    words = observations.real_words(results, MODEL, usual)
    return {
        "described": describe(results.params.model, results.params.train),
        "parameters": results.of_model("parameters"),
        "shapes": ((results.evaluation.get("weights") or {}).get("shapes")),
        "opening": sample_at(results, MODEL, usual),
        "opening_words": words,
        "usual": usual,
        "ladder": temperature_samples(results, "temperature {:g}"),
        "prompt": drawn.get("prompt", ""),
        "from_val": results.params.sample.prompt is None,
        "beside": beside_baselines(evidence),
        "text_title": results.text_title(results.params.text),
    }


def _inside(results: StudyResults) -> dict[str, Any]:
    """Return the findings on *the* model's inside and on the study as a whole, by subject."""
    return {
        "said": said(results),
        "tables": {
            "units": observations.telling_units(results),
            "network": observations.extremes(results, "rnn_better"),
            "ngram": observations.extremes(results, "ngram_better"),
            "tuning": learning.tuning_table(results),
        },
    }


def said(results: StudyResults) -> dict[str, list[str]]:
    """Return the findings on *the* model and on the study as a whole, by subject."""
    return {
        "state": observations.start_of_chunk(results, MODEL),
        "generation": observations.temperature_ladder(results),
        "training": observations.while_learning(results),
        "overtaking": learning.overtaking(results),
        "rates": learning.rates(results),
        "gates": observations.open_gates(results),
        "ngram": observations.network_and_ngram(results, MODEL),
    }


def describe(model: ModelParams, train: TrainParams) -> str:
    """Return a network in words, such as 'an LSTM with 128 units in 1 layer'."""
    # "an RNN", "an LSTM", but "a GRU": the names of the letters decide.
    article = "a" if model.cell == "gru" else "an"
    units, layers = counted(model.hidden, "unit"), counted(model.layers, "layer")
    parts = f"{article} {CELLS[model.cell]} with {units} in {layers}"
    # Only what departs from the plain cell is worth a word.
    if model.activation != "tanh":
        parts += f", {model.activation} in place of tanh"
    parts += f", dropout {model.dropout:g}" if model.dropout else ""
    if model.recurrent_dropout:
        parts += f", dropout {model.recurrent_dropout:g} of its recurrent weights"
    pairs = {"bigram": "pairs", "trigram": "pairs and triples"}
    if model.input in pairs:
        parts += f", {pairs[model.input]} of characters in its input"
    if model.direct_order:
        last = "character" if model.direct_order == 1 else f"{model.direct_order} characters"
        parts += f", direct connections from the last {last} to its output"
    if train.calibrate:
        parts += ", its confidence calibrated on val"
    return parts


def shared_settings(results: StudyResults) -> str:
    """Describe the settings that every variant of the study has, and no others."""
    variants = [results.params.study.variant(name) for name in results.params.study.variants]
    if not variants:
        return ""
    phrases = {
        "seq_len": "chunks of {} characters",
        "batch_size": "{} sequences side by side",
        "optimizer": "optimizer {}",
        "schedule": "schedule {}",
        "state": "state {}",
        "keep": "the weights that were {} on val",
        "init": "initialization {}",
        "clip": "clipping by {}",
    }
    shared = []
    for key, phrase in phrases.items():
        values = {getattr(v.train if hasattr(v.train, key) else v.model, key) for v in variants}
        # A setting in which some variants differ is in the tables of their comparisons.
        if len(values) == 1 and values != {"last"}:
            value = str(values.pop()).replace("_", "-")
            shared.append(phrase.format(value.capitalize() if key == "optimizer" else value))
    return listed(shared) if shared else "nothing but the data"


def temperature_samples(results: StudyResults, title: str) -> list[tuple[str, str, str]]:
    """Return a title with the temperature, the prompt and the text of *the* model's samples."""
    temperatures = sorted(results.params.sample.temperatures)
    # A temperature that was added to params.yaml may have no sample yet.
    samples = [(title.format(t), sample_at(results, MODEL, t)) for t in temperatures]
    return [(title, *drawn) for title, drawn in samples if drawn is not None]


def beside_baselines(evidence: Evidence) -> str:
    """Compare *the* model with the n-gram, PPMd and the floor of its text, in one sentence."""
    results, loss = evidence.results, evidence.model_loss
    if loss is None:
        return ""
    beside = findings.above_or_below(results, loss, results.params.text)
    return (
        f"Its {results.split} loss is {loss.bits} bits per character"
        f"{f': {beside}' if beside else ''}."
    )


def texts_table(results: StudyResults) -> Table:
    """Return each text with its size and its baselines on the reported split."""
    split, rows = results.split, []
    for slug in results.params.texts:
        row = results.text_row(slug)
        losses = [results.baseline(slug, name) for name in ("ngram", "ppmd", "xz", "floor")]
        orders = [row.get("ngram_order"), row.get("ppmd_order"), None, None]
        cells = [
            "–" if loss is None else loss.bits + ("" if order is None else f" (order {order:.0f})")
            for loss, order in zip(losses, orders, strict=True)
        ]
        counts = [
            results.column("texts", name, text=slug).only
            for name in ("train_chars", "val_chars", "test_chars", "vocabulary")
        ]
        sizes = ["–" if count is None else count.whole for count in counts]
        rows.append([results.text_title(slug), escape(str(row["language"])), *sizes, *cells])
    header = ["", "language", "train", "val", "test", "vocabulary", "n-gram", "PPMd", "xz", "floor"]
    note = (
        f"Number of characters in each split and of different ones; loss of each baseline on "
        f"{split}. The floor is the least possible loss, known for texts written by a program."
    )
    return Table(header, rows, note)
