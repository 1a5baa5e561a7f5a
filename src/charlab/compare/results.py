"""Read the results of a study from the folders that its stages wrote.

Only folders and files whose names are in params.yaml are read, so that folders left over from
an earlier study do no harm.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from charlab.core.errors import CharlabError
from charlab.core.files import read_json
from charlab.core.folders import require_complete
from charlab.core.units import LN_2, bits
from charlab.plan.params import Params
from charlab.train.params import Variant

MODEL = "model"
"""Name of *the* model in the column ``variant`` of tables that have rows on it."""


class ResultsError(CharlabError):
    """A result that the comparison needs is missing or cannot be read."""


@dataclass(frozen=True)
class Run:
    """One training: a variant and a seed, or *the* model.

    Attributes
    ----------
    variant : str
        Slug of the variant; :data:`MODEL` for *the* model.
    seed : int
        Seed of the training.
    metrics : dict
        Content of metrics.json; see :func:`charlab.train.loop.train`.
    history : DataFrame
        Content of history.csv, with ``train_bpc`` and ``val_bpc`` added to the losses in nats.
    """

    variant: str
    seed: int
    metrics: dict[str, Any]
    history: pd.DataFrame

    def bpc(self, split: str) -> float | None:
        """Return the loss on ``train``, ``val`` or ``test`` in bits per character."""
        nats = self.metrics.get(f"{split}_nats")
        return None if nats is None else bits(float(nats))


def read_run(folder: Path, variant: str, seed: int) -> Run:
    """Read metrics and history of one model directory.

    Raises
    ------
    ResultsError
        If its metrics or its history are missing or cannot be read.
    """
    require_complete(folder, "remove the folder and run 'dvc repro'")
    try:
        metrics = dict(read_json(folder / "metrics.json"))
        history = pd.read_csv(folder / "history.csv")
        # Trainings record nats; every table and figure is in bits.
        for split in ("train", "val"):
            history[f"{split}_bpc"] = history[f"{split}_nats"] / LN_2
    except FileNotFoundError as error:
        raise ResultsError(
            f"{error.filename}: no such file, but params.yaml names {variant!r} with seed {seed}; "
            "run 'dvc repro', which trains what is missing"
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ResultsError(
            f"{folder}: metrics.json or history.csv cannot be read ({error}); "
            "remove the folder and run 'dvc repro'"
        ) from None
    return Run(variant, seed, metrics, history)


def read_model(params: Params, data: Path) -> Run:
    """Read *the* model, which ``model:`` and ``train:`` describe."""
    return read_run(data / "model", MODEL, params.seed)


def read_variants(params: Params, data: Path) -> Iterator[tuple[Variant, list[Run]]]:
    """Yield every variant of the study with a run per seed, in the order of params.yaml."""
    for variant in map(params.study.variant, params.study.variants):
        folder = data / "variants" / variant.slug
        yield (
            variant,
            [
                read_run(folder / str(seed), variant.slug, seed)
                for seed in params.study.seeds_of(variant.slug)
            ],
        )


def read_optional(path: Path) -> Any:
    """Return the content of a JSON file, None if it is missing."""
    return read_json(path) if path.is_file() else None


def read_evaluations(params: Params, data: Path) -> dict[str, dict[str, Any]]:
    """Return the evaluation of each model that has one, by variant; :data:`MODEL` comes first."""
    return _read_by_model(params, data / "evaluation")


def read_samples(params: Params, data: Path) -> dict[str, dict[str, Any]]:
    """Return the samples of each model that has any, by variant; :data:`MODEL` comes first."""
    return _read_by_model(params, data / "samples")


def _read_by_model(params: Params, folder: Path) -> dict[str, dict[str, Any]]:
    """Return the documents of *the* model and of all variants, without those that are missing."""
    paths = {MODEL: folder / "model.json"} | {
        slug: folder / "variants" / f"{slug}.json" for slug in params.study.variants
    }
    documents = {name: read_optional(path) for name, path in paths.items()}
    return {name: content for name, content in documents.items() if content is not None}
