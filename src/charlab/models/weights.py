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
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from charlab.core.errors import CharlabError, shortened
from charlab.core.files import UnreadableError, size_of, write_bytes
from charlab.core.units import counted
from charlab.exact.settings import INPUT, ModelSettings, looks_up, spans
from charlab.models.architecture import in_short

GATES = {"rnn": 1, "gru": 3, "lstm": 4}
"""Number of gates, each with H rows of the weights, by cell."""

DTYPES = {"F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16"}
"""Names of types in error messages, by those in a safetensors file."""

MAX_HEADER = 1 << 20
"""Maximum length in bytes of the header of a weights file; a network's has a few thousand."""

SHOWN = 8
"""Maximum number of names listed in an error message."""


NO_NGRAMS = np.zeros((0, 3), np.int32)
"""The n-grams of a network that looks up none."""


def expected_shapes(
    model: ModelSettings, vocab_size: int, ngrams: NDArray[Any] = NO_NGRAMS
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


def load_weights(
    path: Path, model: ModelSettings, vocab_size: int
) -> dict[str, NDArray[np.float32]]:
    """Load the weights of a network and compare them with its configuration.

    Raises
    ------
    CharlabError
        If the file cannot be read, or a weight is missing, unexpected, of another
        shape or type, or not finite; the message names it.
    """
    try:
        _check_header(path)
        with safe_open(path, "np") as stored:
            ngrams = NO_NGRAMS
            if looks_up(model):
                ngrams = _stored_ngrams(path, stored, vocab_size)
            shapes = expected_shapes(model, vocab_size, ngrams)
            names = set(stored.keys()) - ({"ngrams"} if looks_up(model) else set())
            # A file of another network must fail here: NumPy would broadcast some wrong shapes.
            if names != shapes.keys():
                odd = sorted(names ^ shapes.keys())  # in one of them only
                more = f" and {len(odd) - SHOWN} more" if len(odd) > SHOWN else ""
                raise CharlabError(
                    f"{path}: expected the weights of a {model.cell} with "
                    f"{counted(model.layers, 'layer')}, found missing or additional ones: "
                    f"{', '.join(name[:60] for name in odd[:SHOWN])}{more}; train again"
                )
            # Shapes and types come from the header, before any memory is taken.
            for name, shape in shapes.items():
                entry = stored.get_slice(name)
                dtype = DTYPES.get(entry.get_dtype(), entry.get_dtype())
                if tuple(entry.get_shape()) != shape or dtype != "float32":
                    raise CharlabError(
                        f"{path}: expected {name} as float32 of shape {shape}, found {dtype} of "
                        f"shape {shortened(tuple(entry.get_shape()))}; train again"
                    )
            weights = {name: stored.get_tensor(name) for name in shapes}
    except (OSError, SafetensorError, ValueError, MemoryError) as error:
        raise CharlabError(
            f"{path}: not a readable weights file ({in_short(error)}); train again"
        ) from None
    for name, values in weights.items():
        if not np.isfinite(values).all():
            raise CharlabError(
                f"{path}: expected finite numbers, found infinity or NaN in {name}; the file is "
                "damaged, or the training diverged: train again"
            )
    return weights | ({"ngrams": ngrams} if looks_up(model) else {})


def _check_header(path: Path) -> None:
    """Refuse a file that is not a regular one, or whose header is too long for a network's."""
    size_of(path)
    with path.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
    if length > MAX_HEADER:
        raise UnreadableError(f"its header would be {length} bytes long")


def _stored_ngrams(path: Path, stored: Any, vocab_size: int) -> NDArray[Any]:
    """Return the n-grams of a weights file; none, if it has none.

    Raises
    ------
    CharlabError
        Unless they are as :func:`expected_shapes` and the kernels need them.
    """
    names = set(stored.keys())
    if "ngrams" not in names:
        return NO_NGRAMS
    entry = stored.get_slice("ngrams")
    shape, dtype = tuple(entry.get_shape()), entry.get_dtype()
    fits = dtype == "I32" and len(shape) == 2 and shape[1] == 3
    if fits:
        ngrams: NDArray[Any] = stored.get_tensor("ngrams")
        ordered = ngrams[np.lexsort(ngrams.T[::-1])]
        inside = (ngrams < vocab_size).all() and (ngrams[:, 1:] >= 0).all()
        fits = bool(inside and (ngrams[:, :1] >= -1).all() and (ordered == ngrams).all())
    if not fits:
        raise CharlabError(
            f"{path}: expected ngrams as int32 of shape (N, 3), ascending, with characters below "
            f"{vocab_size}, found {dtype} of shape {shortened(shape)}; train again"
        )
    return ngrams
