"""Load the networks that a training saved before its end.

In a model folder, ``snapshots/<step>.safetensors`` holds the weights after that many steps
(0: the initial weights).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from charlab.core.errors import CharlabError
from charlab.core.files import read_json
from charlab.models.inference import InferenceModel, load_model
from charlab.models.trained import read_config
from charlab.models.weights import load_weights


@dataclass(frozen=True)
class Snapshot:
    """A network at some step of its training.

    Attributes
    ----------
    step, chars : int
        Steps taken and characters read so far.
    network : InferenceModel
        Network with the weights of that step.
    """

    step: int
    chars: int
    network: InferenceModel


def load_snapshots(folder: Path) -> list[Snapshot]:
    """Return the snapshots of a model in order, and last the model itself.

    The model itself may be from before the last step (``train.keep: best``); later snapshots
    are left out. Without snapshots the list is empty.

    Raises
    ------
    CharlabError
        If a file is not a snapshot of this model.
    """
    paths = sorted((folder / "snapshots").glob("*.safetensors"), key=_step_of)
    if not paths:
        return []
    last = load_model(folder)
    try:
        train = read_config(folder)[2]["train"]
        chunk_chars = int(train["batch_size"]) * int(train["seq_len"])
        # The model itself counts as the snapshot of its own step.
        end = int(read_json(folder / "metrics.json")["best_step"])
    except (OSError, ValueError, KeyError, TypeError, OverflowError) as error:
        raise CharlabError(
            f"{folder}: config.json or metrics.json is not that of a training ({error!r:.200}); "
            "train again"
        ) from None
    snapshots = [
        Snapshot(step, step * chunk_chars, InferenceModel(last.params, weights))
        for path in paths
        if (step := _step_of(path)) < end
        for weights in [load_weights(path, last.params, last.vocab_size)]
    ]
    return [*snapshots, Snapshot(end, end * chunk_chars, last)]


def _step_of(path: Path) -> int:
    """Return the step in the name of a snapshot's file."""
    if not path.stem.isdecimal():
        raise CharlabError(
            f"{path}: expected a number of steps as its name, such as 380.safetensors; "
            "remove the file, or train again"
        )
    return int(path.stem)
