"""Save and load weights as safetensors, under the names of torch.nn.

For G gates (rnn 1, gru 3, lstm 4),
hidden size H, and vocabulary size V, layer ``k`` has

    rnn.weight_ih_lk  (G*H, V) in layer 0, (G*H, H) above
    rnn.weight_hh_lk  (G*H, H)
    rnn.bias_ih_lk, rnn.bias_hh_lk  (G*H,)

and the network has ``head.weight`` (V, H), ``head.bias`` (V,) and, with a learned initial
state, ``initial.h`` (layers, H) and for an LSTM ``initial.c``. Gates are stacked as in
torch.nn: i, f, g, o for the LSTM; r, z, n for the GRU. All are float32.

A network that looks up n-grams has them as ``ngrams`` (N, 3), int32, of
:func:`charlab.models.ngrams.frequent_ngrams`, and with a row for each

    input.rows   (bigrams [+ trigrams], G, H)      added to W_ih x
    direct.rows  (V [+ bigrams [+ trigrams]], V)   added to the logits
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
from charlab.exact.settings import INPUT, looks_up, spans
from charlab.models.params import ModelParams

GATES = {"rnn": 1, "gru": 3, "lstm": 4}
"""Number of gates, each with H rows of the weights, by cell."""


NO_NGRAMS = np.zeros((0, 3), np.int32)
"""The n-grams of a network that looks up none."""


def expected_shapes(
    model: ModelParams, vocab_size: int, ngrams: NDArray[Any] = NO_NGRAMS
) -> dict[str, tuple[int, ...]]:
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
    # Rows up to those of characters, of bigrams, of trigrams.
    ends = (vocab_size, vocab_size + int((ngrams[:, 0] < 0).sum()), vocab_size + len(ngrams))
    for name, (start, stop, _) in spans(model, vocab_size).items():
        if name == INPUT:
            shapes[name] = (ends[stop - 1] - ends[start - 1], GATES[model.cell], hidden)
        else:
            shapes[name] = (ends[stop - 1], vocab_size)
    if model.initial_state == "learned":
        shapes["initial.h"] = (model.layers, hidden)
        if model.cell == "lstm":
            shapes["initial.c"] = (model.layers, hidden)
    return shapes


def save_weights(path: Path, weights: Mapping[str, NDArray[Any]]) -> None:
    """Write weights as float32, and n-grams as int32, in a fixed order, atomically."""
    ordered = {
        name: np.ascontiguousarray(weights[name], np.int32 if name == "ngrams" else np.float32)
        for name in weights
    }
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
    ngrams = weights.pop("ngrams", NO_NGRAMS) if looks_up(model) else NO_NGRAMS
    _check_ngrams(path, ngrams, vocab_size)
    shapes = expected_shapes(model, vocab_size, ngrams)
    # A file of another network must fail here: NumPy would broadcast some wrong shapes.
    if weights.keys() != shapes.keys():
        odd = sorted(weights.keys() ^ shapes.keys())  # in one of them only
        raise CharlabError(
            f"{path}: expected the weights of a {model.cell} with {model.layers} layers, found "
            f"missing or additional ones: {', '.join(odd)}; train again"
        )
    for name, shape in shapes.items():
        if weights[name].shape != shape or weights[name].dtype != np.float32:
            raise CharlabError(
                f"{path}: expected {name} as float32 of shape {shape}, "
                f"found {weights[name].dtype} of shape {weights[name].shape}; train again"
            )
    own = {"ngrams": ngrams} if looks_up(model) else {}
    return {name: weights[name] for name in shapes} | own


def _check_ngrams(path: Path, ngrams: NDArray[Any], vocab_size: int) -> None:
    """Raise CharlabError unless n-grams are as :func:`expected_shapes` and the kernels need them."""
    fits = ngrams.dtype == np.int32 and ngrams.ndim == 2 and ngrams.shape[1] == 3
    if fits:
        ordered = ngrams[np.lexsort(ngrams.T[::-1])]
        inside = (ngrams < vocab_size).all() and (ngrams[:, 1:] >= 0).all()
        fits = bool(inside and (ngrams[:, :1] >= -1).all() and (ordered == ngrams).all())
    if not fits:
        raise CharlabError(
            f"{path}: expected ngrams as int32 of shape (N, 3), ascending, with characters below "
            f"{vocab_size}, found {ngrams.dtype} of shape {ngrams.shape}; train again"
        )
