"""What the report says of *the* model: its settings in words, and what was found inside it."""

from __future__ import annotations

import pandas as pd

from charlab.models.params import ModelParams
from charlab.plan.params import Params
from charlab.report import findings
from charlab.report import internals_findings as looking
from charlab.report.statistics import amount, number
from charlab.report.study import MODEL, Material

CELLS = {"rnn": "RNN", "gru": "GRU", "lstm": "LSTM"}


def describe(model: ModelParams) -> str:
    """Return a model's shape in words, such as 'an LSTM with 128 units in 1 layer'."""
    article = "a" if model.cell == "gru" else "an"
    layers = f"{model.layers} layer{'s' if model.layers > 1 else ''}"
    parts = f"{article} {CELLS[model.cell]} with {model.hidden} units in {layers}"
    if model.activation != "tanh":
        parts += f", {model.activation} in place of tanh"
    return parts + (f", dropout {model.dropout:g}" if model.dropout else "")


def shared_settings(params: Params) -> str:
    """Return the settings that the study's variants have in common, in words."""
    model, train = params.study.defaults.model, params.study.defaults.train
    length = f"{train.max_chars:,} characters" if train.max_chars else f"{train.epochs:g} passes"
    clip = "no clipping" if train.clip == "none" else f"clipping by {train.clip} at {train.clip_at}"
    return (
        f"{describe(model)}; chunks of {train.seq_len} characters, {train.batch_size} streams, "
        f"{length}; {train.optimizer}, learning rate {train.learning_rate:g} ({train.schedule}), "
        f"{clip}"
    )


def best_neurons(material: Material) -> pd.DataFrame:
    """Return for each feature the one unit of *the* model that follows it best on val."""
    table = material.table("neurons", [MODEL])
    return table.drop_duplicates(subset="feature") if len(table) else table


def said_of_model(material: Material) -> dict[str, list[str]]:
    """Return the findings on *the* model, by what they are about."""
    tell = {
        "loss_by_position": lambda rows: looking.start_of_chunk(rows, material.legend),
        "generation": looking.temperature_ladder,
        "neurons": looking.telling_neurons,
        "gates": looking.open_gates,
        "against_ngram": looking.network_and_ngram,
        "as_it_learned": looking.while_learning,
    }
    tables = {name: material.table(name, [MODEL]) for name in tell}
    said = {name: tell[name](rows) if len(rows) else [] for name, rows in tables.items()}
    said["generation"] += looking.longest_copy(material.look)
    said["one_hot"] = looking.row_lookup(material.look)
    return {"model": beside_baselines(material)} | said


def beside_baselines(material: Material) -> list[str]:
    """Say how *the* model stands to the n-gram, PPMd and the floor of its text."""
    split = material.split
    loss = material.model[f"{split}_bpc"]
    names = {"n-gram": "the best n-gram", "PPMd": "PPMd", "floor": "the floor"}
    parts = [
        f"{amount(loss - row['bpc'])} {'above' if loss > row['bpc'] else 'below'} "
        f"{names[row['kind']]} ({number(row['bpc'])})"
        for row in material.lines(material.params.text).to_dict("records")
    ]
    beside = f"; for the same text that is {findings.listed(parts)}" if parts else ""
    return [
        f"The model's {split} loss is {number(loss)} bits per character{beside}. "
        "It is one training, whose spread is not known."
    ]
