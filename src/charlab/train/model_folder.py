"""What a training leaves: the model folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from charlab.core.files import write_json
from charlab.models.weights import save_weights
from charlab.train.history import Row, write_history
from charlab.train.learners import Arrays
from charlab.vocab.vocabulary import Vocabulary


def write_folder(
    out: Path,
    config: Mapping[str, Any],
    vocab: Vocabulary,
    weights: Arrays,
    snapshots: Mapping[int, Arrays],
    rows: list[Row],
    metrics: Mapping[str, float | None],
) -> None:
    """Write the model folder; metrics.json comes last, so its presence says that all is there.

    Parameters
    ----------
    out : Path
    config : mapping
        What was trained, and how: config.json.
    vocab : Vocabulary
    weights : dict of str to ndarray
        Those that were kept.
    snapshots : mapping of int to dict
        Weights on the way, by the number of steps taken: ``snapshots/STEPS.safetensors``.
    rows : list of Row
        The measurements: history.csv.
    metrics : mapping of str to float
    """
    save_weights(out / "model.safetensors", weights)
    for path in (out / "snapshots").glob("*.safetensors"):
        path.unlink()  # of an older training
    for step, values in snapshots.items():
        save_weights(out / "snapshots" / f"{step}.safetensors", values)
    write_json(out / "config.json", config)
    vocab.save(out / "vocab.json")
    write_history(out / "history.csv", rows)
    write_json(out / "metrics.json", metrics)
