"""What the units of a network do: hidden activations, saturated gates, weights as pictures.

What enters is the blocks of a :func:`~charlab.evaluate.survey.survey`, or the
weights; what leaves is small enough for a figure. A gate is called left-saturated where
it is below 0.1 and right-saturated where it is above 0.9 (Karpathy, Johnson and Fei-Fei
2015, arXiv:1506.02078).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from charlab.evaluate.survey import Block
from charlab.evaluate.trace import BLOCKS, GATES, Floats, Network
from charlab.vocab.vocabulary import Vocabulary

BINS = 40
"""Bins of the histogram of hidden activations."""

LEFT, RIGHT = 0.1, 0.9
"""Below and above which a gate counts as shut and as open."""

MAX_GATE_UNITS = 512
"""Per-unit figures are given for networks of at most this many units."""

ELEMENTS = 4
"""Elements of a matrix's column that are shown one by one."""

PICTURE = 64
"""The longest side of a matrix's picture."""


class ActivationHistogram:
    """How often the hidden activations of all layers take which value."""

    def __init__(self, network: Network) -> None:
        self._bounded = _range(network)
        self._edges: Floats | None = None
        self._counts = np.zeros(BINS, dtype=np.int64)

    def add(self, block: Block) -> None:
        """Count the activations of one block; the first one fixes an open range."""
        hidden = np.stack([layer.hidden for layer in block.trace.layers])
        if self._edges is None:
            # ReLU has no upper bound: what lies beyond the first block's is in the last bin.
            low, high = self._bounded or (float(hidden.min()), float(hidden.max()))
            self._edges = np.linspace(low, high if high > low else low + 1.0, BINS + 1)
        inside = np.clip(hidden, self._edges[0], self._edges[-1])
        self._counts += np.histogram(inside, self._edges)[0]

    def result(self) -> dict[str, Any] | None:
        """Return ``edges`` (one more than counts) and ``counts``; None without a sample."""
        if self._edges is None:
            return None
        return {"edges": self._edges.tolist(), "counts": self._counts.tolist()}


def _range(network: Network) -> tuple[float, float] | None:
    """Return what a hidden activation can lie between; None if nothing bounds it."""
    return {"tanh": (-1.0, 1.0), "sigmoid": (0.0, 1.0)}.get(network.activation)


class GateSaturation:
    """How often each gate of each unit is nearly shut, and nearly open."""

    def __init__(self, network: Network) -> None:
        self._gates = GATES[network.cell]
        shape = (len(network.layers), network.hidden_size)
        self._left = {gate: np.zeros(shape, dtype=np.int64) for gate in self._gates}
        self._right = {gate: np.zeros(shape, dtype=np.int64) for gate in self._gates}
        self._steps = 0

    def add(self, block: Block) -> None:
        """Count one block."""
        for depth, layer in enumerate(block.trace.layers):
            for gate in self._gates:
                self._left[gate][depth] += (layer.parts[gate] < LEFT).sum(axis=(0, 1))
                self._right[gate][depth] += (layer.parts[gate] > RIGHT).sum(axis=(0, 1))
        self._steps += block.inputs.size

    def result(self) -> dict[str, dict[str, Any]] | None:
        """Return each gate's shares; None for a cell without gates, or without a sample.

        ``left`` and ``right`` are means over units, ``units`` one ``[layer, left, right]``
        for each unit of a network that is not too large.
        """
        if not self._gates or not self._steps:
            return None
        return {gate: self._shares(gate) for gate in self._gates}

    def _shares(self, gate: str) -> dict[str, Any]:
        left, right = (counts[gate] / self._steps for counts in (self._left, self._right))
        shares: dict[str, Any] = {"left": float(left.mean()), "right": float(right.mean())}
        if left.size <= MAX_GATE_UNITS:
            layer = np.indices(left.shape)[0].ravel().tolist()
            pairs = zip(layer, left.ravel(), right.ravel(), strict=True)
            shares["units"] = [[k, round(float(x), 4), round(float(y), 4)] for k, x, y in pairs]
        return shares


def weight_pictures(network: Network, vocab: Vocabulary) -> dict[str, Any]:
    """Return the matrices of the first layer and the head, small enough to draw.

    ``W_ih`` and the head keep their columns and rows of the commonest characters, whose
    names are in ``chars``; units are averaged in blocks of neighbours, and the rows of
    different gates (``row_blocks``, from the top) never with each other.

    Returns
    -------
    dict
        ``weight_ih``, ``weight_hh`` and ``head`` as lists of rows, ``chars``,
        ``row_blocks``, and each matrix's true ``shapes``.
    """
    layer = network.layers[0]
    columns = _commonest(vocab, PICTURE)
    row_blocks = BLOCKS[network.cell]
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
    """Multiply W_ih by the one-hot vectors of characters, and look the columns up instead.

    Returns
    -------
    dict
        The commonest letter's number (``id``) and ``char``, the first elements of its
        ``product`` and of its ``column``, and the ``largest_difference`` of all elements of
        the products of all characters that are ``shown``.
    """
    one_hot = np.eye(weight_ih.shape[1])[:, shown]  # (V, shown)
    products = weight_ih @ one_hot  # (G*H, shown)
    order = sorted(shown, key=lambda k: (-vocab.counts[k], k))
    chosen = next((k for k in order if vocab.chars[k].isalpha()), order[0])
    return {
        "id": chosen,
        "char": vocab.chars[chosen],
        "product": np.round(products[:ELEMENTS, shown.index(chosen)], 4).tolist(),
        "column": np.round(weight_ih[:ELEMENTS, chosen], 4).tolist(),
        "largest_difference": float(np.abs(products - weight_ih[:, shown]).max()),
    }


def _commonest(vocab: Vocabulary, count: int) -> list[int]:
    """Return the ids of the ``count`` commonest characters, by id; no unknown symbol."""
    by_count = sorted(range(len(vocab.chars)), key=lambda k: (-vocab.counts[k], k))
    return sorted(by_count[:count])


def _shrink(matrix: Floats, rows: int, columns: int) -> Floats:
    """Average neighbouring rows and columns down to at most ``rows`` by ``columns``."""
    for axis, most in ((0, rows), (1, columns)):
        size = matrix.shape[axis]
        if size > most:
            # reduceat sums from each start to the next; the pieces differ by one at most.
            starts = np.arange(most) * size // most
            pieces = np.diff(np.append(starts, size))
            sums = np.add.reduceat(matrix, starts, axis=axis)
            matrix = sums / np.expand_dims(pieces, 1 - axis)
    return matrix
