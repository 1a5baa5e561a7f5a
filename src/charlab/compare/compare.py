"""Collect the results of a study: tables in metrics/, the data of the figures in plots/.

Inputs are params.yaml and the results of all stages below data/; outputs are small CSV files
with one header line, and metrics/model.json. Losses are in bits per character, and their
columns name the split. docs/report.md lists the files.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from charlab.compare.evaluation_tables import (
    FIGURE_TABLES,
    METRIC_TABLES,
    evaluation_table,
    generation_table,
)
from charlab.compare.results import (
    Run,
    read_evaluations,
    read_model,
    read_samples,
    read_variants,
)
from charlab.compare.tables import (
    baselines_table,
    comparisons_table,
    model_metrics,
    seeds_table,
    texts_table,
    variants_table,
)
from charlab.compare.tuning import read_tuning, tuned_by, tuning_table
from charlab.core.files import write_json, write_text
from charlab.core.folders import replacing
from charlab.plan.params import Params

DIGITS = 6
"""Significant digits of every number in a table, so that git shows no noise."""

CURVE = ["step", "chars", "train_bpc", "val_bpc", "lr", "grad_norm", "epoch"]
"""Columns of a learning curve."""


def compare(params: Params, data: Path, metrics: Path, plots: Path) -> None:
    """Write all tables of a study.

    Parameters
    ----------
    params : Params
        The whole of params.yaml.
    data : Path
        Folder of all results so far.
    metrics, plots : Path
        Folders for the tables and for the figures' data; other files in them are removed.

    Raises
    ------
    ResultsError
        If a result that the parameters name is missing or unreadable.
    """
    # Read all before writing any, so that a missing result leaves the old tables untouched.
    model, variants = read_model(params, data), list(read_variants(params, data))
    evaluations, samples = read_evaluations(params, data), read_samples(params, data)
    texts, seeds = texts_table(params, data), seeds_table(variants)
    comparisons = comparisons_table(params, seeds)
    tuning = None if params.study.tuning is None else read_tuning(Path(params.study.tuning))
    text = texts[texts["text"] == params.text].iloc[0].to_dict()  # that of *the* model
    tables = {
        "variants": variants_table(variants, seeds, params.labels, tuned_by(params.study, tuning)),
        "seeds": seeds,
        "comparisons": comparisons,
        "texts": texts,
        "tuning": tuning_table(params.study, tuning),
        "baselines": baselines_table(params, data),
        "generation": generation_table(evaluations, samples),
        **{name: evaluation_table(name, evaluations) for name in METRIC_TABLES},
    }
    figures = {
        "model_learning_curve": model.history[CURVE],
        "variants_learning_curves": _curves(run for _, runs in variants for run in runs),
        **{f"comparison_{slug}": rows for slug, rows in comparisons.groupby("comparison")},
        **{name: evaluation_table(name, evaluations) for name in FIGURE_TABLES},
    }
    numbers = _rounded(model_metrics(model, _known(text)))
    # Tables of comparisons that are no longer in params.yaml must not stay.
    with replacing(metrics) as metrics_folder, replacing(plots) as plots_folder:
        _write(metrics_folder, tables)
        _write(plots_folder, figures)
        write_json(metrics_folder / "model.json", numbers)


def _known(row: dict[Any, Any]) -> dict[str, Any]:
    """Return a row of a data frame with None in place of NaN."""
    return {str(k): None if pd.isna(v) else v for k, v in row.items()}


def _curves(runs: Iterable[Run]) -> pd.DataFrame:
    """Return the learning curves of all runs in one table."""
    parts = [run.history[CURVE].assign(variant=run.variant, seed=run.seed) for run in runs]
    columns = ["variant", "seed", *CURVE]
    if not parts:
        return pd.DataFrame(columns=columns)  # pandas cannot concatenate nothing
    return pd.concat(parts, ignore_index=True)[columns]


def _write(folder: Path, tables: dict[Any, pd.DataFrame]) -> None:
    """Write tables as CSV; an empty table is not written."""
    for name, table in tables.items():
        if len(table):
            write_text(folder / f"{name}.csv", to_csv(table))


def to_csv(table: pd.DataFrame) -> str:
    """Return a table as CSV with LF line ends; missing values are empty fields."""
    return table.map(_field).to_csv(index=False, lineterminator="\n")


def _field(value: Any) -> Any:
    """Format a value: whole numbers without a point, others to six significant digits."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float):
        # A column of counts with a missing value is of floats: 3.0 is written as 3.
        return f"{value:.0f}" if value == round(value, 0) else f"{value:.{DIGITS}g}"
    return value


def _rounded(numbers: dict[str, float]) -> dict[str, float]:
    """Return the numbers of ``metrics/model.json``: counts as integers, losses rounded."""
    return {
        name: float(f"{value:.{DIGITS}g}") if name.endswith("_bpc") else int(value)
        for name, value in numbers.items()
    }
