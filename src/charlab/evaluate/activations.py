"""Distributions of hidden activations and gates, and weight matrices as pictures.

Input: the blocks of a :func:`~charlab.evaluate.survey.survey`, or the weights. Output:
summaries small enough for a figure. A gate is left-saturated below 0.1 and right-saturated
above 0.9 (Karpathy, Johnson and Fei-Fei 2015, arXiv:1506.02078).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from charlab.core.sums import column_totals, mean
from charlab.evaluate.survey import Block
from charlab.evaluate.trace import BLOCKS, GATES, Floats, Network
from charlab.exact.arrays import multiply
from charlab.vocab.vocabulary import Vocabulary

BINS = 40
"""Bins of the histogram of hidden activations."""

LEFT, RIGHT = 0.1, 0.9
"""Values of a gate below and above which it is left- and right-saturated."""

MAX_GATE_UNITS = 512
"""Maximum number of units for which the shares of each unit are reported."""

ELEMENTS = 4
"""Elements of a matrix column that are reported individually."""

PICTURE = 64
"""Maximum number of rows and of columns in the picture of a matrix."""


class ActivationHistogram:
    """Histogram of the hidden activations of all layers."""

    def __init__(self, network: Network) -> None:
        self._range = _range(network)
        self._edges: Floats | None = None
        self._counts = np.zeros(BINS, dtype=np.int64)

    def add(self, block: Block) -> None:
        """Count the activations of one block; the first block sets the range if none is known."""
        hidden = np.stack([layer.hidden for layer in block.trace.layers])  # (L, T, B, H)
        if self._edges is None:
            # ReLU has no upper bound: larger values than the first block's go to the last bin.
            low, high = self._range or (float(hidden.min()), float(hidden.max()))
            self._edges = np.linspace(low, high if high > low else low + 1.0, BINS + 1)
        clipped = np.clip(hidden, self._edges[0], self._edges[-1])
        self._counts += np.histogram(clipped, self._edges)[0]

    def result(self) -> dict[str, Any] | None:
        """Return ``edges`` (one more than counts) and ``counts``; None without a block."""
        if self._edges is None:
            return None
        return {"edges": self._edges.tolist(), "counts": self._counts.tolist()}


def _range(network: Network) -> tuple[float, float] | None:
    """Return the range of a hidden activation; None if it is unbounded."""
    return {"tanh": (-1.0, 1.0), "sigmoid": (0.0, 1.0)}.get(network.activation)


class GateSaturation:
    """Shares of the steps at which each gate of each unit is left- and right-saturated."""

    def __init__(self, network: Network) -> None:
        self._gates = GATES[network.cell]
        shape = (len(network.layers), network.hidden_size)
        self._left = {gate: np.zeros(shape, dtype=np.int64) for gate in self._gates}
        self._right = {gate: np.zeros(shape, dtype=np.int64) for gate in self._gates}
        self._steps = 0

    def add(self, block: Block) -> None:
        """Count the saturated gates of one block."""
        for depth, layer in enumerate(block.trace.layers):
            for gate in self._gates:
                # (T, B, H) -> (H,)
                self._left[gate][depth] += (layer.parts[gate] < LEFT).sum(axis=(0, 1))
                self._right[gate][depth] += (layer.parts[gate] > RIGHT).sum(axis=(0, 1))
        self._steps += block.inputs.size

    def result(self) -> dict[str, dict[str, Any]] | None:
        """Return the shares by gate; None for a cell without gates, or without a block.

        ``left`` and ``right`` are means over units; ``units`` has one ``[layer, left, right]``
        for each unit, in networks of at most :data:`MAX_GATE_UNITS` units.
        """
        if not self._gates or not self._steps:
            return None
        return {gate: self._shares(gate) for gate in self._gates}

    def _shares(self, gate: str) -> dict[str, Any]:
        # Counts of shape (L, H) over the same number of steps.
        left, right = (counts[gate] / self._steps for counts in (self._left, self._right))
        shares: dict[str, Any] = {"left": mean(left), "right": mean(right)}
        if left.size <= MAX_GATE_UNITS:
            layer = np.indices(left.shape)[0].ravel().tolist()  # (L, H) -> (L * H,)
            pairs = zip(layer, left.ravel(), right.ravel(), strict=True)
            shares["units"] = [[k, round(float(x), 4), round(float(y), 4)] for k, x, y in pairs]
        return shares


def weight_pictures(network: Network, vocab: Vocabulary) -> dict[str, Any]:
    """Return the matrices of the first layer and the head, reduced to a size for drawing.

    ``W_ih`` and the head keep the columns and rows of the most common characters, listed in
    ``chars``. Neighboring units are averaged, but never rows of different gates
    (``row_blocks``, from the top).

    Returns
    -------
    dict
        ``weight_ih``, ``weight_hh`` and ``head`` as lists of rows, ``chars``,
        ``row_blocks``, each matrix's original ``shapes``, and the ``one_hot`` products.
    """
    layer = network.layers[0]
    columns = _most_common(vocab, PICTURE)
    row_blocks = BLOCKS[network.cell]
    # A multiple of the number of gates, so that each drawn row belongs to one gate.
    rows = PICTURE - PICTURE % len(row_blocks)
    matrices = {
        "weight_ih": _shrink(layer.weight_ih[:, columns], rows, PICTURE),
        "weight_hh": _shrink(layer.weight_hh, rows, PICTURE),
        "head": _shrink(network.head_weight[columns], PICTURE, PICTURE),
    }
    shapes = (layer.weight_ih.shape, layer.weight_hh.shape, network.head_weight.shape)
    return {
        **{name: np.round(matrix, 4).tolist() for name, matrix in matrices.items()},
        "chars": [vocab.chars[k] for k in columns],
        "row_blocks": list(row_blocks),
        "shapes": {name: list(shape) for name, shape in zip(matrices, shapes, strict=True)},
        "one_hot": _one_hot(layer.weight_ih, vocab, columns),
    }


def _one_hot(weight_ih: Floats, vocab: Vocabulary, shown: list[int]) -> dict[str, Any]:
    """Compare W_ih times one-hot vectors with a lookup of its columns.

    Returns
    -------
    dict
        The ``id`` and ``char`` of the most common letter, the first elements of its
        ``product`` and of its ``column``, and the ``largest_difference`` between products and
        columns over all characters that are ``shown``.
    """
    one_hot = np.eye(weight_ih.shape[1])[:, shown]  # (V, shown)
    products = multiply(weight_ih, one_hot)  # (G*H, shown)
    order = sorted(shown, key=lambda k: (-vocab.counts[k], k))
    chosen = next((k for k in order if vocab.chars[k].isalpha()), order[0])
    return {
        "id": chosen,
        "char": vocab.chars[chosen],
        "product": np.round(products[:ELEMENTS, shown.index(chosen)], 4).tolist(),
        "column": np.round(weight_ih[:ELEMENTS, chosen], 4).tolist(),
        "largest_difference": float(np.abs(products - weight_ih[:, shown]).max()),
    }


def _most_common(vocab: Vocabulary, count: int) -> list[int]:
    """Return the ids of the ``count`` most common characters, ascending, never the unknown."""
    by_count = sorted(range(len(vocab.chars)), key=lambda k: (-vocab.counts[k], k))
    return sorted(by_count[:count])


def _shrink(matrix: Floats, rows: int, columns: int) -> Floats:
    """Average neighboring rows and columns down to at most ``rows`` by ``columns``."""
    for axis, most in ((0, rows), (1, columns)):
        size = matrix.shape[axis]
        if size > most:
            # The pieces' lengths differ by at most one.
            starts = np.arange(most) * size // most
            pieces = np.split(np.moveaxis(matrix, axis, 0), starts[1:])
            means = np.stack([column_totals(piece) / len(piece) for piece in pieces])
            matrix = np.moveaxis(means, 0, axis)
    return matrix
