"""Describe *the* model in the report: its settings in words, its samples, its findings."""

from __future__ import annotations

from typing import Any

import pandas as pd

from charlab.core.units import counted
from charlab.models.params import ModelParams
from charlab.plan.labels import CELLS
from charlab.plan.params import Params
from charlab.report import internals_findings
from charlab.report.comparison_section import sample_at
from charlab.report.markdown import listed
from charlab.report.statistics import amount, number
from charlab.report.study import MODEL, StudyResults


def describe(model: ModelParams) -> str:
    """Return the shape of a model in words, such as 'an LSTM with 128 units in 1 layer'."""
    # "an RNN", "an LSTM", but "a GRU": the names of the letters decide.
    article = "a" if model.cell == "gru" else "an"
    units, layers = counted(model.hidden, "unit"), counted(model.layers, "layer")
    parts = f"{article} {CELLS[model.cell]} with {units} in {layers}"
    # Only what departs from the plain cell is worth a word.
    if model.activation != "tanh":
        parts += f", {model.activation} in place of tanh"
    return parts + (f", dropout {model.dropout:g}" if model.dropout else "")


def shared_settings(params: Params) -> str:
    """Describe the settings that the study's variants share by default."""
    model, train = params.study.defaults.model, params.study.defaults.train
    length = (
        f"{train.max_chars:,} characters"
        if train.max_chars
        else counted(train.epochs, "pass", "passes")
    )
    clip = "no clipping" if train.clip == "none" else f"clipping by {train.clip} at {train.clip_at}"
    return (
        f"{describe(model)}; chunks of {counted(train.seq_len, 'character')}, "
        f"{counted(train.batch_size, 'stream')}, "
        f"{length}; {train.optimizer}, learning rate {train.learning_rate:g} ({train.schedule}), "
        f"{clip}"
    )


def model_context(results: StudyResults) -> dict[str, Any]:
    """Return the variables of the templates on *the* model."""
    # Any part of an evaluation may be missing or null.
    evaluation, drawn = results.evaluation, results.samples.get(MODEL) or {}
    snapshots, prompt = drawn.get("as_it_learned") or [], drawn.get("prompt", "")
    return {
        "model": results.model,
        "described": describe(results.params.model),
        "weights": evaluation.get("weights"),
        "next_char_context": (evaluation.get("next_char") or {}).get("context", ""),
        "against": evaluation.get("against_ngram") or {},
        "ladder": temperature_samples(results, "temperature {:g}"),
        "learned": [
            (f"after {row['chars']:,} characters", prompt, row["text"]) for row in snapshots
        ],
        "prompt": prompt,
        "from_val": results.params.sample.prompt is None,
        "learned_temperature": snapshots[0]["temperature"] if snapshots else None,
        "neurons": _best_neurons(results).to_dict("records"),
        "said": model_findings(results),
    }


def temperature_samples(results: StudyResults, title: str) -> list[tuple[str, str, str]]:
    """Return a title with the temperature, the prompt and the text of *the* model's samples."""
    temperatures = results.params.sample.temperatures
    # A temperature that was added to params.yaml may have no sample yet.
    samples = [(title.format(t), sample_at(results, MODEL, t)) for t in temperatures]
    return [(title, *drawn) for title, drawn in samples if drawn is not None]


def _best_neurons(results: StudyResults) -> pd.DataFrame:
    """Return, for each feature, the unit with the highest correlation on val."""
    table = results.table("neurons", [MODEL])
    # The rows of a feature are sorted by that correlation.
    return table.drop_duplicates(subset="feature") if len(table) else table


def model_findings(results: StudyResults) -> dict[str, list[str]]:
    """Return the findings on *the* model, by table or subject."""
    functions = {
        "loss_by_position": lambda rows: internals_findings.start_of_chunk(rows, results.styles),
        "generation": internals_findings.temperature_ladder,
        "neurons": internals_findings.telling_neurons,
        "gates": internals_findings.open_gates,
        "against_ngram": internals_findings.network_and_ngram,
        "as_it_learned": internals_findings.while_learning,
    }
    tables = {name: results.table(name, [MODEL]) for name in functions}
    said = {name: functions[name](rows) if len(rows) else [] for name, rows in tables.items()}
    # These two come from the evaluation itself, not from a table.
    said["generation"] += internals_findings.longest_copy(results.evaluation)
    said["one_hot"] = internals_findings.row_lookup(results.evaluation)
    return {"model": beside_baselines(results)} | said


def beside_baselines(results: StudyResults) -> list[str]:
    """Compare *the* model with the n-gram, PPMd and the floor of its text."""
    split = results.split
    loss = results.model[f"{split}_bpc"]
    names = {"n-gram": "the best n-gram", "PPMd": "PPMd", "floor": "the floor"}
    parts = [
        f"{amount(loss - row['bpc'])} {'above' if loss > row['bpc'] else 'below'} "
        f"{names[row['kind']]} ({number(row['bpc'])})"
        for row in results.lines(results.params.text).to_dict("records")
    ]
    beside = f"; for the same text that is {listed(parts)}" if parts else ""
    return [
        f"The model's {split} loss is {number(loss)} bits per character{beside}. "
        "It is one training, whose spread is not known."
    ]
