"""Lay a trained network's weights out for the kernels that read text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from charlab.exact import shapes
from charlab.exact.settings import DIRECT, INPUT, ModelSettings
from charlab.exact.shapes import NEVER, WIDTH

Array = NDArray[Any]

Weights = tuple[Array, Array, Array, Array, Array, Array, Array, Array]
"""An alias of :data:`charlab.exact.Weights`."""


def _rows(matrix: Array, slots: int) -> Array:
    """Turn (slots * H, K) into (slots, N, K, 16), padded by zeros."""
    by_slot = matrix.reshape(slots, -1, matrix.shape[1])  # (slots, H, K)
    padded = np.pad(by_slot, ((0, 0), (0, -by_slot.shape[1] % WIDTH), (0, 0)))
    return padded.reshape(slots, -1, WIDTH, matrix.shape[1]).swapaxes(2, 3)


def pack_weights(params: ModelSettings, weights: Mapping[str, Array], dtype: DTypeLike) -> Weights:
    """Lay all weights out for the kernels, biases added as in training."""
    cell = shapes.CELLS[params.cell]
    gates, slots = shapes.GATES[cell], shapes.SLOTS[cell]
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    table, inward, recurrent, biases = np.zeros(0, dtype), [], [], []
    for depth in range(params.layers):
        w_in, w_rec, b_in, b_rec = (
            _rows(np.asarray(weights[f"rnn.{name}_l{depth}"], dtype).reshape(
                gates * params.hidden, -1), gates)
            for name in names
        )  # fmt: skip
        bias = np.zeros((slots, *b_in.shape[1:]), dtype)  # (slots, N, 1, 16)
        if slots == gates:
            driven = w_in + b_in + b_rec  # (gates, N, K, 16)
            bias[:gates] = b_in + b_rec
        else:
            # A GRU's gates are r, z, n in torch and n, r, z, hn here; r and z start from both
            # biases, n from b_in and hn from b_hn alone.
            w_in, b_in, turned = (np.roll(part, 1, axis=0) for part in (w_in, b_in, b_rec))
            both = turned.copy()
            both[0] = 0
            driven = w_in + b_in + both
            bias[:gates], bias[gates:] = b_in + both, b_rec[2:]
        if depth:
            inward.append(w_in.reshape(-1))
        else:
            table = driven
        recurrent.append(w_rec.reshape(-1))
        biases.append(bias.reshape(-1))
    head = _rows(np.asarray(weights["head.weight"], dtype), 1)
    head_bias = np.full(head.shape[1] * WIDTH, NEVER, dtype)
    head_bias[: len(weights["head.bias"])] = weights["head.bias"]
    nothing = [np.zeros(0, dtype)]
    return (
        _flat([table], dtype), _flat(inward or nothing, dtype), _flat(recurrent, dtype),
        _flat(biases, dtype), _flat([head], dtype), _flat([head_bias], dtype),
        _padded(weights, INPUT, dtype), _padded(weights, DIRECT, dtype),
    )  # fmt: skip


def _padded(weights: Mapping[str, Array], name: str, dtype: DTypeLike) -> Array:
    """Return a table's rows with columns padded by zeros to a multiple of sixteen, flat."""
    table = weights.get(name)
    if table is None:
        return np.zeros(0, dtype)
    result = shapes.aligned((*table.shape[:-1], shapes.blocks(table.shape[-1]) * WIDTH), dtype)
    result[..., : table.shape[-1]] = table
    return result.reshape(-1)


def _flat(parts: list[Array], dtype: DTypeLike) -> Array:
    """Return arrays one after the other, from the beginning of a cache line on."""
    result = shapes.aligned((sum(part.size for part in parts),), dtype)
    np.concatenate([part.reshape(-1) for part in parts], out=result)
    return result
