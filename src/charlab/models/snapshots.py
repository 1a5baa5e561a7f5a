"""A network as it was while it learned: the weights that its training kept on the way.

What enters is a model folder, in which ``snapshots/<step>.safetensors`` holds the weights
after so many steps (0: before the first); what leaves are networks in the order of the
steps, the one that was kept in the end last.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from charlab.core.errors import CharlabError
from charlab.core.files import read_json
from charlab.models.numpy_model import InferenceModel, load_model
from charlab.models.weights import load_weights


@dataclass(frozen=True)
class Snapshot:
    """A network after some steps of its training.

    Attributes
    ----------
    step, chars : int
        Steps done, and characters read.
    network : InferenceModel
        With the weights of that step.
    """

    step: int
    chars: int
    network: InferenceModel


def load_snapshots(folder: Path) -> list[Snapshot]:
    """Return a model's snapshots and, last, the model itself; nothing if none were kept.

    The model itself has the weights that were best on val, if the training was told to
    keep those; what was kept after that step is left out.

    Raises
    ------
    CharlabError
        If a file is no snapshot of this model.
    """
    paths = sorted((folder / "snapshots").glob("*.safetensors"), key=_step_of)
    if not paths:
        return []
    config, last = read_json(folder / "config.json"), load_model(folder)
    chunk_chars = config["train"]["batch_size"] * config["train"]["seq_len"]
    end = int(read_json(folder / "metrics.json")["best_step"])
    found = [
        Snapshot(step, step * chunk_chars, InferenceModel(last.params, weights))
        for path in paths
        if (step := _step_of(path)) < end
        for weights in [load_weights(path, last.params, config["vocab_size"])]
    ]
    return [*found, Snapshot(end, end * chunk_chars, last)]


def _step_of(path: Path) -> int:
    if not path.stem.isdecimal():
        raise CharlabError(
            f"{path}: expected the number of a step for a name, such as 380.safetensors; "
            "remove the file, or train again"
        )
    return int(path.stem)
