"""Save and load weights as safetensors, under the names of torch.nn.

For G gates (rnn 1, gru 3, lstm 4),
hidden size H, and vocabulary size V, layer ``k`` has

    rnn.weight_ih_lk  (G*H, V) in layer 0, (G*H, H) above
    rnn.weight_hh_lk  (G*H, H)
    rnn.bias_ih_lk, rnn.bias_hh_lk  (G*H,)

and the network has ``head.weight`` (V, H), ``head.bias`` (V,) and, with a learned initial
state, ``initial.h`` (layers, H) and for an LSTM ``initial.c``. Gates are stacked as in
torch.nn: i, f, g, o for the LSTM; r, z, n for the GRU. All are float32.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from charlab.core.errors import CharlabError
from charlab.core.files import read_json, write_bytes
from charlab.core.units import counted
from charlab.models.params import ModelParams

GATES = {"rnn": 1, "gru": 3, "lstm": 4}
"""Number of gates, each with H rows of the weights, by cell."""


def expected_shapes(model: ModelParams, vocab_size: int) -> dict[str, tuple[int, ...]]:
    """Return the name and shape of every weight of a network, in a fixed order."""
    hidden, rows = model.hidden, GATES[model.cell] * model.hidden
    shapes: dict[str, tuple[int, ...]] = {}  # in the order of the file and of the random draws
    for layer in range(model.layers):
        shapes[f"rnn.weight_ih_l{layer}"] = (rows, vocab_size if layer == 0 else hidden)
        shapes[f"rnn.weight_hh_l{layer}"] = (rows, hidden)
        shapes[f"rnn.bias_ih_l{layer}"] = (rows,)
        shapes[f"rnn.bias_hh_l{layer}"] = (rows,)
    shapes["head.weight"] = (vocab_size, hidden)
    shapes["head.bias"] = (vocab_size,)
    if model.initial_state == "learned":
        shapes["initial.h"] = (model.layers, hidden)
        if model.cell == "lstm":
            shapes["initial.c"] = (model.layers, hidden)
    return shapes


def save_weights(path: Path, weights: Mapping[str, NDArray[Any]]) -> None:
    """Write weights as float32 in a fixed order, atomically."""
    ordered = {name: np.ascontiguousarray(weights[name], dtype=np.float32) for name in weights}
    write_bytes(path, save(ordered))


def load_trained(folder: Path) -> tuple[ModelParams, dict[str, NDArray[np.float32]]]:
    """Read the configuration and the weights of a model folder.

    Raises
    ------
    CharlabError
        If the folder has no configuration or weights, or they do not match.
    """
    path = folder / "config.json"
    try:
        config = read_json(path)
        params = ModelParams.model_validate(config["model"])
        vocab_size = int(config["vocab_size"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CharlabError(
            f"{path}: not the configuration of a trained model ({error}); name a folder that "
            "'charlab train' or the train stage wrote"
        ) from None
    return params, load_weights(folder / "model.safetensors", params, vocab_size)


def load_weights(path: Path, model: ModelParams, vocab_size: int) -> dict[str, NDArray[np.float32]]:
    """Load the weights of a network and compare them with its configuration.

    Raises
    ------
    CharlabError
        If the file cannot be read, or a weight is missing, unexpected, or of another
        shape or type; the message names it.
    """
    try:
        weights = load_file(path)
    except (OSError, SafetensorError) as error:
        raise CharlabError(f"{path}: not a readable weights file ({error}); train again") from None
    shapes = expected_shapes(model, vocab_size)
    # A file of another network must fail here: NumPy would broadcast some wrong shapes.
    if weights.keys() != shapes.keys():
        odd = sorted(weights.keys() ^ shapes.keys())  # in one of them only
        raise CharlabError(
            f"{path}: expected the weights of a {model.cell} with "
            f"{counted(model.layers, 'layer')}, found missing or additional ones: "
            f"{', '.join(odd)}; train again"
        )
    for name, shape in shapes.items():
        if weights[name].shape != shape or weights[name].dtype != np.float32:
            raise CharlabError(
                f"{path}: expected {name} as float32 of shape {shape}, "
                f"found {weights[name].dtype} of shape {weights[name].shape}; train again"
            )
    return {name: weights[name] for name in shapes}
